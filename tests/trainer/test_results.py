import pytest

from tests.trainer.files import write_faces
from trainer.datasets.load import load
from trainer.recipe import load_recipe

keras = pytest.importorskip("keras", reason="networks need Keras: pip install 'affectd[train]'")

from tests.trainer.quick import in_few_steps  # noqa: E402, F401 (wants Keras)
from trainer.fit import Fitted  # noqa: E402
from trainer.networks import build_network  # noqa: E402
from trainer.results import write_results  # noqa: E402


@pytest.mark.usefixtures("in_few_steps")
def test_results_are_written_into_a_folder_that_is_not_there_yet(tmp_path):
    faces, ferplus = write_faces(tmp_path, train=7, validation=7)
    recipe = load_recipe("edge", ["network.stages=[[16, 1, 4]]"])
    data = load(faces, recipe.data, spec=recipe.input.spec, ferplus=ferplus)
    network = build_network(recipe.network, recipe.input.spec, 7)
    training = {"name": "new", "seed": 1, "precision": "float32", "git_revision": "unknown"}
    out = tmp_path / "runs" / "new"
    write_results(out, Fitted(network, 1, 1), recipe, data, training=training, paths={})
    assert {"model.keras", "training.json", "check.npz", "model-card.md"} <= {path.name for path in out.iterdir()}
