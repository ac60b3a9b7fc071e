import zipfile

import numpy as np
import pytest

from tests.trainer.files import write_faces
from trainer.datasets.load import load
from trainer.recipe import load_recipe

keras = pytest.importorskip("keras", reason="networks need Keras: pip install 'affectd[train]'")

from tests.trainer.quick import in_few_steps  # noqa: E402, F401 (wants Keras)
from trainer.fit import Fitted  # noqa: E402
from trainer.networks import build_network  # noqa: E402
from trainer.results import write_results  # noqa: E402


@pytest.fixture
def write(tmp_path):
    """Writes the results of a network with ``weights``, or of a new one; gives their folder and the network."""
    faces, ferplus = write_faces(tmp_path, train=7, validation=7)
    recipe = load_recipe("edge", ["network.stages=[[16, 1, 4]]"])
    data = load(faces, recipe.data, spec=recipe.input.spec, ferplus=ferplus)
    training = {"name": "new", "seed": 1, "precision": "float32", "git_revision": "unknown"}
    out = tmp_path / "runs" / "new"

    def write(weights=None):
        keras.utils.clear_session()  # which names layers as a new process does
        network = build_network(recipe.network, recipe.input.spec, 7)
        network.set_weights(weights or network.get_weights())
        write_results(out, Fitted(network, 1, 1), recipe, data, training=training, paths={})
        return out, network

    return write


@pytest.mark.usefixtures("in_few_steps")
def test_results_are_written_into_a_folder_that_is_not_there_yet(write):
    out, _ = write()
    assert {"model.keras", "training.json", "check.npz", "model-card.md"} <= {path.name for path in out.iterdir()}


@pytest.mark.usefixtures("in_few_steps")
def test_a_model_that_is_written_again_stays_as_it_is_to_the_byte_for_those_that_know_it_by_its_digest(write):
    out, network = write()
    _as_of_yesterday(out / "model.keras")
    before = (out / "model.keras").read_bytes()
    write(network.get_weights())
    assert (out / "model.keras").read_bytes() == before


@pytest.mark.usefixtures("in_few_steps")
@pytest.mark.parametrize("damaged", [False, True])
def test_a_model_with_other_weights_or_a_damaged_one_is_replaced(write, damaged):
    out, network = write()
    if damaged:
        (out / "model.keras").write_bytes(b"PK")
    else:
        network.get_layer("logits").bias.assign(np.arange(7.0))
    write(network.get_weights())
    found = keras.models.load_model(out / "model.keras").get_layer("logits").bias
    np.testing.assert_array_equal(found, network.get_layer("logits").bias)


def _as_of_yesterday(model):
    """Change the time that Keras wrote into the file."""
    with zipfile.ZipFile(model) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    parts["metadata.json"] = b'{"keras_version": "3", "date_saved": "2026-01-01@00:00:00"}'
    with zipfile.ZipFile(model, "w") as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
