"""What the three command lines have in common: how they begin, what they may write, and how they end.

A user sees one clear line and a documented exit code, never a traceback. Everything that is written to stdout and
stderr is redacted; who draws on a terminal does so on the stream that ``terminal`` gives.
"""

import argparse
import codecs
import contextlib
import errno
import json
import os
import re
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any, TextIO, cast

from device import __version__
from device.errors import (
    EXIT_INTERRUPTED,
    EXIT_IO,
    EXIT_OK,
    EXIT_SOFTWARE,
    EXIT_UNAVAILABLE,
    EXIT_USAGE,
    AffectdError,
    UsageError,
)
from device.redact import learn_secrets_in, mask_secrets, printable

_VARIABLE = re.compile(r"(?:^|(?<=/))\$(?:[A-Za-z_]\w*|\{\w+\})")


_LARGEST_SEED = 2**32 - 1
"""What every library takes."""


def seed(text: str) -> int:
    """An option's value as the seed of what is random. Raises UsageError for what no library takes as one."""
    if not text.isdecimal() or int(text) > _LARGEST_SEED:
        raise UsageError(f"--seed is a whole number from 0 to {_LARGEST_SEED}, not {text!r}")
    return int(text)


def build_parser(program: str, description: str, verbs: Sequence[Any]) -> argparse.ArgumentParser:
    """The command line of ``program``; see ``run_program``."""
    parser = argparse.ArgumentParser(prog=program, description=description)
    parser.add_argument("--version", action="version", version=f"affectd {__version__}")
    parsers = parser.add_subparsers(metavar="COMMAND")
    for verb in verbs:
        verb.register(parsers)
    return parser


_LIKENESSES = {"█": "#", "░": "-", "…": "..."}
"""What our own bars and sentences show on a terminal that has no such character."""


def run_program(
    program: str,
    description: str,
    verbs: Sequence[Any],
    arguments: Sequence[str] | None = None,
) -> int:
    """Run the command line of ``program``; returns the exit code.

    Args:
        program: what it is called.
        description: one sentence for ``--help``.
        verbs: modules; ``register`` of each adds a parser whose default ``run`` takes the options.
        arguments: of the command line; those of the process when left out.
    """
    given = sys.argv[1:] if arguments is None else list(arguments)
    for text in given:
        learn_secrets_in(text)

    def run() -> int:
        parser = build_parser(program, description, verbs)
        options = parser.parse_args(given)
        if not hasattr(options, "run"):
            parser.print_help(sys.stderr)
            return EXIT_USAGE
        _expand_paths(options)
        return cast("int", options.run(options))

    return run_command(program, run)


def run_command(program: str, command: Callable[[], int]) -> int:
    """Run ``command`` and turn whatever it raises into one line on stderr and an exit code.

    ``AFFECTD_TRACEBACK=1`` in the environment prints the traceback of a fault as well.
    """
    with _guarded_streams():
        return _run(program, command)


def _run(program: str, command: Callable[[], int]) -> int:
    try:
        code = command()
        sys.stdout.flush()  # here, where a full disk or a reader that has gone away can still be told of
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    except BrokenPipeError:  # the reader (`head`, say) has what it wanted
        _discard_stdout()
        return EXIT_OK
    except Exception as error:  # noqa: BLE001 the last resort: a user sees a line, never a traceback
        code, told = _explain(error)
        with contextlib.suppress(OSError):
            print(f"{program}: {told}", file=sys.stderr)
            if os.environ.get("AFFECTD_TRACEBACK") == "1":
                traceback.print_exception(error)
        _discard_unwritten()
    return code


@contextlib.contextmanager
def _guarded_streams() -> Iterator[None]:
    """Let everything that is written to stdout and stderr pass ``redact``, but for line ends and tabs."""
    _open_closed_streams()
    before = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = (cast("TextIO", _Guarded(_tolerant(stream))) for stream in before)
    try:
        yield
    finally:
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(OSError, ValueError):
                stream.flush()
        sys.stdout, sys.stderr = before


def terminal(stream: TextIO) -> TextIO:
    """What lies behind a guarded ``stream``, for who moves the cursor; what is drawn there must be redacted already."""
    return stream.behind if isinstance(stream, _Guarded) else stream


@contextlib.contextmanager
def drawing() -> Iterator[None]:
    """For a library that draws on stdout by itself."""
    before = sys.stdout
    sys.stdout = terminal(before)
    try:
        yield
    finally:
        sys.stdout = before


