import os
import subprocess
import sys
from pathlib import Path

import pytest

from device.errors import (
    EXIT_CONFIG,
    EXIT_INTERRUPTED,
    EXIT_IO,
    EXIT_SOFTWARE,
    ConfigError,
    run_command,
)


def _raise(error):
    raise error


def test_a_command_that_ends_well_gives_its_own_exit_code(capsys):
    assert run_command("affectd", lambda: 7) == 7
    assert capsys.readouterr().err == ""


def test_a_users_fault_is_one_line_with_its_remedy_and_its_exit_code(capsys):
    code = run_command("affectd", lambda: _raise(ConfigError("line one\nline two", "mend it")))
    assert code == EXIT_CONFIG
    assert capsys.readouterr().err == "affectd: line one line two; mend it\n"


def test_a_fault_of_the_operating_system_names_the_file(capsys):
    assert run_command("affectd", lambda: len(Path("/nowhere/at/all").read_text())) == EXIT_IO
    assert "/nowhere/at/all: No such file or directory" in capsys.readouterr().err


def test_a_fault_of_ours_is_a_line_and_no_traceback(capsys):
    assert run_command("affectd", lambda: _raise(KeyError("x"))) == EXIT_SOFTWARE
    told = capsys.readouterr().err
    assert "fault in affectd itself: KeyError" in told
    assert "Traceback" not in told


def test_the_traceback_is_there_for_who_asks(capsys, monkeypatch):
    monkeypatch.setenv("AFFECTD_TRACEBACK", "1")
    run_command("affectd", lambda: _raise(KeyError("x")))
    assert "Traceback" in capsys.readouterr().err


def test_ctrl_c_is_no_fault(capsys):
    assert run_command("affectd", lambda: _raise(KeyboardInterrupt())) == EXIT_INTERRUPTED
    assert capsys.readouterr().err == ""


def test_a_reader_that_goes_away_is_no_fault():
    code = (
        "from device.errors import run_command\n"
        "import sys\n"
        "def verb():\n"
        "    for _ in range(100000): print('line')\n"
        "    return 0\n"
        "sys.exit(run_command('affectd', verb))\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=Path(__file__).parents[2],
        env=os.environ,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.readline()
    process.stdout.close()
    told = process.stderr.read()
    assert process.wait(timeout=30) == 0
    assert told == b""


@pytest.mark.parametrize("remedy", ["", "do this"])
def test_an_error_reads_as_a_sentence(remedy):
    assert str(ConfigError("it broke", remedy)) == ("it broke; do this" if remedy else "it broke")
