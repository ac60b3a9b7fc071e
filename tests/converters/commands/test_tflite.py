import json
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

from converters.commands import main, tflite
from converters.framework import load_keras
from device.classify.classifier import TfliteClassifier
from device.contract import container
from device.contract.model_card import Smoothing
from device.errors import EXIT_DATA, EXIT_GATE, EXIT_IO, EXIT_OK, EXIT_USAGE
from tests.converters import tiny


def _load(folder):
    return load_keras().saving.load_model(folder / "model.keras", compile=False)


def _one_line(capsys):
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1, lines
    return lines[0]


def test_the_model_file_runs_on_the_device_and_says_what_it_is(model_file):
    classifier = TfliteClassifier.load(model_file)
    card = classifier.model_card
    assert classifier.labels == tiny.LABELS
    assert card.name == "tiny"
    assert (card.input.height, card.input.width, card.input.crop_margin) == (24, 32, 0.05)
    assert card.smoothing == Smoothing()
    assert card.conversion.calibration.faces == 120
    assert (card.conversion.format, card.conversion.ends) == ("int8", "uint8")
    assert card.conversion.operators["CONV_2D"] == 4
    assert "tensorflow" in card.conversion.versions


def test_the_card_keeps_what_the_training_left(model_file):
    training = container.read(model_file).model_card.training
    record = tiny.record()
    kept = ("recipe", "data", "seed", "epochs", "kept_epoch", "precision", "git_revision", "versions")
    assert {name: getattr(training, name) for name in kept} == {name: record[name] for name in kept}


def _known(value: float | None) -> float:
    assert value is not None
    return value


def test_the_card_tells_both_accuracies_and_where_they_were_measured(model_file):
    accuracy = {(one.split, one.metric): one for one in container.read(model_file).model_card.accuracy}
    trained_with = accuracy["test", "label_accuracy"]
    assert (trained_with.float_value, trained_with.converted_value, trained_with.count) == (0.9, None, 10)
    assert trained_with.recall == {"noisy": 1.0}
    checked = accuracy["check", "accuracy"]
    assert checked.count == 135
    assert _known(checked.float_value) >= 0.9
    assert abs(_known(checked.float_value) - _known(checked.converted_value)) <= 0.003
    agreement = accuracy["check", "equal_decisions"]
    assert agreement.count == 150
    assert _known(agreement.converted_value) >= 0.98


def test_the_card_weighs_the_network_without_the_card(model_file):
    model = container.read(model_file)
    assert model.model_card.cost.flatbuffer_bytes == len(model.flatbuffer)
    assert model.model_card.cost.multiply_adds > 100_000


def test_a_conversion_can_be_repeated_byte_for_byte(model_file, own_training, capsys):
    assert main(["tflite", str(own_training / "model.keras"), "--out", str(own_training / "again.tflite")]) == EXIT_OK
    assert (own_training / "again.tflite").read_bytes() == model_file.read_bytes()
    said = capsys.readouterr()
    assert "agreement" in said.out
    assert "accuracy, int8" in said.out
    assert "again.tflite: tiny" in said.out


def test_a_network_that_quantisation_spoils_is_not_written(own_training, capsys):
    network = _load(own_training)
    logits = network.layers[-2]
    # Scores so close that they all fall into the same of 256 steps: the float network still names every face rightly.
    logits.set_weights([weights * 1e-4 for weights in logits.get_weights()])
    network.save(own_training / "model.keras")
    out = own_training / "model.tflite"
    out.write_bytes(b"the model of yesterday")
    assert main(["tflite", str(own_training / "model.keras")]) == EXIT_GATE
    assert "nothing was written" in _one_line(capsys)
    assert out.read_bytes() == b"the model of yesterday"


