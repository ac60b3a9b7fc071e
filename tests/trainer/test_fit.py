"""Real trainings, small ones: a few pictures that can be learnt in seconds."""

import csv
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import yaml

from device.errors import EXIT_DATA
from tests.trainer.files import write_faces
from tests.trainer.quick import few_steps
from trainer.commands import main
from trainer.predictor import file_sha256
from trainer.recipe import bundled_recipes

keras = pytest.importorskip("keras", reason="training needs Keras: pip install 'affectd[train]'")

ALIKE = ("--threads", "1", "--precision", "float32")  # on every machine
ROOT = Path(__file__).parents[2]
BRIEF = ("--epochs", "1", "--set", "batch_size=70")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Data, and a recipe small enough for a test."""
    folder = tmp_path_factory.mktemp("training")
    write_faces(folder, train=210, validation=28)
    values = yaml.safe_load(bundled_recipes()["edge"].read_text(encoding="utf-8"))
    values["network"] |= {"stem_filters": 8, "stem_stride": 2, "stages": [[16, 1, 2]]}
    values |= {"name": "tiny", "epochs": 12, "batch_size": 10, "temperature_scaling": False}
    values["optimizer"] |= {"learning_rate": 0.05, "ema_momentum": 0.9}
    values["augmentation"] |= {"rotation_deg": 2, "shift": 0.02, "zoom": 0.02, "flip": False, "erase_probability": 0.1}
    values["augmentation"]["corrupt_probability"] = 0.0
    (folder / "tiny.yaml").write_text(yaml.safe_dump(values), encoding="utf-8")
    return folder


def _command(folder, out, *more):
    files = ["--data", folder / "fer2013.csv", "--ferplus", folder / "fer2013new.csv"]
    return [sys.executable, "-m", "trainer", "fit", folder / "tiny.yaml", *files, *ALIKE, "--out", out, *more]


def _figures(out):
    """The log without its clock."""
    with (out / "log.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return [{name: row[name] for name in row if name not in {"seconds", "faces_per_s"}} for row in rows]


@pytest.fixture(scope="module")
def trained(folder):
    out = folder / "whole"
    answer = subprocess.run(_command(folder, out), cwd=ROOT, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr
    return out


def _run_here(command):
    """As ``subprocess.run`` would, without another start of TensorFlow."""
    return main([str(part) for part in command[3:]])


@pytest.fixture(scope="module")
def brief(folder):
    """What a training of one epoch leaves."""
    out = folder / "brief"
    with few_steps():
        assert _run_here(_command(folder, out, *BRIEF)) == 0
    return out


def _epochs(out):
    with (out / "log.csv").open(newline="", encoding="utf-8") as file:
        return [int(row["epoch"]) for row in csv.DictReader(file)]


def test_a_training_learns_what_can_be_learnt(trained):
    (accuracy, agreement) = json.loads((trained / "training.json").read_text(encoding="utf-8"))["measured"]
    assert accuracy["value"] >= 0.8
    assert agreement["value"] == accuracy["value"]  # the votes are all for the label


def test_what_the_converter_needs_lies_beside_the_model(trained):
    record = json.loads((trained / "training.json").read_text(encoding="utf-8"))
    assert record["labels"] == ["angry", "disgust", "fear", "happy", "sad", "surprise", "neutral"]
    assert record["input"] == {"height": 48, "width": 48, "real_range": [0.0, 1.0], "crop_margin": 0.1}
    assert record["seed"] == 1
    assert len(record["data"]["files"]["fer2013.csv"]) == 64
    calibration, check = np.load(trained / "calibration.npz"), np.load(trained / "check.npz")
    assert np.bincount(calibration["labels"]).tolist() == [30] * 7
    assert check["faces"].shape == (28, 48, 48, 1)
    assert check["faces"].dtype == np.uint8


def test_figures_pictures_and_a_card_lie_beside_the_model(trained):
    evaluation = json.loads((trained / "evaluation.json").read_text(encoding="utf-8"))
    (split,) = evaluation["splits"]
    assert (split["split"], split["role"], split["faces"]) == ("PublicTest", "chosen on", 28)
    for picture in ("curves.png", "mistakes.png"):
        assert (trained / picture).read_bytes().startswith(b"\x89PNG")
    card = (trained / "model-card.md").read_text(encoding="utf-8")
    assert card.startswith("---\nlicense: mit\n")
    assert "the share of people who chose each label" in card
    assert list((trained / "tensorboard" / "validation").iterdir())


def test_the_saved_model_is_plain_keras_in_float32(trained):
    model = keras.models.load_model(trained / "model.keras")
    assert model.input_shape == (None, 48, 48, 1)
    assert {variable.dtype for variable in model.variables} == {"float32"}
    assert {type(layer).__module__.partition(".")[0] for layer in model.layers} == {"keras"}
    probabilities = model.predict(np.load(trained / "check.npz")["faces"] / 255.0, verbose=0)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1.0, atol=1e-5)


def test_a_finished_training_is_calibrated_without_training_again(folder, trained, tmp_path, capsys):
    shutil.copytree(trained, out := tmp_path / "calibrated")
    with few_steps():
        assert _run_here(_command(folder, out, "--set", "temperature_scaling=true")) == 0
    assert "the training was finished already, and its results are written anew; --epochs 13" in capsys.readouterr().out
    assert _figures(out) == _figures(trained)
    record = json.loads((out / "training.json").read_text(encoding="utf-8"))
    assert json.loads((trained / "training.json").read_text(encoding="utf-8"))["temperature"] is None
    assert record["temperature"] != 1.0
    plain, scaled = _answers(trained), _answers(out)
    sharpened = plain ** (1 / record["temperature"])
    np.testing.assert_allclose(scaled, sharpened / sharpened.sum(axis=1, keepdims=True), atol=1e-3)


def test_rare_labels_are_helped_by_an_offset_each_and_the_figures_without_are_reported(folder, brief, tmp_path, capsys):
    shutil.copytree(brief, out := tmp_path / "unsure")
    before = _answers(out)
    (_, reached) = json.loads((out / "training.json").read_text(encoding="utf-8"))["measured"]
    mean_recall = sum(reached["recall"].values()) / len(reached["recall"])
    capsys.readouterr()
    with few_steps():
        assert _run_here(_command(folder, out, *BRIEF, "--set", "logit_adjustment=1")) == 0
    line = f"without logit_adjustment: {reached['value']:.2%}, in the mean over the labels {mean_recall:.2%}"
    assert line in capsys.readouterr().out
    offsets = np.log(_answers(out)) - np.log(before)
    offsets -= offsets.mean(axis=1, keepdims=True)
    assert np.abs(offsets[0]).max() > 0.01
    np.testing.assert_allclose(offsets, np.broadcast_to(offsets[0], offsets.shape), atol=1e-3)


def _answers(out):
    faces = np.load(out / "check.npz")["faces"] / 255.0
    return keras.models.load_model(out / "model.keras").predict(faces, verbose=0).astype(np.float64)


def test_to_logit_adjustment_labels_without_faces_to_judge_by_is_refused_before_training(folder, tmp_path, capfd):
    lines = (folder / "fer2013.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    kept = [line for line in lines if not (line.startswith("1,") and line.endswith("PublicTest\n"))]
    (tmp_path / "fer2013.csv").write_text("".join(kept), encoding="utf-8")
    changes = ("logit_adjustment=0.3", "choose_by=labels", "targets.learn=labels")
    command = _command(folder, tmp_path / "out", *(part for change in changes for part in ("--set", change)))
    command[command.index("--data") + 1] = tmp_path / "fer2013.csv"
    at = command.index("--ferplus")
    del command[at : at + 2]
    assert _run_here(command) == EXIT_DATA
    assert "found 4, 0, 4, 4, 4, 4, 4 of each" in capfd.readouterr().err
    assert not (tmp_path / "out" / "log.csv").exists()


def test_a_training_that_starts_from_another_begins_where_that_ended(folder, trained):
    out = folder / "further"
    changes = (*BRIEF, "--set", "optimizer.learning_rate=1e-6", "--seed", "2")
    with few_steps():
        assert _run_here(_command(folder, out, "--from", trained, *changes)) == 0
    first, last = float(_figures(out)[0]["val_accuracy"]), float(_figures(trained)[-1]["val_accuracy"])
    assert first >= last - 0.1 > float(_figures(trained)[0]["val_accuracy"])
    start = json.loads((out / "training.json").read_text(encoding="utf-8"))["start"]
    assert start == {"name": "tiny", "sha256": file_sha256(trained / "model.keras")}
    assert f"SHA-256 `{start['sha256']}`" in (out / "model-card.md").read_text(encoding="utf-8")


def test_a_training_that_starts_without_statistics_begins_where_that_stands(folder, trained, tmp_path):
    """As after ``affectd-convert keras``: normalised by the batch, such a network would answer anything."""
    network = keras.models.load_model(trained / "model.keras")
    for then in network.layers:
        if isinstance(then, keras.layers.BatchNormalization):
            layer = then.input._keras_history.operation
            gamma, beta, mean, variance = then.get_weights()
            scale = gamma / np.sqrt(variance + then.epsilon)
            layer.set_weights([layer.get_weights()[0] * scale])
            then.set_weights([np.full_like(beta, 1 + then.epsilon) ** 0.5, beta - mean * scale, 0 * mean, 0 * mean + 1])
    network.save(tmp_path / "model.keras")
    shutil.copy(trained / "training.json", tmp_path)
    with few_steps():
        command = _command(folder, out := tmp_path / "out", "--from", tmp_path, *BRIEF)
        assert _run_here([*command, "--set", "optimizer.learning_rate=1e-6"]) == 0
    assert float(_figures(out)[0]["accuracy"]) >= float(_figures(trained)[-1]["accuracy"]) - 0.1


def test_a_pupil_learns_what_its_teacher_answers_and_not_the_labels(folder, trained, tmp_path):
    """The labels are all the same here, and weigh nothing."""
    lines = (folder / "fer2013.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    wrong = ["3" + line[1:] if line.endswith("Training\n") else line for line in lines]
    (tmp_path / "fer2013.csv").write_text("".join(wrong), encoding="utf-8")
    command = _command(folder, out := tmp_path / "pupil", "--set", "targets={learn: labels, teachers_share: 1}")
    command[command.index("--data") + 1] = tmp_path / "fer2013.csv"
    votes = (folder / "fer2013new.csv").read_text(encoding="utf-8")
    # Seven of ten voters: a majority, but none so clear that labels which differ would be refused.
    unclear = votes.replace(",8", ",7").replace(",2\n", ",3\n")
    (tmp_path / "fer2013new.csv").write_text(unclear, encoding="utf-8")
    command[command.index("--ferplus") + 1] = tmp_path / "fer2013new.csv"
    assert _run_here([*command, "--teacher", trained, "--teacher", trained / "model.keras"]) == 0
    record = json.loads((out / "training.json").read_text(encoding="utf-8"))
    assert record["measured"][0]["value"] >= 0.8
    teacher = {"name": "tiny", "sha256": file_sha256(trained / "model.keras")}
    assert record["teachers"] == [teacher, teacher]
    assert f"It learnt from the answers of `tiny`, SHA-256 `{teacher['sha256']}`" in (out / "model-card.md").read_text(
        encoding="utf-8"
    )
    sizes = [sum(file.stat().st_size for file in (one / "checkpoints").iterdir()) for one in (out, trained)]
    assert sizes[0] < 1.1 * sizes[1], "a pupil's states hold no teacher"


def test_teachers_and_recipes_that_do_not_fit_each_other_are_one_line(folder, trained, capsys):
    out = folder / "untaught"
    assert _run_here(_command(folder, out, "--teacher", trained)) == 2
    assert "the recipe tiny learns from no teacher; say how much" in capsys.readouterr().err
    assert _run_here(_command(folder, out, "--set", "targets.teachers_share=0.5")) == 65
    assert "learns from teachers; name trained models with --teacher" in capsys.readouterr().err
    assert not out.exists()


@pytest.mark.parametrize(
    ("how", "answered", "precision"), [("teachers_once: true", 210, "float32"), ("teachers_views: 2", 420, "bfloat16")]
)
def test_a_pupil_of_teachers_that_are_asked_before_learns_their_answers(
    folder, trained, tmp_path, how, answered, precision
):
    targets = f"targets={{learn: labels, teachers_share: 1, {how}}}"
    command = _command(folder, out := tmp_path / "pupil", "--set", targets, "--teacher", trained)
    assert _run_here([*command, "--precision", precision]) == 0
    assert np.load(out / "checkpoints" / "answers.npy").shape == (answered, 7)
    assert json.loads((out / "training.json").read_text(encoding="utf-8"))["measured"][0]["value"] >= 0.7


def test_a_fold_of_the_training_split_is_chosen_by_and_not_learnt(folder, tmp_path, capsys):
    out = tmp_path / "fold"
    with few_steps():
        assert _run_here(_command(folder, out, *BRIEF, "--fold", "1/2")) == 0
    record = json.loads((out / "training.json").read_text(encoding="utf-8"))
    train, held = record["data"]["train"], record["data"]["validation"]
    assert (train["split"], held["split"]) == ("Training without fold 1/2", "fold 1/2 of Training")
    assert train["faces"] + held["faces"] == 210
    assert _run_here(_command(folder, out, *BRIEF)) == EXIT_DATA
    assert 'fold is "1/2" there, and null now' in capsys.readouterr().err


def test_the_last_epoch_is_kept_where_the_recipe_says_so_though_an_earlier_one_did_better(folder, trained, tmp_path):
    out = tmp_path / "again"
    shutil.copytree(trained, out)
    log = (out / "log.csv").read_text(encoding="utf-8").splitlines()
    column = log[0].split(",").index("val_accuracy")
    first = log[1].split(",")
    log[1] = ",".join([*first[:column], "2.0", *first[column + 1 :]])
    (out / "log.csv").write_text("\n".join(log) + "\n", encoding="utf-8")
    assert _run_here(_command(folder, out, "--set", "keep_epoch=last")) == 0
    record = json.loads((out / "training.json").read_text(encoding="utf-8"))
    assert (record["kept_epoch"], record["epochs"]) == (12, 12)
    assert record["measured"][0]["value"] == pytest.approx(float(log[-1].split(",")[column]), abs=1e-4)


def test_fewer_than_one_thread_is_one_line(folder, tmp_path, capsys):
    assert _run_here(_command(folder, tmp_path / "none", "--threads", "0")) == 2
    assert "--threads wants at least 1, not 0" in capsys.readouterr().err


def test_a_start_of_another_network_is_one_line(folder, trained, capsys):
    out = folder / "other"
    changes = ("--epochs", "1", "--set", "network.stem_filters=4")
    assert _run_here(_command(folder, out, "--from", trained, *changes)) == 65
    assert "has weights [(3, 3, 1, 4)], and" in capsys.readouterr().err.splitlines()[-1]


def test_a_training_that_was_killed_goes_on_and_ends_as_one_that_was_not(folder, trained):
    out = folder / "killed"
    process = subprocess.Popen(_command(folder, out), cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 120
    while not ((out / "log.csv").exists() and len(_epochs(out)) >= 2):
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait()
    before = len(_epochs(out))
    assert _run_here(_command(folder, out)) == 0
    epochs = _epochs(out)
    assert epochs == list(range(12))
    assert before >= 2
    assert (out / "model.keras").exists()
    assert _figures(out) == _figures(trained)


def test_the_same_seed_gives_the_same_training_and_another_seed_another(folder, brief):
    for seed in ("1", "2"):
        out = folder / f"seed{seed}"
        with few_steps():
            assert _run_here(_command(folder, out, *BRIEF, "--seed", seed)) == 0
        assert (_figures(out) == _figures(brief)) == (seed == "1")


def test_training_in_bfloat16_saves_a_model_in_float32(folder):
    out = folder / "bfloat16"
    with few_steps():
        assert _run_here(_command(folder, out, *BRIEF, "--precision", "bfloat16")) == 0
    model = keras.models.load_model(out / "model.keras")
    assert {layer.compute_dtype for layer in model.layers} == {"float32"}
    assert json.loads((out / "training.json").read_text(encoding="utf-8"))["precision"] == "bfloat16"


def test_a_loss_that_is_no_number_ends_in_one_line_and_keeps_nothing_of_that_epoch(folder, capsys):
    out = folder / "nan"
    changes = ("--set", "optimizer.learning_rate=1e30", "--set", "schedule={name: constant}")
    with few_steps():
        assert _run_here(_command(folder, out, *changes)) == 65
    (line,) = capsys.readouterr().err.splitlines()
    assert "the loss was no longer a number in epoch 1, batch" in line
    assert not list((out / "checkpoints").iterdir())


# Keras asks whether sys.modules knows the name, so that a None there would not do.
_WITHOUT_TENSORFLOW = """
import importlib.abc, sys

