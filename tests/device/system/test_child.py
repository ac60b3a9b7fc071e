"""A child process imports what its parent does, and nothing from the folder a user stands in."""

import subprocess
import sys
from pathlib import Path

import pytest

from device.system.child import python_command

ROOT = Path(__file__).parents[3]
TRAP = "import os, pathlib\npathlib.Path(__file__).with_name('sprung').touch()\nos._exit(9)\n"


def test_a_file_in_the_working_directory_is_never_imported(tmp_path, monkeypatch):
    for name in ("json", "argparse", "yaml", "numpy", "sitecustomize"):
        (tmp_path / f"{name}.py").write_text(TRAP)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", ["", *sys.path, ".", str(tmp_path)])
    monkeypatch.setenv("PYTHONPATH", f":{tmp_path}")
    answer = subprocess.run(python_command("device", "--help"), capture_output=True, text=True, check=False)
    assert not (tmp_path / "sprung").exists()
    assert answer.returncode == 0, answer.stderr
    assert "model" in answer.stdout


def test_a_child_imports_what_its_parent_was_given(tmp_path, monkeypatch):
    (tmp_path / "given.py").write_text("import sys\nprint(*sys.argv[1:])\n")
    monkeypatch.syspath_prepend(tmp_path)
    answer = subprocess.run(python_command("given", "a word", "-x"), capture_output=True, text=True, check=True)
    assert answer.stdout == "a word -x\n"


def test_the_source_tree_is_found_where_nothing_is_installed(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "path", [entry for entry in sys.path if entry != str(ROOT)])
    monkeypatch.chdir(tmp_path)
    command = python_command("device.classify.probe_child")
    answer = subprocess.run(command, input=b"no JSON\n", capture_output=True, check=False)
    assert b"probe_child.py" in answer.stderr  # it was found, and complains about its arguments


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel of Linux ends processes where memory runs out")
@pytest.mark.parametrize("prefer_oom_kill", [True, False])
def test_a_child_goes_first_where_memory_runs_out_from_its_first_import_on(tmp_path, monkeypatch, prefer_oom_kill):
    (tmp_path / "given.py").write_text("print(open('/proc/self/oom_score_adj').read())\n")
    monkeypatch.syspath_prepend(tmp_path)
    own = Path("/proc/self/oom_score_adj").read_text().strip()
    command = python_command("given", prefer_oom_kill=prefer_oom_kill)
    answer = subprocess.run(command, capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == ("1000" if prefer_oom_kill else own)


def test_a_child_has_the_environment_that_it_is_given_and_no_more(tmp_path, monkeypatch):
    (tmp_path / "given.py").write_text("import os\nprint(sorted(os.environ))\n")
    monkeypatch.syspath_prepend(tmp_path)
    command = python_command("given")
    answer = subprocess.run(command, env={"LC_CTYPE": "C.UTF-8"}, capture_output=True, text=True, check=True)
    assert answer.stdout == "['LC_CTYPE']\n"
