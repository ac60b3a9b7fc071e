from typing import cast

import numpy as np
import pytest
from pydantic import ValidationError

from device.classify.classifier import BUNDLED_MODEL, ClassifierSettings, TfliteClassifier
from device.classify.interpreter import RUNTIMES, TfliteInterpreter
from device.contract import container
from device.contract.model_card import GoldenExample, GoldenSet, InputCard
from device.contract.preprocess import InputSpec
from device.errors import ModelError, RecordError
from tests.converters import tiny
from tests.device.contract.model_cards import make_card

CROP = np.zeros((8, 9, 1), np.uint8)


class FakeInterpreter:
    """Answers every crop alike."""

    runtime = "fake 1.0"

    def __init__(self, *scores):
        self.scores = np.array(scores, np.float32)
        self.outputs = len(scores)

    def run(self, pixels):
        return np.tile(self.scores, (len(pixels), 1))


def _card(*scores):
    """A card whose golden input must give ``scores``."""
    example = GoldenExample.of(CROP, np.array(scores, np.float32))
    return make_card(golden=GoldenSet(tolerance=0.04, examples=(example,)))


def _classifier(card, *scores):
    return TfliteClassifier(card, cast("TfliteInterpreter", FakeInterpreter(*scores)))


@pytest.fixture(scope="module")
def model():
    """A small real model file, taken apart."""
    return container.read(tiny.model_file())


def _write(tmp_path, model, **changes):
    """The model again with changes to its card, sealed as it should be."""
    path = tmp_path / "model.tflite"
    path.write_bytes(container.attach(model.flatbuffer, model.model_card.model_copy(update=changes)))
    return path


def test_a_real_model_names_what_it_was_trained_on():
    classifier = TfliteClassifier.load(tiny.model_file(), runtimes=RUNTIMES)
    faces, labels = tiny.pictures(30, seed=9)
    named = [classifier.classify(face).top[0] for face in faces]
    right = sum(name == classifier.labels[label] for name, label in zip(named, labels, strict=True))
    assert right >= 27


def test_scores_carry_the_models_labels_and_add_up_to_one():
    classifier = TfliteClassifier.load(tiny.model_file(), threads=2, runtimes=RUNTIMES)
    assert classifier.labels == tiny.LABELS
    assert classifier.input_spec == InputSpec(tiny.HEIGHT, tiny.WIDTH, (0.0, 1.0), 0.05)
    for face in tiny.pictures(10, seed=4)[0]:
        scores = classifier.classify(face)
        assert scores.labels == tiny.LABELS
        assert sum(scores.probabilities) == pytest.approx(1.0, abs=1e-9)


def test_the_rounding_of_a_quantised_softmax_is_taken_out():
    classifier = _classifier(_card(0.25, 0.74), 0.25, 0.74)
    assert classifier.classify(CROP).probabilities == pytest.approx((0.25 / 0.99, 0.74 / 0.99))


def test_scores_within_the_tolerance_pass_and_beyond_it_do_not():
    _classifier(_card(0.25, 0.75), 0.285, 0.715)
    with pytest.raises(ModelError, match=r"on fake 1\.0 .* golden input 1 by 0\.050 .* 0\.04 is allowed"):
        _classifier(_card(0.25, 0.75), 0.30, 0.70)


def test_a_network_that_answers_not_a_number_is_refused():
    with pytest.raises(ModelError, match="golden input"):
        _classifier(_card(0.25, 0.75), np.nan, 0.75)


@pytest.mark.parametrize("answer", [(np.nan, 0.5), (-0.1, 1.1), (0.0, 0.0), (np.inf, 0.0)], ids=str)
def test_an_answer_that_is_no_probabilities_is_refused(answer):
    interpreter = FakeInterpreter(0.25, 0.75)
    classifier = TfliteClassifier(_card(0.25, 0.75), cast("TfliteInterpreter", interpreter))
    interpreter.scores = np.array(answer, np.float32)
    with pytest.raises(ModelError, match="no probabilities"):
        classifier.classify(CROP)


def test_as_many_labels_as_scores_are_wanted():
    with pytest.raises(ModelError, match="gives 3 scores, its card has 2 labels"):
        _classifier(_card(0.25, 0.75), 0.2, 0.3, 0.5)


def test_a_model_file_with_other_golden_scores_is_refused_by_name(tmp_path, model):
    examples = [
        example.model_copy(update={"scores": tuple(reversed(example.scores))})
        for example in model.model_card.golden.examples
    ]
    golden = GoldenSet(tolerance=model.model_card.golden.tolerance, examples=tuple(examples))
    with pytest.raises(ModelError, match=r"model\.tflite: .*golden input"):
        TfliteClassifier.load(_write(tmp_path, model, golden=golden))


def test_a_model_file_whose_card_has_other_labels_is_refused(tmp_path, model):
    golden = GoldenSet(
        tolerance=0.04,
        examples=(model.model_card.golden.examples[0].model_copy(update={"scores": (0.5, 0.5)}),),
    )
    path = _write(tmp_path, model, labels=("lying", "standing"), golden=golden)
    with pytest.raises(ModelError, match="gives 3 scores, its card has 2 labels; convert the model again"):
        TfliteClassifier.load(path)


def test_a_model_file_whose_card_has_another_input_size_is_refused(tmp_path, model):
    # As many pixels, so that the golden inputs still fit.
    turned = InputCard.of(InputSpec(tiny.WIDTH, tiny.HEIGHT))
    with pytest.raises(ModelError, match=r"reads \(1, 24, 32, 1\), and its card says \(1, 32, 24, 1\)"):
        TfliteClassifier.load(_write(tmp_path, model, input=turned))


def test_a_damaged_model_file_never_reaches_the_interpreter(tmp_path, monkeypatch):
    path = tmp_path / "model.tflite"
    damaged = bytearray(tiny.model_file().read_bytes())
    damaged[len(damaged) // 3] ^= 4
    path.write_bytes(damaged)
    monkeypatch.setattr(
        "device.classify.classifier.open_interpreter", lambda *_: pytest.fail("the interpreter was built")
    )
    with pytest.raises(ModelError, match="is damaged"):
        TfliteClassifier.load(path)


def test_a_crop_of_another_size_is_refused():
    classifier = TfliteClassifier.load(tiny.model_file(), runtimes=RUNTIMES)
    with pytest.raises(RecordError, match="crops are uint8"):
        classifier.classify(np.zeros((48, 48, 1), np.uint8))


def test_the_bundled_model_is_used_where_none_is_named():
    assert ClassifierSettings().model_path == BUNDLED_MODEL
    assert str(ClassifierSettings.model_validate({"model": "/opt/other.tflite"}).model_path) == "/opt/other.tflite"


@pytest.mark.parametrize("wrong", [{"threads": 0}, {"threads": "2"}, {"model": 3}, {"modell": "x"}], ids=str)
def test_wrong_settings_are_refused(wrong):
    with pytest.raises(ValidationError):
        ClassifierSettings.model_validate(wrong)
