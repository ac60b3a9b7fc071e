"""Where stored events go that cannot be read as events any more."""

import json
import logging
from pathlib import Path

from device.spool.store import StoredEvent

_MOST_BYTES = 1_000_000

_log = logging.getLogger(__name__)


class DamagedEvents:
    """Keeps them in a text file, a line of JSON each, for whoever wants to look; past a megabyte they are only counted.

    Args:
        path: the file; it is made when there is something to keep.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.seqs: set[int] = set()
        """Their numbers, for those that cannot be deleted now."""
        self.count = 0

    def add(self, row: StoredEvent, why: str) -> None:
        """Note one; it is told in any case, and kept where the disk takes it."""
        seq, stored_at, text = row
        self.seqs.add(seq)
        self.count += 1
        line = {"seq": seq, "stored_at": repr(stored_at), "why": why, "text": text.decode(errors="backslashreplace")}
        _log.warning("event %d in the spool is damaged and is not sent: %s; it is kept in %s", seq, why, self._path)
        try:
            if not self._path.exists() or self._path.stat().st_size < _MOST_BYTES:
                with self._path.open("a", encoding="utf-8") as file:
                    file.write(f"{json.dumps(line)}\n")
        except OSError as error:
            _log.warning("%s cannot be written: %s", self._path, error)
