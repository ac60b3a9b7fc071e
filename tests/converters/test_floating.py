import dataclasses
import json

import numpy as np
import pytest

from converters.commands import main
from converters.floating import to_keras
from converters.framework import load_keras
from converters.graph import read_graph
from device.contract import container
from device.errors import EXIT_DATA, EXIT_OK, DataError
from tests.converters import tiny


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    folder = tmp_path_factory.mktemp("back") / "start"
    assert main(["keras", str(tiny.model_file()), "--out", str(folder)]) == EXIT_OK
    return folder


def test_the_keras_model_answers_as_the_file_it_was_made_of(written):
    found = load_keras().models.load_model(written / "model.keras")
    first = load_keras().models.load_model(tiny.training_folder() / "model.keras")
    faces, _ = tiny.pictures(60, seed=7)
    real = faces.astype(np.float32) / 255
    answers, wanted = found.predict(real, verbose=0), first.predict(real, verbose=0)
    np.testing.assert_allclose(answers, wanted, atol=0.06)
    assert (answers.argmax(axis=1) == wanted.argmax(axis=1)).mean() > 0.95


def test_the_record_beside_it_says_what_the_card_says(written):
    record = json.loads((written / "training.json").read_text(encoding="utf-8"))
    assert (record["name"], record["labels"], record["seed"]) == ("tiny", list(tiny.LABELS), 3)
    assert record["input"]["crop_margin"] == 0.05


def test_a_folder_with_a_model_is_left_as_it_is(written, capsys):
    before = (written / "model.keras").read_bytes()
    assert main(["keras", str(tiny.model_file()), "--out", str(written)]) == EXIT_DATA
    assert "exists already" in capsys.readouterr().err
    assert (written / "model.keras").read_bytes() == before


def _graph():
    return read_graph(container.read(tiny.model_file()).flatbuffer)


@pytest.mark.parametrize(
    ("name", "changes", "message"),
    [
        ("CONV_2D", {"name": "LOGISTIC"}, "has the operator LOGISTIC"),
        ("CONV_2D", {"options": {"padding": 1}}, "dilated or not padded"),
        ("CONV_2D", {"options": {"dilationHFactor": 2}}, "dilated or not padded"),
        ("ADD", {"options": {"fusedActivationFunction": 3}}, "an activation that is not ReLU"),
    ],
)
def test_a_network_of_other_parts_is_refused(name, changes, message):
    graph = _graph()
    at = next(index for index, one in enumerate(graph.operators) if one.name == name)
    one = graph.operators[at]
    options = one.options | changes.get("options", {})
    other = dataclasses.replace(one, options=options, name=changes.get("name", name))
    operators = (*graph.operators[:at], other, *graph.operators[at + 1 :])
    with pytest.raises(DataError, match=message):
        to_keras(dataclasses.replace(graph, operators=operators))
