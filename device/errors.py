"""The one error root and the exit codes.

Exit codes follow ``sysexits.h`` where it has a word for the case, so that systemd can tell them apart:

====  ==================================================================
0     done
2     wrong usage of a command
3     a gate was missed: the result was measured and is not good enough
65    data that was given cannot be used (a data set, a trained model)
69    a camera, a model file, memory or another service is not there
70    a fault in affectd itself
74    a file could not be read or written
75    a camera hangs in its driver: only a fresh process can open it again
78    a fault in the configuration
130   stopped by Ctrl-C
====  ==================================================================
"""

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
