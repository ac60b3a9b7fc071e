"""The wheel and the sdist as somebody has them who has no checkout. Fetches packages from the index."""

import os
import subprocess
import sys
import tarfile
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
pytestmark = [pytest.mark.slow, pytest.mark.integration]


def run(*command: str | Path, folder: Path, expected: int = 0) -> str:
    """stdout and stderr of a command without this tree on its path."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV", "MAKE"))}
    done = subprocess.run(
        list(map(str, command)), cwd=folder, env=kept, capture_output=True, text=True, check=False, timeout=1200
    )
    assert done.returncode == expected, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def programs(wheel, tmp_path_factory) -> Path:
    """The programs of an environment that has the wheel, and the demo's broker."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=True)
    pip = [folder / "bin" / "python", "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    run(*pip, "-c", ROOT / "constraints.txt", f"{wheel}[demo]", folder=folder)
    return folder / "bin"


def test_an_installed_wheel_runs_the_demo(programs, tmp_path):
    told = run(programs / "affectd", "demo", folder=tmp_path)
    assert "3 face_left" in told


def test_the_configuration_that_is_to_be_copied_is_there_and_good(programs, tmp_path):
    refused = run(programs / "affectd", "check", "--config", tmp_path / "none.yaml", folder=tmp_path, expected=78)
    sample = Path(refused.strip().rpartition(" ")[2])
    assert sample.is_relative_to(programs.parent)
    run(programs / "affectd", "check", "--config", sample, folder=tmp_path)


@pytest.mark.parametrize("program", ["affectd", "affectd-train", "affectd-convert"])
def test_each_command_says_what_it_can_do_without_what_the_others_need(programs, tmp_path, program):
    assert "usage: " in run(programs / program, "--help", folder=tmp_path)


def test_an_unpacked_sdist_makes_the_demo(sdist, tmp_path):
    with tarfile.open(sdist) as archive:
        archive.extractall(tmp_path, filter="data")
    (folder,) = tmp_path.iterdir()
    told = run("make", "run", f"PYTHON={sys.executable}", folder=folder)
    assert "3 face_left" in told