class Absent(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "tensorflow":
            raise ModuleNotFoundError(name)

sys.meta_path.insert(0, Absent())
from trainer.commands import main
sys.exit(main(sys.argv[1:]))
"""


def test_training_on_jax_needs_no_tensorflow(folder):
    pytest.importorskip("jax", reason="trains on JAX: pip install jax")
    command = [sys.executable, "-c", _WITHOUT_TENSORFLOW, *_command(folder, folder / "jax", "--epochs", "2")[3:]]
    environment = os.environ | {"KERAS_BACKEND": "jax"}
    answer = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr
    assert (folder / "jax" / "model.keras").exists()


def test_a_recipe_that_learns_votes_asks_for_them(folder, capsys):
    command = [
        part for part in _command(folder, folder / "none") if part not in ("--ferplus", folder / "fer2013new.csv")
    ]
    assert _run_here(command) == 65
    assert capsys.readouterr().err.startswith("affectd-train: the recipe tiny learns people's votes")
    assert not (folder / "none").exists()


def test_data_that_is_wrong_is_one_line_and_leaves_nothing(folder, tmp_path):
    bad = tmp_path / "fer2013.csv"
    bad.write_text("emotion,pixels,Usage\n3,1 2 3,Training\n", encoding="utf-8")
    command = [str(part).replace(str(folder / "fer2013.csv"), str(bad)) for part in _command(folder, tmp_path / "out")]
    answer = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert answer.returncode == 65
    assert answer.stderr.count("\n") == 1
    assert "fer2013.csv:2: expected 2304 pixels" in answer.stderr
    assert not (tmp_path / "out").exists()
