import json
import shutil

import numpy as np
import pytest
import yaml

from converters.commands import main
from device.contract.described import ModelDescription
from device.errors import EXIT_DATA, EXIT_OK
from tests.converters import tiny


def test_a_draft_says_what_the_file_tells_and_what_is_a_guess(training_folder, tmp_path, capsys):
    shutil.copy(training_folder / "model.keras", tmp_path)
    assert main(["describe", str(tmp_path / "model.keras")]) == EXIT_OK
    out = capsys.readouterr().out
    drafted = ModelDescription.model_validate(yaml.safe_load(out))
    assert drafted.input.shape == (tiny.HEIGHT, tiny.WIDTH, 1)
    assert drafted.labels == ("label0", "label1", "label2")
    assert drafted.output == "probabilities"
    assert "# labels: in the order of the outputs; a guess" in out


def test_a_model_of_our_own_needs_no_description(training_folder, model_file, capsys):
    for model in (training_folder, model_file):
        assert main(["describe", str(model)]) == EXIT_DATA
        assert "lying, standing, noisy; it needs no description" in capsys.readouterr().err


def test_weights_alone_say_how_they_can_be_used(training_folder, tmp_path, capsys):
    from converters.trained import load_network

    load_network(training_folder / "model.keras").save_weights(tmp_path / "theirs.weights.h5")
    (tmp_path / "theirs.yaml").write_text("labels: [a, b]\ninput: {height: 24, width: 32, range: [0, 1]}\n")
    weights, described = str(tmp_path / "theirs.weights.h5"), str(tmp_path / "theirs.yaml")
    for command in (["describe", weights], ["tflite", weights, "--describe", described, "--data", str(tmp_path)]):
        assert main(command) == EXIT_DATA
        message = capsys.readouterr().err
        assert "weights alone, not a model; build its network in Keras, load_weights, and save it whole" in message
        assert "affectd-train evaluate takes it with `network: cnn4`" in message


@pytest.mark.parametrize("content", [b"", b"no model at all"])
def test_what_is_no_hdf5_is_reported_without_keras(tmp_path, content, capsys, monkeypatch):
    monkeypatch.setattr("converters.commands.describe.load_keras", lambda: None)
    (tmp_path / "model.h5").write_bytes(content)
    assert main(["describe", str(tmp_path / "model.h5")]) == EXIT_DATA
    assert "is not an HDF5 file, or a damaged one" in capsys.readouterr().err


def test_weights_of_pytorch_are_refused_with_the_way_out(tmp_path, capsys):
    (tmp_path / "model.pt").write_bytes(b"PK")
    assert main(["describe", str(tmp_path / "model.pt")]) == EXIT_DATA
    assert "torch.onnx.export" in capsys.readouterr().err


def test_somebody_else_s_keras_2_file_becomes_a_device_s(training_folder, tmp_path, capsys):
    from converters.trained import load_network

    load_network(training_folder / "model.keras").save(tmp_path / "theirs.h5")
    described = {"labels": list(tiny.LABELS), "input": {"height": tiny.HEIGHT, "width": tiny.WIDTH, "range": [0, 1]}}
    (tmp_path / "theirs.yaml").write_text(json.dumps(described))
    faces, labels = tiny.pictures(120, seed=5)
    np.savez(tmp_path / "faces.npz", faces=faces, labels=labels, label_names=np.array(tiny.LABELS))
    command = ["tflite", "theirs.h5", "--describe", "theirs.yaml", "--data", "faces.npz"]
    given = [str(tmp_path / one) if "." in one else one for one in command]
    assert main(given) == EXIT_OK
    assert (
        main(["verify", str(tmp_path / "theirs.h5"), str(tmp_path / "theirs.tflite"), "--data", given[-1]]) == EXIT_OK
    )
    capsys.readouterr()
