"""Logging to stderr: for people with the time in front, for journald with its priority."""

import logging
import os
import sys
from typing import Any, Literal

from pydantic import Field

from device.redact import redact
from device.section import Section

Level = Literal["debug", "info", "warning", "error"]
_MOST_REMEMBERED = 100
# sd-daemon(3): a line that begins with <N> has priority N of syslog.
_PRIORITY = {logging.DEBUG: 7, logging.INFO: 6, logging.WARNING: 4, logging.ERROR: 3, logging.CRITICAL: 2}


class LogSettings(Section):
    """How much the daemon writes to the log."""

    level: Level = Field("info", description="debug, info, warning or error")


class _Formatter(logging.Formatter):
    """Redacts what a message and an exception say, and leaves alone what this program itself puts around it."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 the library's name
        record.message = redact(record.message)
        return super().formatMessage(record)

    def formatException(self, ei: Any) -> str:  # noqa: N802 the library's name
        return "\n".join(map(redact, super().formatException(ei).splitlines()))


class _JournalFormatter(_Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line = super().format(record).replace("\n", " | ")  # journald would give further lines no priority
        return f"<{_PRIORITY.get(record.levelno, 6)}>{line}"


class LastTrouble(logging.Handler):
    """Remembers the latest warning or error, for those who cannot see the log."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._message: str | None = None

    @property
    def message(self) -> str | None:
        """What was logged last; None while all went well."""
        return self._message

    def emit(self, record: logging.LogRecord) -> None:
        """Remember ``record``."""
        self._message = redact(record.getMessage())


class LogOnce:
    """Logs what lasts once: the same words again go to debug, until ``forget``.

    Args:
        logger: where to.
        level: how loud the first time is.
    """

    def __init__(self, logger: logging.Logger, level: int = logging.WARNING) -> None:
        self._logger = logger
        self._level = level
        self._said: set[str] = set()

    def __bool__(self) -> bool:
        """Whether anything was said since ``forget``."""
        return bool(self._said)

    def log(self, sentence: str, reason: str, *more: object) -> None:
        """Log ``sentence`` with ``reason``, by which it is known again, and ``more`` put in."""
        self._logger.log(logging.DEBUG if reason in self._said else self._level, sentence, reason, *more)
        if len(self._said) >= _MOST_REMEMBERED:
            self._said.clear()
        self._said.add(reason)

    def forget(self) -> None:
        """What comes now is news again."""
        self._said.clear()


def set_up_logging(level: Level) -> None:
    """Send all logging to stderr from ``level`` on; the journal adds time and program itself."""
    handler = logging.StreamHandler(sys.stderr)
    if os.environ.get("JOURNAL_STREAM"):
        handler.setFormatter(_JournalFormatter("%(name)s: %(message)s"))
    else:
        handler.setFormatter(_Formatter("%(asctime)s %(levelname)-7s %(name)s: %(message)s"))
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