class _Guarded:
    """A text stream that redacts what is written to it."""

    def __init__(self, behind: TextIO) -> None:
        self.behind = behind

    def write(self, text: str) -> int:
        guarded = mask_secrets(text)
        if not guarded.isprintable():
            guarded = "".join(
                part if part in {"\n", "\t"} else printable(part) for part in re.split(r"([\n\t])", guarded)
            )
        self.behind.write(guarded)
        return len(text)

    def writelines(self, lines: Sequence[str]) -> None:
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.behind, name)


def _open_closed_streams() -> None:
    """Put /dev/null where the process was started without stdin, stdout or stderr.

    Else the next file or socket that is opened takes the place, and gets what is meant for the terminal.
    """
    for descriptor in (0, 1, 2):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # the lowest that is free
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115 as long as the process


def _tolerant(stream: TextIO) -> TextIO:
    """``stream``, which writes what its encoding lacks as JSON escapes it, instead of raising UnicodeEncodeError."""
    codecs.register_error("affectd-escape", _escape_unencodable)
    if (reconfigure := getattr(stream, "reconfigure", None)) and getattr(stream, "errors", "") != "backslashreplace":
        reconfigure(errors="affectd-escape")
    return stream


def _escape_unencodable(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    unencodable = error.object[error.start : error.end]
    return "".join(_LIKENESSES.get(character, json.dumps(character)[1:-1]) for character in unencodable), error.end


def _discard_stdout() -> None:
    """Keep the interpreter from writing what is left, and from complaining, at its exit."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _discard_unwritten() -> None:
    try:
        sys.stdout.flush()
    except (OSError, ValueError):
        _discard_stdout()


def _expand_paths(options: argparse.Namespace) -> None:
    """Expand ``~`` in every path of ``options``, as a shell does not in ``--out=~/x``. Raises UsageError."""
    for name, value in vars(options).items():
        if isinstance(value, Path):
            setattr(options, name, _expanded(value))
        elif isinstance(value, list) and any(isinstance(one, Path) for one in value):
            setattr(options, name, [_expanded(one) if isinstance(one, Path) else one for one in value])


def _expanded(path: Path) -> Path:
    variable = _VARIABLE.search(str(path))
    if variable and not path.exists():
        raise UsageError(f"there is no {path}", f"{variable[0]} stands for nothing here: write what it means")
    try:
        return path.expanduser()
    except RuntimeError:
        raise UsageError(f"{path} begins with a home folder that is not known", "write the whole path") from None


def _explain(error: Exception) -> tuple[int, str]:
    """The exit code and the one line for ``error``."""
    if isinstance(error, AffectdError):
        return error.exit_code, str(error)
    if isinstance(error, OSError):
        return EXIT_IO, _describe_os_error(error)
    if isinstance(error, MemoryError):
        return (
            EXIT_UNAVAILABLE,
            f"the memory does not suffice ({str(error) or 'none is left'}); end other programs, or give less",
        )
    if isinstance(error, ModuleNotFoundError):
        extra = "pip install 'affectd[train]' or 'affectd[convert]' brings what the commands beside affectd need"
        return EXIT_UNAVAILABLE, f"the package {error.name} is needed, and is not installed; {extra}"
    python = ".".join(map(str, sys.version_info[:3]))
    where = _origin(error)
    summary = " ".join(f"{type(error).__name__}: {error}".split())[:500]
    return EXIT_SOFTWARE, (
        f"a fault in affectd itself: {summary} ({where}, affectd {__version__}, Python {python}); "
        f"report this line {_where_to_report()}; AFFECTD_TRACEBACK=1 shows the traceback as well"
    )


def _origin(error: Exception) -> str:
    """The innermost line of our own that ``error`` came through, as ``device/config.py:12``."""
    root = Path(__file__).parents[1]
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if Path(frame.filename).is_relative_to(root)]
    last = (ours or frames)[-1:]
    return next((f"{frame.filename.removeprefix(f'{root}/')}:{frame.lineno}" for frame in last), "nowhere")


def _where_to_report() -> str:
    with contextlib.suppress(metadata.PackageNotFoundError):
        for url in metadata.metadata("affectd").get_all("Project-URL") or []:
            label, _, address = url.partition(", ")
            if label.lower() in {"issues", "bug tracker", "tracker"}:
                return f"at {address}"
    return "where you have affectd from"


def _describe_os_error(error: OSError) -> str:
    what = error.strerror or str(error)
    if error.filename:
        return f"{error.filename}: {what}; check the path, its permissions and the free space"
    return f"{what}; make room" if error.errno == errno.ENOSPC else what
