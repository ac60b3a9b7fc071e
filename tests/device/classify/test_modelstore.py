"""A model is installed whole and proven, or not at all."""

import os

import pytest

from device.classify.classifier import BUNDLED_MODEL, ClassifierSettings, TfliteClassifier
from device.classify.modelstore import (
    GIVEN_UP_NAME,
    INSTALLED_NAME,
    give_up,
    install_model,
    installed_model,
    model_in_use,
    open_model,
    remove_model,
)
from device.config import Config, DeviceSettings
from device.contract import container
from device.errors import ModelError, StorageError


@pytest.fixture
def state_dir(tmp_path):
    folder = tmp_path / "state"
    folder.mkdir()
    return folder


@pytest.fixture
def forged(tmp_path):
    """A whole file whose network answers other than its card says."""
    model = container.read(BUNDLED_MODEL)
    example = model.model_card.golden.examples[0]
    turned = example.model_copy(update={"scores": tuple(reversed(example.scores))})
    golden = model.model_card.golden.model_copy(update={"examples": (turned,)})
    path = tmp_path / "forged.tflite"
    path.write_bytes(container.attach(model.flatbuffer, model.model_card.model_copy(update={"golden": golden})))
    return path


def test_an_installed_model_goes_before_the_one_that_ships_and_after_one_that_is_named(state_dir, tmp_path):
    named = tmp_path / "named.tflite"
    assert model_in_use(None, state_dir) == BUNDLED_MODEL
    install_model(BUNDLED_MODEL, state_dir)
    assert model_in_use(None, state_dir) == state_dir / INSTALLED_NAME
    assert model_in_use(named, state_dir) == named


def test_what_is_installed_is_the_file_to_the_last_byte(state_dir):
    card = install_model(BUNDLED_MODEL, state_dir)
    assert installed_model(state_dir).read_bytes() == BUNDLED_MODEL.read_bytes()
    assert card == container.read(BUNDLED_MODEL).model_card


def test_a_damaged_file_leaves_the_installed_one_as_it_was(state_dir, tmp_path):
    install_model(BUNDLED_MODEL, state_dir)
    damaged = tmp_path / "damaged.tflite"
    data = bytearray(BUNDLED_MODEL.read_bytes())
    data[5000] ^= 1
    damaged.write_bytes(data)
    with pytest.raises(ModelError, match="is damaged"):
        install_model(damaged, state_dir)
    assert installed_model(state_dir).read_bytes() == BUNDLED_MODEL.read_bytes()


def test_a_model_that_answers_other_than_its_card_says_is_not_installed(state_dir, forged):
    with pytest.raises(ModelError, match=r"is not installed: .* golden input 1"):
        install_model(forged, state_dir)
    assert list(state_dir.iterdir()) == []


def test_a_file_that_is_not_there_is_named(state_dir, tmp_path):
    with pytest.raises(ModelError, match="a model file is expected at"):
        install_model(tmp_path / "none.tflite", state_dir)


def test_a_device_that_has_never_run_says_what_to_do(tmp_path):
    with pytest.raises(StorageError, match="start the daemon once"):
        install_model(BUNDLED_MODEL, tmp_path / "nowhere")


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to install for another user")
def test_root_installs_for_the_user_that_the_folder_belongs_to(state_dir):
    os.chown(state_dir, 12345, 12346)
    install_model(BUNDLED_MODEL, state_dir)
    found = installed_model(state_dir).stat()
    assert (found.st_uid, found.st_gid) == (12345, 12346)


def test_the_one_that_ships_comes_back(state_dir):
    install_model(BUNDLED_MODEL, state_dir)
    assert remove_model(state_dir)
    assert model_in_use(None, state_dir) == BUNDLED_MODEL
    assert not remove_model(state_dir)


@pytest.fixture
def config(state_dir):
    return Config(device=DeviceSettings(state_dir=state_dir))


def test_an_installed_model_that_is_damaged_is_replaced_by_the_one_that_ships_and_the_log_says_so(
    config, state_dir, caplog
):
    (state_dir / INSTALLED_NAME).write_bytes(BUNDLED_MODEL.read_bytes()[:-1])
    classifier = open_model(config.classifier, config.models, state_dir)
    assert classifier.ships
    assert "does not end in a digest" in str(classifier.instead_of)
    assert "the model that ships is used instead" in caplog.text


def test_an_installed_model_that_answers_wrongly_is_replaced_too(config, state_dir, forged):
    (state_dir / INSTALLED_NAME).write_bytes(forged.read_bytes())
    assert "golden input 1" in str(open_model(config.classifier, config.models, state_dir).instead_of)


def test_a_model_that_the_configuration_names_is_not_replaced(config, state_dir, forged):
    named = config.model_copy(update={"classifier": ClassifierSettings(model=forged)})
    with pytest.raises(ModelError, match="golden input 1"):
        open_model(named.classifier, named.models, state_dir)


def test_a_model_that_was_given_up_is_not_used_until_it_is_removed(config, state_dir, caplog):
    install_model(BUNDLED_MODEL, state_dir)
    classifier = open_model(config.classifier, config.models, state_dir)
    assert classifier.instead_of is None
    give_up(classifier, "it took more than 1 s over each of 5 faces in a row", state_dir)
    again = open_model(config.classifier, config.models, state_dir)
    assert (again.ships, again.model_card.name) == (True, classifier.model_card.name)
    assert "was given up: it took more than 1 s" in str(again.instead_of)
    assert "was given up: it took more than 1 s" in caplog.text
    with pytest.raises(ModelError, match=r"not installed: .*was given up.*affectd model remove"):
        install_model(BUNDLED_MODEL, state_dir)
    assert remove_model(state_dir)
    install_model(BUNDLED_MODEL, state_dir)
    assert open_model(config.classifier, config.models, state_dir).instead_of is None


def test_another_model_is_not_taken_for_the_one_that_was_given_up(config, state_dir):
    install_model(BUNDLED_MODEL, state_dir)
    give_up(open_model(config.classifier, config.models, state_dir), "it hung", state_dir)
    install_model(BUNDLED_MODEL.with_name("emotion-fer2013.tflite"), state_dir)
    assert open_model(config.classifier, config.models, state_dir).instead_of is None


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b"\xff", b"[" * 4000, b"x" * 5000])
def test_a_damaged_word_on_what_was_given_up_costs_no_start(config, state_dir, content):
    (state_dir / INSTALLED_NAME).write_bytes(BUNDLED_MODEL.read_bytes())
    (state_dir / GIVEN_UP_NAME).write_bytes(content)
    assert open_model(config.classifier, config.models, state_dir).instead_of is None


def test_where_the_word_cannot_be_kept_the_log_says_so(state_dir, caplog):
    classifier = TfliteClassifier.load(BUNDLED_MODEL)
    give_up(classifier, "it hung", state_dir / "nowhere")
    assert "cannot be kept" in caplog.text
