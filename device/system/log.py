"""Logging to stderr: for people with the time in front, for journald with its priority."""

import logging
import os
import sys
from typing import Literal

from pydantic import Field

from device.section import Section

Level = Literal["debug", "info", "warning", "error"]
# sd-daemon(3): a line that begins with <N> has priority N of syslog.
_PRIORITY = {logging.DEBUG: 7, logging.INFO: 6, logging.WARNING: 4, logging.ERROR: 3, logging.CRITICAL: 2}


class LogSettings(Section):
    """How much is said on stderr."""

    level: Level = Field("info", description="debug, info, warning or error")


class _JournalFormatter(logging.Formatter):
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
        self._message = record.getMessage()


def set_up_logging(level: Level) -> None:
    """Send all logging to stderr from ``level`` on; the journal adds time and program itself."""
    handler = logging.StreamHandler(sys.stderr)
    if os.environ.get("JOURNAL_STREAM"):
        handler.setFormatter(_JournalFormatter("%(name)s: %(message)s"))
    else:
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)-7s %(name)s: %(message)s"))
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
