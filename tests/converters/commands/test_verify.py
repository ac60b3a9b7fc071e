import json

import numpy as np
import pytest

from converters.commands import main
from converters.framework import load_keras
from device.contract import container
from device.errors import EXIT_DATA, EXIT_GATE, EXIT_OK, EXIT_UNAVAILABLE
from tests.converters import tiny


@pytest.fixture
def model(own_training, model_file):
    """The model file beside a copy of its training."""
    path = own_training / "model.tflite"
    path.write_bytes(model_file.read_bytes())
    return path


def _one_line(capsys):
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1, lines
    return lines[0]


def test_a_conversion_that_says_the_same_passes(model, capsys):
    assert main(["verify", str(model.with_name("model.keras")), str(model)]) == EXIT_OK
    said = capsys.readouterr().out
    assert "accuracy, A" in said
    assert all(label in said for label in tiny.LABELS)
    assert said.endswith("within the gate\n")


def test_a_threshold_that_is_missed_ends_with_the_gate_s_code(model, capsys):
    arguments = ["verify", str(model.with_name("model.keras")), str(model), "--max-difference", "0.000001"]
    assert main(arguments) == EXIT_GATE
    assert "one score differs by" in _one_line(capsys)


def test_a_network_that_mixes_its_labels_up_fails_on_accuracy(model, capsys):
    network = load_keras().saving.load_model(model.with_name("model.keras"), compile=False)
    kernel, bias = network.layers[-2].get_weights()
    network.layers[-2].set_weights([kernel[:, ::-1], bias[::-1]])
    network.save(model.with_name("other.keras"))
    assert main(["verify", str(model.with_name("other.keras")), str(model)]) == EXIT_GATE
    assert "both name" in _one_line(capsys)


def test_the_layers_are_shown_on_request(model, capsys):
    assert main(["verify", str(model.with_name("model.keras")), str(model), "--debug"]) == EXIT_OK
    said = capsys.readouterr().out
    assert said.count("CONV_2D") == 4
    assert said.count("<- adds most") == 3


def test_a_bare_flatbuffer_is_compared_by_the_other_s_card(model, own_training):
    bare = own_training / "bare" / "network.tflite"
    bare.parent.mkdir()
    bare.write_bytes(container.read(model).flatbuffer)
    faces = str(own_training / "check.npz")
    assert main(["verify", str(model), str(bare), "--data", faces, "--max-difference", "0"]) == EXIT_OK
    assert main(["verify", str(bare), str(model), "--data", faces, "--max-difference", "0"]) == EXIT_OK


def test_without_a_word_on_the_input_nothing_is_compared(model, tmp_path, capsys):
    lone = tmp_path / "lone"
    lone.mkdir()
    for name in ("a.tflite", "b.tflite"):
        (lone / name).write_bytes(container.read(model).flatbuffer)
    assert main(["verify", str(lone / "a.tflite"), str(lone / "b.tflite")]) == EXIT_DATA
    assert "nothing says what the labels and the pixels of" in _one_line(capsys)


def test_faces_of_another_size_are_refused(model, capsys):
    np.savez(model.with_name("check.npz"), faces=np.zeros((2, 48, 48, 1), np.uint8), labels=np.array([0, 1]))
    assert main(["verify", str(model), str(model)]) == EXIT_DATA
    assert "faces are uint8 (n, 24, 32, 1)" in _one_line(capsys)


def test_networks_of_other_labels_are_refused(model, capsys):
    record = tiny.record(labels=["a", "b", "c"])
    model.with_name("training.json").write_text(json.dumps(record))
    assert main(["verify", str(model.with_name("model.keras")), str(model)]) == EXIT_DATA
    assert "have the labels" in _one_line(capsys)


@pytest.mark.parametrize(
    ("name", "content", "code", "message"),
    [
        ("b.txt", b"", EXIT_DATA, "is none of .keras, .h5, .hdf5, .tflite, .onnx"),
        ("b.keras", None, EXIT_DATA, "and there is none"),
        ("b.keras", b"no archive", EXIT_DATA, "is not a Keras file"),
        ("b.tflite", b"no flatbuffer", EXIT_UNAVAILABLE, "is not a TFLite model"),
    ],
)
def test_what_is_no_network_is_reported_in_a_line(model, capsys, name, content, code, message):
    other = model.with_name(name)
    if content is not None:
        other.write_bytes(content)
    assert main(["verify", str(model), str(other)]) == code
    assert message in _one_line(capsys)
