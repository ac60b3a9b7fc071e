"""``affectd-train recipes`` on a machine without Keras."""

import json
import os
import subprocess
import sys

import pytest

from trainer.recipe import bundled_recipes


@pytest.fixture
def without_keras(tmp_path):
    """Runs the command where importing Keras fails, as where it is not installed."""
    (tmp_path / "keras.py").write_text("raise ImportError('No module named keras')\n")

    def run(*arguments):
        return subprocess.run(
            [
                sys.executable,
                "-c",
                "from trainer.commands import main; raise SystemExit(main())",
                "recipes",
                *arguments,
            ],
            env=os.environ | {"PYTHONPATH": os.pathsep.join([str(tmp_path), *sys.path])},
            capture_output=True,
            text=True,
            check=False,
        )

    return run


def test_every_recipe_is_named_without_keras(without_keras):
    done = without_keras()
    named = [line.split(" ")[0] for line in done.stdout.splitlines()[1:] if not line.startswith(" ")]
    assert (done.returncode, named) == (0, sorted(bundled_recipes()))
    assert "pip install 'affectd[train]'" in done.stderr
    assert "Traceback" not in done.stderr


def test_what_would_have_to_be_counted_is_null_in_json_without_keras(without_keras):
    done = without_keras("edge", "--json")
    (edge,) = json.loads(done.stdout)
    assert (edge["name"], edge["parameters"], edge["multiply_adds"]) == ("edge", None, None)


def test_a_recipe_is_copied_without_keras(without_keras, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert without_keras("--copy", "edge").returncode == 0
    assert (tmp_path / "edge.yaml").read_text(encoding="utf-8").startswith("# ")
