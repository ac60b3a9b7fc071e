"""Several devices share a batch, and the result is that of one."""

import argparse
import csv
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import yaml

from device.errors import UsageError
from tests.trainer.files import write_faces
from trainer.devices import Devices, open_devices, wanted_devices
from trainer.recipe import bundled_recipes, load_recipe
from trainer.recipe.scaling import with_larger_batches

ROOT = Path(__file__).parents[2]


def backend(name="jax", devices=4):
    """As much of Keras as is asked."""
    return SimpleNamespace(
        backend=SimpleNamespace(backend=lambda: name),
        distribution=SimpleNamespace(
            list_devices=lambda: [f"gpu:{number}" for number in range(devices)],
            DataParallel=lambda devices: SimpleNamespace(devices=devices),
        ),
    )


@pytest.mark.parametrize(("text", "wanted"), [("all", None), ("1", 1), ("8", 8)])
def test_a_number_of_devices_or_all_can_be_asked_for(text, wanted):
    assert wanted_devices(text) == wanted


@pytest.mark.parametrize("text", ["0", "-1", "some", "1.5", ""])
def test_anything_else_is_refused(text):
    with pytest.raises(argparse.ArgumentTypeError, match="a number from 1, or all"):
        wanted_devices(text)


def test_other_backends_are_refused_in_one_line():
    with pytest.raises(UsageError, match="several devices need JAX, and Keras runs on tensorflow"):
        open_devices(backend("tensorflow"), None, 128)


def test_one_device_is_for_every_backend():
    assert open_devices(backend("tensorflow"), 1, 128).count == 1


def test_more_devices_than_there_are_are_refused():
    with pytest.raises(UsageError, match="8 devices are asked for, and JAX finds 4"):
        open_devices(backend(), 8, 128)


def test_a_batch_that_cannot_be_shared_evenly_is_refused_with_one_that_can():
    with pytest.raises(UsageError) as refused:
        open_devices(backend(), 3, 128)
    assert "--set batch_size=129" in str(refused.value)


@pytest.mark.parametrize(("faces", "batch"), [(1000, 256), (1001, 257), (100, 256), (101, 256)])
def test_faces_that_cannot_all_be_shared_evenly_are_taken_in_batches_that_nobody_shares(faces, batch):
    assert Devices(4).batch_for(faces, 256) == batch


def test_one_device_takes_the_batch_as_it_is():
    assert Devices().batch_for(1001, 256) == 256


def test_of_the_last_batch_what_cannot_be_shared_is_not_shown():
    batches = pytest.importorskip("trainer.batches", reason="training needs Keras: pip install 'affectd[train]'")
    faces, targets, weights = np.zeros((30, 8, 8, 1), np.uint8), np.zeros((30, 2), np.float32), np.ones(30, np.float32)
    shown = batches.Batches(faces, targets, weights, batches.shuffled(30, 1), batch_size=8, shared_by=4)
    assert [len(shown[number][0]) for number in range(shown.num_batches)] == [8, 8, 8, 4]
    assert shown.faces_per_epoch == 28


def test_larger_batches_take_a_larger_rate_which_adam_wants_less_of():
    sgd, adam = load_recipe("edge"), load_recipe("cnn4")
    assert (sgd.optimizer.name, adam.optimizer.name) == ("sgd", "adam")
    for recipe, factor in ((sgd, 4.0), (adam, 2.0)):
        larger = with_larger_batches(recipe, 4)
        assert larger.batch_size == 4 * recipe.batch_size
        assert larger.optimizer.learning_rate == pytest.approx(factor * recipe.optimizer.learning_rate)


@pytest.mark.slow
def test_a_training_on_four_devices_is_that_of_one_but_for_rounding(tmp_path):
    pytest.importorskip("jax", reason="trains on JAX: make test-jax")
    write_faces(tmp_path, train=216, validation=29)
    values = yaml.safe_load(bundled_recipes()["edge"].read_text(encoding="utf-8"))
    values["network"] |= {"stem_filters": 8, "stem_stride": 2, "stages": [[16, 1, 2]]}
    values |= {"name": "tiny", "epochs": 3, "batch_size": 12}
    # Large steps would make much of a rounding error.
    values["optimizer"] |= {"learning_rate": 0.02, "ema_momentum": 0.9}
    (tmp_path / "tiny.yaml").write_text(yaml.safe_dump(values), encoding="utf-8")
    one, four = (losses(tmp_path, count) for count in (1, 4))
    np.testing.assert_allclose(four, one, rtol=1e-4)


def losses(folder, devices):
    """Training and validation loss of each epoch on so many virtual devices."""
    files = ["--data", folder / "fer2013.csv", "--ferplus", folder / "fer2013new.csv"]
    out = folder / f"on-{devices}"
    command = [sys.executable, "-m", "trainer", "fit", folder / "tiny.yaml", *files, "--out", out, "--devices", "all"]
    flags = f"--xla_force_host_platform_device_count={devices}"
    environment = os.environ | {"KERAS_BACKEND": "jax", "XLA_FLAGS": flags}
    answer = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr
    assert ("4 devices share each batch of 12" in answer.stdout) == (devices == 4)
    with (out / "log.csv").open(newline="", encoding="utf-8") as file:
        return [(float(row["loss"]), float(row["val_loss"])) for row in csv.DictReader(file)]
