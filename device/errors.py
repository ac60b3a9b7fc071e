"""The one error root, the exit codes, and how a command ends with a line instead of a traceback.

Exit codes follow ``sysexits.h`` where it has a word for the case, so that systemd can tell them apart:

====  ==================================================================
0     done
2     wrong usage of a command
3     a gate was missed: the result was measured and is not good enough
65    data that was given cannot be used (a data set, a trained model)
69    a camera, a model file or another service is not there
70    a fault in affectd itself
74    a file could not be read or written
75    a camera hangs in its driver: only a fresh process can open it again
78    a fault in the configuration
130   stopped by Ctrl-C
====  ==================================================================
"""

import os
import sys
import traceback
from collections.abc import Callable
from typing import ClassVar

EXIT_OK = 0
EXIT_USAGE = 2
EXIT_GATE = 3
EXIT_DATA = 65
EXIT_UNAVAILABLE = 69
EXIT_SOFTWARE = 70
EXIT_IO = 74
EXIT_HANG = 75
EXIT_CONFIG = 78
EXIT_INTERRUPTED = 130


class AffectdError(Exception):
    """Anything a user can cause or mend.

    Args:
        reason: what was expected and what came, in one sentence without a final stop.
        remedy: what to do about it; empty where the reason says it all.
    """

    exit_code: ClassVar[int] = EXIT_SOFTWARE

    def __init__(self, reason: str, remedy: str = "") -> None:
        super().__init__(reason, remedy)
        self.reason = " ".join(reason.split())
        self.remedy = " ".join(remedy.split())

    def __str__(self) -> str:
        return f"{self.reason}; {self.remedy}" if self.remedy else self.reason


class UsageError(AffectdError):
    """A command was called in a way it does not understand."""

    exit_code = EXIT_USAGE


class GateError(AffectdError):
    """A measured figure misses the threshold that was asked for."""

    exit_code = EXIT_GATE


class DataError(AffectdError):
    """A data set or a trained model that cannot be used as it is."""

    exit_code = EXIT_DATA


class SourceError(AffectdError):
    """A camera, stream or file that gives no frames."""

    exit_code = EXIT_UNAVAILABLE


class HangError(AffectdError):
    """A camera whose driver does not give a call back: nothing in this process can let go of it."""

    exit_code = EXIT_HANG


class ModelError(AffectdError):
    """A model file that is missing, damaged or does not fit."""

    exit_code = EXIT_UNAVAILABLE


class UnavailableError(AffectdError):
    """A package, program or service that is needed and not there."""

    exit_code = EXIT_UNAVAILABLE


class AcceleratorError(UnavailableError):
    """An accelerator that a model was compiled for, and that cannot be used."""


class StorageError(AffectdError):
    """A file or folder that cannot be read or written."""

    exit_code = EXIT_IO


class ConfigError(AffectdError):
    """A configuration that does not say what is needed."""

    exit_code = EXIT_CONFIG


class RecordError(AffectdError, ValueError):
    """A record that breaks its own rules: a fault in the stage that made it."""


def run_command(program: str, command: Callable[[], int]) -> int:
    """Run ``command`` and turn whatever it raises into one line on stderr and an exit code.

    ``AFFECTD_TRACEBACK=1`` in the environment prints the traceback of a fault as well.
    """
    try:
        return command()
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        # The reader (`head`, say) has what it wanted; keep the interpreter from complaining at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_OK
    except Exception as error:  # noqa: BLE001 the last resort: a user sees a line, never a traceback
        code, told = _explain(error)
        print(f"{program}: {told}", file=sys.stderr)
        if os.environ.get("AFFECTD_TRACEBACK") == "1":
            traceback.print_exception(error)
        return code


def _explain(error: Exception) -> tuple[int, str]:
    """The exit code and the one line for ``error``."""
    if isinstance(error, AffectdError):
        return error.exit_code, str(error)
    if isinstance(error, OSError):
        return EXIT_IO, _describe_os_error(error)
    summary = " ".join(f"{type(error).__name__}: {error}".split())
    advice = "set AFFECTD_TRACEBACK=1 for the traceback and report it"
    return EXIT_SOFTWARE, f"a fault in affectd itself: {summary}; {advice}"


def _describe_os_error(error: OSError) -> str:
    what = error.strerror or str(error)
    return f"{error.filename}: {what}; check the path, its permissions and the free space" if error.filename else what
