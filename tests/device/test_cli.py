import importlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from device import redact
from device.cli import drawing, run_command, run_program, seed, terminal
from device.errors import (
    EXIT_CONFIG,
    EXIT_INTERRUPTED,
    EXIT_IO,
    EXIT_SOFTWARE,
    EXIT_UNAVAILABLE,
    ConfigError,
    UsageError,
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


def test_a_full_disk_that_has_no_name_is_told_with_what_to_do(capsys):
    assert run_command("affectd", lambda: _raise(OSError(28, "No space left on device"))) == EXIT_IO
    assert capsys.readouterr().err == "affectd: No space left on device; make room\n"


@pytest.mark.parametrize(
    ("error", "said"),
    [(MemoryError(), "none is left"), (MemoryError("Unable to allocate 23.0 GiB"), "Unable to allocate 23.0 GiB")],
)
def test_a_memory_that_does_not_suffice_is_no_fault_of_ours(capsys, error, said):
    assert run_command("affectd", lambda: _raise(error)) == EXIT_UNAVAILABLE
    expected = f"affectd: the memory does not suffice ({said}); end other programs, or give less\n"
    assert capsys.readouterr().err == expected


def test_a_fault_of_ours_is_a_line_and_no_traceback(capsys):
    assert run_command("affectd", lambda: _raise(KeyError("x"))) == EXIT_SOFTWARE
    told = capsys.readouterr().err
    assert told.startswith("affectd: a fault in affectd itself: KeyError: 'x' (")
    assert "report this line" in told
    assert "Traceback" not in told
    assert told.count("\n") == 1


def test_the_traceback_is_there_for_who_asks(capsys, monkeypatch):
    monkeypatch.setenv("AFFECTD_TRACEBACK", "1")
    run_command("affectd", lambda: _raise(KeyError("x")))
    assert "Traceback" in capsys.readouterr().err


@pytest.mark.parametrize("text", ["-1", "4294967296", "one", "1.5", ""])
def test_a_seed_that_no_library_takes_is_refused(text):
    with pytest.raises(UsageError, match="from 0 to 4294967295"):
        seed(text)
    assert seed("4294967295") == 4294967295


def test_ctrl_c_is_no_fault(capsys):
    assert run_command("affectd", lambda: _raise(KeyboardInterrupt())) == EXIT_INTERRUPTED
    assert capsys.readouterr().err == ""


def test_a_reader_that_goes_away_is_no_fault():
    code = (
        "from device.cli import run_command\n"
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


PROGRAMS = ["device", "trainer", "converters"]


def program(name, *arguments, **options):
    """Run one of the command lines as a user does; its working directory is this checkout unless told otherwise."""
    root = Path(__file__).parents[2]
    env = {**os.environ, "PYTHONPATH": str(root), **options.pop("env", {})}
    command = [sys.executable, "-m", name, *arguments]
    return subprocess.run(command, env=env, cwd=root, timeout=120, check=False, **options)


@pytest.mark.parametrize("name", PROGRAMS)
def test_without_a_command_the_help_is_shown_as_for_wrong_usage(name, capsys):
    assert importlib.import_module(f"{name}.commands").main([]) == 2
    told = capsys.readouterr()
    assert "usage: affectd" in told.err
    assert told.out == ""


@pytest.mark.parametrize("name", PROGRAMS)
def test_every_command_line_says_its_version(name):
    answer = program(name, "--version", capture_output=True, text=True)
    assert answer.returncode == 0
    assert answer.stdout.startswith("affectd 0.")


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_password_in_a_wrong_argument_is_not_shown(name, capsys, monkeypatch):
    for known in ("_known", "_known_pattern"):  # what is learnt here is forgotten with the test
        monkeypatch.setattr(redact, known, getattr(redact, known))
    with pytest.raises(SystemExit) as ended:
        importlib.import_module(f"{name}.commands").main(
            ["rtsp://admin:Swordf1sh@cam/x", "user=admin&password=Swordf1sh"]
        )
    assert ended.value.code == 2
    told = capsys.readouterr()
    assert "Swordf1sh" not in told.out + told.err
    assert "rtsp://***@cam/x" in told.err


def test_a_disk_that_is_full_is_a_fault_that_is_told():
    with Path("/dev/full").open("w") as full:
        answer = program("device", "schema", stdout=full, stderr=subprocess.PIPE, text=True)
    assert answer.returncode == EXIT_IO
    assert answer.stderr.startswith("affectd: No space left on device")
    assert answer.stderr.count("\n") == 1


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_a_process_without_its_standard_streams_does_its_work(closed, tmp_path):
    out = tmp_path / "out"
    script = f'"{sys.executable}" -m device schema {closed} || exit $?; echo done >"{out}"'
    answer = subprocess.run(["sh", "-c", script], cwd=Path(__file__).parents[2], capture_output=True, check=False)
    assert (answer.returncode, answer.stderr) == (0, b"")
    assert out.read_text() == "done\n"


def test_no_file_takes_the_place_of_a_stream_that_is_closed():
    code = "from device.cli import run_command; import os, sys; sys.exit(run_command('x', lambda: os.open('/', 0)))"
    answer = subprocess.run(
        ["sh", "-c", f'"{sys.executable}" -c "{code}" 2>&-'], cwd=Path(__file__).parents[2], check=False
    )
    assert answer.returncode > 2


@pytest.mark.parametrize(
    ("encoding", "told"),
    [
        ("iso8859-1", b"caf\xe9 # \\ud83d\\ude00\n"),
        ("ascii", b"caf\\u00e9 # \\ud83d\\ude00\n"),
    ],
)
def test_a_terminal_that_lacks_a_letter_shows_its_number(encoding, told):
    code = "from device.cli import run_command; run_command('x', lambda: print('caf\\u00e9 # \\U0001f600') or 0)"
    answer = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONIOENCODING": encoding},
        cwd=Path(__file__).parents[2],
        capture_output=True,
        check=False,
    )
    assert (answer.returncode, answer.stdout, answer.stderr) == (0, told, b"")


def test_what_is_printed_cannot_steer_the_terminal_and_holds_no_password(capsys):
    def verb():
        print("a\x1b[2J\x9bb\u202ec\udcffd\r\te")
        print("at http://me:Swordf1sh@cam/", file=sys.stderr)
        return 0

    assert run_command("affectd", verb) == 0
    told = capsys.readouterr()
    assert told.out == "a\\u001b[2J\\u009bb\\u202ec\\udcffd\\r\te\n"
    assert told.err == "at http://***@cam/\n"


def test_who_draws_on_a_terminal_may(capsys):
    def verb():
        print("\x1b[H", end="", file=terminal(sys.stdout))
        with drawing():
            print("\rhalf", end="")
        return 0

    run_command("affectd", verb)
    assert capsys.readouterr().out == "\x1b[H\rhalf"


def test_the_streams_are_as_they_were_once_a_command_has_ended(capsys):
    before = sys.stdout, sys.stderr
    run_command("affectd", lambda: _raise(KeyError("x")))
    assert (sys.stdout, sys.stderr) == before
    assert capsys.readouterr().out == ""


class Verb:
    """A verb with one path, which it keeps."""

    taken = None

    @classmethod
    def register(cls, verbs):
        parser = verbs.add_parser("write")
        parser.add_argument("paths", type=Path, nargs="*")
        parser.add_argument("--out", type=Path)
        parser.set_defaults(run=cls.run)

    @classmethod
    def run(cls, options):
        cls.taken = [options.out, *options.paths]
        return 0


def test_a_tilde_in_any_path_of_a_command_line_is_the_home_folder(monkeypatch):
    monkeypatch.setenv("HOME", "/home/anna")
    assert run_program("affectd", "x", [Verb], ["write", "--out=~/a", "~/b", "c"]) == 0
    assert Verb.taken == [Path("/home/anna/a"), Path("/home/anna/b"), Path("c")]


@pytest.mark.parametrize("path", ["$HOME/x", "${HOME}/x", "a/$X", "~nobody-here/x"])
def test_a_path_that_the_shell_has_not_completed_is_wrong_usage(path, capsys):
    assert run_program("affectd", "x", [Verb], ["write", "--out", path]) == 2
    assert capsys.readouterr().err.startswith("affectd: ")


def test_a_dollar_sign_in_a_name_that_is_there_is_part_of_it(tmp_path):
    (tmp_path / "$x").touch()
    assert run_program("affectd", "x", [Verb], ["write", "--out", str(tmp_path / "$x"), str(tmp_path / "a$b")]) == 0
