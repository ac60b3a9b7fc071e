"""A model is installed whole and proven, or not at all."""

import os

import pytest

from device.classify.classifier import BUNDLED_MODEL
from device.classify.modelstore import INSTALLED_NAME, install_model, installed_model, model_in_use, remove_model
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
