"""The same faces through the trainer, the converter and the device: none of them may see other pixels or labels."""

import numpy as np
import pytest
import yaml

from converters.commands import main as convert
from device.classify.classifier import TfliteClassifier
from device.classify.interpreter import RUNTIMES
from device.contract import container
from device.contract.preprocess import crop_face
from device.records import Box
from tests.converters import tiny
from tests.trainer.files import write_faces
from trainer.recipe import bundled_recipes

FRAME = (120, 160)
LEFT, TOP = 50, 30
LOOSE = ("--min-agreement", "0", "--max-accuracy-loss", "1")


@pytest.fixture(scope="module")
def training(tmp_path_factory):
    """A short training: how much it has learnt is of no account, only that all agree on what it says."""
    pytest.importorskip("keras", reason=tiny.NEEDS)
    pytest.importorskip("tensorflow", reason=tiny.NEEDS)
    from trainer.commands import main as train

    folder = tmp_path_factory.mktemp("skew")
    data, votes = write_faces(folder, train=140, validation=21)
    values = yaml.safe_load(bundled_recipes()["edge"].read_text(encoding="utf-8"))
    values["network"] |= {"stem_filters": 8, "stem_stride": 2, "stages": [[16, 1, 2]]}
    values |= {"name": "skew", "epochs": 8, "batch_size": 10}
    values["optimizer"] |= {"learning_rate": 0.05, "ema_momentum": 0.0}
    values["augmentation"] |= {"rotation_deg": 2, "shift": 0.02, "zoom": 0.02, "flip": False, "erase_probability": 0.1}
    recipe = folder / "skew.yaml"
    recipe.write_text(yaml.safe_dump(values), encoding="utf-8")
    arguments = ["fit", str(recipe), "--data", str(data), "--ferplus", str(votes), "--out", str(folder / "out")]
    assert train(arguments) == 0
    return folder / "out"


@pytest.fixture(scope="module")
def by_trainer(training):
    """The faces, and what the trainer's own code says of them."""
    from trainer.predictor import load_predictor

    with np.load(training / "check.npz") as archive:
        faces = archive["faces"]
    return faces, load_predictor(training).probabilities(faces)


def _made(training, *options):
    path = training / f"{'-'.join(options).strip('-') or 'plain'}.tflite"
    if not path.exists():
        assert convert(["tflite", str(training / "model.keras"), "--out", str(path), *options, *LOOSE]) == 0
    return path


def _by_device(path, faces):
    """Each face in a frame, cut out by its box as the detector gives it, and classified."""
    classifier = TfliteClassifier.load(path, runtimes=RUNTIMES)
    spec = classifier.input_spec
    side = spec.width / (1 + spec.crop_margin)
    inset = (spec.width - side) / 2
    scores = []
    for face in faces:
        frame = np.random.default_rng(3).integers(0, 256, FRAME, dtype=np.uint8)
        frame[TOP : TOP + spec.height, LEFT : LEFT + spec.width] = face[..., 0]
        crop = crop_face(frame, Box(LEFT + inset, TOP + inset, side, side), spec)
        assert np.array_equal(crop, face)
        scores.append(classifier.classify(crop).probabilities)
    return np.array(scores), classifier.labels


@pytest.mark.parametrize(
    ("options", "largest"),
    [(("--format", "float32"), 1e-4), (("--format", "float16"), 5e-3), ((), 0.08), (("--io", "int8"), 0.08)],
    ids=["float32", "float16", "int8", "int8 ends"],
)
def test_trainer_converter_and_device_say_the_same_of_the_same_faces(training, by_trainer, options, largest):
    faces, expected = by_trainer
    path = _made(training, *options)
    found, labels = _by_device(path, faces)
    assert labels == container.read(path).model_card.labels
    assert np.abs(found - expected).max() <= largest
    clear = np.sort(expected, axis=1)
    sure = clear[:, -1] - clear[:, -2] > 2 * largest
    assert sure.any()
    assert np.array_equal(found.argmax(axis=1)[sure], expected.argmax(axis=1)[sure])


def test_the_order_of_the_labels_is_the_trainer_s(training):
    from device.contract.labels import EMOTIONS

    assert container.read(_made(training)).model_card.labels == EMOTIONS
