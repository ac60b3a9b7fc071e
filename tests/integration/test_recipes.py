"""Every recipe goes the whole way: trained, judged, converted to int8, and run by the device's own classifier.

On a few faces of FER-2013 where it is at ../shared/data/fer2013, else on drawn ones; how well they are learnt is of no
account here.
"""

import json
import runpy
from pathlib import Path

import numpy as np
import pytest

from tests.trainer.files import FERPLUS_COLUMN, FERPLUS_HEADER, fer2013_row, write_faces, write_fer2013
from tests.trainer.quick import few_steps

pytest.importorskip("keras", reason="training needs Keras: pip install 'affectd[train]'")
pytest.importorskip("tensorflow", reason="conversion needs TensorFlow: pip install 'affectd[convert]'")

from converters.commands import main as convert
from converters.trained import load_network
from device.classify.classifier import TfliteClassifier
from device.classify.interpreter import RUNTIMES
from device.contract.keras_models import multiply_adds
from device.errors import EXIT_OK
from trainer.commands import main as train
from trainer.recipe import bundled_recipes, load_recipe

SCRIPT = Path(__file__).parents[3] / "shared/data/fer2013/fer2013.py"
TRAIN_EACH, VALIDATION_EACH = 2, 2
LARGE = (
    "dlib-votes",
    "mobilenet-votes",
    "resnet18",
    "resnet50-5",
    "vgg-elu",
)  # most have more than a thousand million multiply-adds a face
PRETRAINED = ("dlib-votes", "mobilenet-votes", "resnet50-5")  # by weights that are not here
# The first three are like `edge-deeper`, for which `edge` is trained on the way, and the others like `cnn4`.
ALIKE = ("edge", "edge-again", "edge-fer2013", "cnn-plain", "mini-xception")
# As of FER-2013's faces, few as they are, an untrained network says the same of all: decisions are no measure here.
LOOSE = (
    "--allow-one-answer",
    "--min-agreement",
    "0",
    "--max-accuracy-loss",
    "1",
    "--max-mean-difference",
    "1",
    "--max-difference",
    "1",
)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("faces")
    if not SCRIPT.is_file():
        return write_faces(folder, train=7 * TRAIN_EACH, validation=7 * VALIDATION_EACH)
    images, labels, usage, votes = runpy.run_path(str(SCRIPT))["load"]()
    chosen = [
        row
        for split, each in (("Training", TRAIN_EACH), ("PublicTest", VALIDATION_EACH))
        for label in range(7)
        for row in np.flatnonzero((usage == split) & (labels == label) & (votes[:, FERPLUS_COLUMN[label]] > 5))[:each]
    ]
    rows = [fer2013_row(labels[row], usage[row], images[row]) for row in chosen]
    counts = [f"{usage[row]},fer{row:07d}.png,{','.join(map(str, votes[row]))}" for row in chosen]
    ferplus = folder / "fer2013new.csv"
    ferplus.write_text("\n".join([FERPLUS_HEADER, *counts]) + "\n", encoding="utf-8")
    return write_fer2013(folder / "fer2013.csv", rows), ferplus


def _whole_way(name, data, folder, *changes):
    faces, ferplus = data
    recipe = load_recipe(name)
    files = ["--data", str(faces), "--ferplus", str(ferplus)]
    options = ["--epochs", "1", *(part for change in ("batch_size=14", *changes) for part in ("--set", change))]
    before = []
    judged = folder / "judged.json"
    with few_steps():
        if recipe.targets.teachers_share:
            teacher = str(folder / "teacher")
            assert train(["fit", "edge", *files, *options, "--out", teacher]) == 0
            before = ["--from", teacher, "--teacher", teacher]
        assert train(["fit", name, *files, *options, *before, "--out", str(folder)]) == 0
        assert train(["evaluate", str(folder), str(faces), "--ferplus", str(ferplus), "--json", str(judged)]) == 0
    (split,) = json.loads(judged.read_text(encoding="utf-8"))["splits"]
    assert (split["split"], split["role"], split["faces"]) == ("PublicTest", "chosen on", 7 * VALIDATION_EACH)
    model = folder / "emotion.tflite"
    assert convert(["tflite", str(folder / "model.keras"), "--out", str(model), *LOOSE]) == 0
    classifier = TfliteClassifier.load(model, runtimes=RUNTIMES)
    assert classifier.labels == recipe.data.label_names
    assert classifier.input_spec == recipe.input.spec
    assert classifier.model_card.cost.multiply_adds == multiply_adds(load_network(folder / "model.keras"))
    # ELU has no 8-bit kernel; everything else maps whole onto an Edge TPU.
    assert (convert(["edgetpu", str(model), "--check"]) == EXIT_OK) == (name != "vgg-elu")
    with np.load(folder / "check.npz") as archive:
        scores = classifier.classify(archive["faces"][0])
    assert sum(scores.probabilities) == pytest.approx(1.0, abs=1e-6)


@pytest.mark.parametrize("name", [name for name in bundled_recipes() if name not in LARGE + ALIKE])
def test_a_small_recipe_goes_the_whole_way(name, data, tmp_path):
    _whole_way(name, data, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("name", LARGE + ALIKE)
def test_a_large_recipe_or_one_like_another_goes_the_whole_way(name, data, tmp_path):
    _whole_way(name, data, tmp_path, *(["network.weights=none"] if name in PRETRAINED else []))