def test_a_network_that_says_one_thing_to_every_face_is_refused_unless_it_is_asked_for(own_training, capsys):
    network = _load(own_training)
    logits = network.layers[-2]
    kernel, bias = logits.get_weights()
    logits.set_weights([kernel * 0.01, bias * 0 + np.array([4.0, 0.0, 0.0])])
    network.save(own_training / "model.keras")
    command = ["tflite", str(own_training / "model.keras")]
    assert main(command) == EXIT_GATE
    assert "the network says lying to each of 150 faces; nothing was written" in _one_line(capsys)
    assert not (own_training / "model.tflite").exists()
    assert main([*command, "--allow-one-answer", "--max-accuracy-loss", "1", "--min-agreement", "0"]) == EXIT_OK
    assert "warning: the network says lying to each of 150 faces" in capsys.readouterr().out


def test_a_missing_model_is_one_line_and_a_code(tmp_path, capsys):
    assert main(["tflite", str(tmp_path / "none.keras")]) == EXIT_DATA
    assert "a Keras model is expected at" in _one_line(capsys)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("theirs.pt", "torch.onnx.export"),
        ("theirs.onnx", "is ONNX, which other programs convert"),
        ("theirs.tflite", "is converted already"),
        ("theirs.h5", "somebody else's model wants --describe YAML and --data FACES.npz"),
        ("theirs.keras", "has no training.json beside it"),
    ],
)
@pytest.mark.parametrize("verb", ["tflite", "onnx"])
def test_a_file_of_another_kind_is_refused_with_what_to_do(tmp_path, verb, name, message, capsys):
    (tmp_path / name).write_bytes(b"x")
    assert main([verb, str(tmp_path / name)]) == EXIT_DATA
    assert message in capsys.readouterr().err


def test_a_trainings_folder_stands_for_its_model(own_training):
    assert main(["tflite", str(own_training), "--format", "float32"]) == EXIT_OK
    assert (own_training / "model.tflite").is_file()


def test_a_place_that_cannot_be_written_is_reported_before_the_work(own_training, capsys, monkeypatch):
    monkeypatch.setattr(tflite, "load_trained", lambda _: pytest.fail("the work was begun"))
    out = own_training / "none" / "model.tflite"
    assert main(["tflite", str(own_training / "model.keras"), "--out", str(out)]) == EXIT_IO
    assert "the folder" in _one_line(capsys)


def test_a_network_that_gives_no_probabilities_is_refused(own_training, capsys):
    network = _load(own_training)
    load_keras().Model(network.inputs, network.layers[-2].output).save(own_training / "model.keras")
    assert main(["tflite", str(own_training / "model.keras")]) == EXIT_DATA
    assert "no probabilities" in _one_line(capsys)
    assert not (own_training / "model.tflite").exists()


def test_a_network_of_layers_that_are_not_known_here_is_refused_before_tensorflow_sees_it(own_training, capsys):
    # TensorFlow 2.21 ends the process with a segmentation fault over this one.
    keras = load_keras()
    faces = keras.Input((tiny.HEIGHT, tiny.WIDTH, 1))
    sequence = keras.layers.Reshape((tiny.HEIGHT, tiny.WIDTH))(faces)
    keras.Model(faces, keras.layers.Softmax()(keras.layers.GRU(3)(sequence))).save(own_training / "model.keras")
    assert main(["tflite", str(own_training / "model.keras")]) == EXIT_DATA
    assert "(GRU) cannot be counted; build the network of Conv2D" in _one_line(capsys)


def test_without_a_verb_the_verbs_are_shown(capsys):
    assert main([]) == EXIT_USAGE
    assert "make a model file of a Keras model" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["tflite"], ["tflite", "a.keras", "--min-agreement", "98"], ["onyx"]], ids=str)
def test_wrong_usage_ends_with_its_code(arguments, capsys):
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == EXIT_USAGE
    assert "usage: affectd-convert" in capsys.readouterr().err


def test_the_name_can_be_given_and_frameworks_keep_quiet(own_training):
    root = Path(__file__).parents[3]
    code = "import sys; from converters.commands import main; sys.exit(main(sys.argv[1:]))"
    command = [sys.executable, "-c", code, "tflite", str(own_training / "model.keras"), "--name", "hall"]
    answer = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert (answer.returncode, answer.stderr) == (0, "")
    assert answer.stdout.startswith("reading ")
    with zipfile.ZipFile(own_training / "model.tflite") as archive:
        assert json.loads(archive.read("model.json"))["name"] == "hall"
