"""A training whose disk is really full: what was saved is whole, and it goes on once there is room."""

import contextlib
import subprocess
import sys
from pathlib import Path

import pytest

from tests.trainer.files import write_faces
from trainer.checkpoints import TrainingFolder

pytestmark = pytest.mark.slow
pytest.importorskip("keras", reason="training needs Keras: pip install 'affectd[train]'")

ROOT = Path(__file__).parents[2]
SMALL = (
    "network.stem_filters=8",
    "network.stem_stride=2",
    "network.stages=[[16,1,2]]",
    "batch_size=10",
    "schedule={name: constant}",
)


@pytest.fixture
def small_disk(tmp_path):
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=4m", "affectd-faults", str(folder)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("needs a small disk of its own: run it as root where tmpfs can be mounted")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def _fit(folder, data, ferplus, epochs):
    changes = [part for change in SMALL for part in ("--set", change)]
    files = ["--data", str(data), "--ferplus", str(ferplus), "--out", str(folder)]
    command = [sys.executable, "-m", "trainer", "fit", "edge", *files, "--epochs", str(epochs), *changes]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_a_training_on_a_full_disk_keeps_what_it_had_and_goes_on_when_there_is_room(small_disk, tmp_path):
    data, ferplus = write_faces(tmp_path, train=70, validation=14)
    files = TrainingFolder(small_disk / "run")
    assert _fit(files.folder, data, ferplus, 2).returncode == 0
    before = {path: path.read_bytes() for _, path in files.states()}
    ballast = small_disk / "ballast"
    with ballast.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(bytes(4096))
    answer = _fit(files.folder, data, ferplus, 4)
    assert answer.returncode == 74
    assert answer.stderr.count("\n") == 1
    assert "epoch 3 could not be saved" in answer.stderr
    assert "No space left" in answer.stderr
    assert {path: path.read_bytes() for _, path in files.states()} == before
    ballast.unlink()
    answer = _fit(files.folder, data, ferplus, 4)
    assert answer.returncode == 0, answer.stderr
    assert [row["epoch"] for row in files.rows()] == [0, 1, 2, 3]
