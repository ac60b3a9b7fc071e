"""What outlives the page's process and the daemon's, in memory: who is logged in, and the last events."""

import hashlib
import json
import logging
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from device.contract.files import read_limited, write_atomically
from device.errors import AffectdError

_MOST_BYTES = 1024 * 1024
_MOST_SESSIONS = 32

_log = logging.getLogger(__name__)


class StateFile:
    """A file in the runtime directory, which is lost when the machine is started again.

    Args:
        runtime_dir: a folder in memory that survives the process.
        state_dir: tells apart daemons that share that folder.
    """

    def __init__(self, runtime_dir: Path, state_dir: Path) -> None:
        self._path = runtime_dir / f"page-{hashlib.sha256(bytes(state_dir.resolve())).hexdigest()[:12]}"
        self.sessions: list[dict[str, Any]] = []
        self.events: list[dict[str, Any]] = []
        self._read()

    def keep_sessions(self, sessions: Any) -> None:
        """Keep what the page's process, which may have been taken over, says of who is logged in."""
        if isinstance(sessions, list):
            self.sessions = [one for one in sessions[:_MOST_SESSIONS] if _is_session(one)]
            self._write()

    def keep_events(self, events: Iterable[dict[str, Any]]) -> None:
        """Keep these; nothing else is kept of before."""
        self.events = list(events)
        self._write()

    def _read(self) -> None:
        try:
            kept = json.loads(read_limited(self._path, _MOST_BYTES))
            self.sessions = [one for one in kept["sessions"] if _is_session(one)]
            self.events = [one for one in kept["events"] if isinstance(one, dict)]
        except FileNotFoundError:
            return
        except (OSError, AffectdError, ValueError, KeyError, TypeError, RecursionError) as error:
            _log.warning("who was logged in to the page is forgotten: %s cannot be used: %s", self._path, error)

    def _write(self) -> None:
        kept = json.dumps({"sessions": self.sessions, "events": self.events}, separators=(",", ":"))
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(self._path, kept.encode(), 0o600)
        except (OSError, AffectdError) as error:
            _log.warning("a restart will forget who is logged in to the page: %s", error)


def _is_session(one: Any) -> bool:
    return (
        isinstance(one, dict)
        and isinstance(one.get("digest"), str)
        and len(one["digest"]) == 64
        and isinstance(one.get("until_s"), int | float)
    )
