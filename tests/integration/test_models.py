"""The models that ship are what a Pi and an Edge TPU take, and answer as their cards say."""

import pytest

pytest.importorskip("ai_edge_litert", reason="models need an interpreter: pip install ai-edge-litert")

from converters.commands import main as convert
from device.classify.classifier import BUNDLED_MODEL, TfliteClassifier
from device.contract.labels import EMOTIONS
from device.errors import EXIT_OK

MODELS = sorted(BUNDLED_MODEL.parent.glob("*.tflite"))


def test_one_ships_that_was_held_against_the_votes_of_people_and_one_against_the_labels_of_fer2013():
    chosen_by = {model.name: TfliteClassifier.load(model).model_card.training.recipe["choose_by"] for model in MODELS}
    assert chosen_by == {"emotion.tflite": "majority", "emotion-fer2013.tflite": "labels"}


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.stem)
def test_a_model_that_ships_gives_its_golden_answers_for_a_grey_face_of_48_pixels(model):
    classifier = TfliteClassifier.load(model)  # refuses what answers otherwise
    spec = classifier.input_spec
    assert (spec.height, spec.width, classifier.labels) == (48, 48, EMOTIONS)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.stem)
def test_a_model_that_ships_is_small_enough_for_a_pi(model):
    assert model.stat().st_size <= 1_000_000
    assert TfliteClassifier.load(model).model_card.cost.multiply_adds <= 100_000_000


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.stem)
def test_a_model_that_ships_maps_whole_onto_an_edge_tpu(model):
    assert convert(["edgetpu", str(model), "--check"]) == EXIT_OK
