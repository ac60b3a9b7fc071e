"""Keeps events until the broker has them."""

import json
import logging
import sqlite3
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from pydantic import Field

from device.section import Section

SPOOL_NAME = "events.sqlite3"
_FORMAT = 1
_DAMAGE = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_SIDE_FILES = ("", "-wal", "-shm")
# AUTOINCREMENT: SQLite remembers the highest number even when its row is gone, so none is ever given twice.
_SCHEMA = """
CREATE TABLE IF NOT EXISTS events (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    stored_at REAL,
    description TEXT NOT NULL
)
"""

_T = TypeVar("_T")
_log = logging.getLogger(__name__)


class SpoolSettings(Section):
    """How much is kept while the broker is away; past a bound the oldest goes, and is counted.

    Attributes:
        max_events: most events kept.
        max_age_s: longest an event is kept, seconds.
    """

    max_events: int = Field(10_000, ge=1, le=1_000_000)
    max_age_s: float = Field(7 * 86_400.0, gt=0)


class _UnusableFileError(sqlite3.DatabaseError):
    """A file that SQLite opens and that is no spool of ours."""


class Spool:
    """Events in SQLite (WAL), numbered when stored; one thread uses it at a time.

    A killed process loses nothing that was stored. What a power cut may take is up to ``set_durable``.

    Trouble with the file never ends the daemon. A damaged one is set aside beside itself as ``*.damaged`` (the latest
    only) and a new one begun; where none can be written, events are kept in memory. Either way the numbers go on from
    the time of day in milliseconds since 1970: higher than any number that counting from 1 reaches, exact in JSON, and
    a consumer sees the gap.

    Args:
        path: the file; its folder is made when missing.
        settings: the bounds.
        now_s: the time of day in seconds since 1970.
    """

    def __init__(
        self, path: Path, settings: SpoolSettings | None = None, *, now_s: Callable[[], float] = time.time
    ) -> None:
        self._path = path
        self._settings = settings or SpoolSettings()
        self._now_s = now_s
        self._durable = True
        self._dropped = 0
        self._count = 0
        self._last_seq = 0
        self._db = self._open()
        self.expire()

    @property
    def dropped(self) -> int:
        """Events that went unsent because a bound was reached or the file was damaged, as far as they were counted."""
        return self._dropped

    @property
    def last_seq(self) -> int:
        """The highest number given so far; 0 before the first."""
        return self._last_seq

    def __len__(self) -> int:
        return self._count

    def add(self, descriptions: Sequence[dict[str, Any]]) -> None:
        """Store events in this order, in one transaction; past the bound the oldest go."""
        stored_at = self._now_s()
        rows = [
            # Before the clock is set its time means nothing, and must not age an event once it is.
            (stored_at if description["clock"] == "synced" else None, json.dumps(description, separators=(",", ":")))
            for description in descriptions
        ]

        def insert(db: sqlite3.Connection) -> int:
            db.executemany("INSERT INTO events (stored_at, description) VALUES (?, ?)", rows)
            return _last_seq(db)

        self._last_seq = self._attempt(insert)
        self._count += len(rows)
        surplus = self._count - self._settings.max_events
        if surplus > 0:
            self._drop("seq IN (SELECT seq FROM events ORDER BY seq LIMIT ?)", surplus)

    def read(self, *, after_seq: int, limit: int) -> list[tuple[int, dict[str, Any]]]:
        """Up to ``limit`` events (number, description) numbered above ``after_seq``, in order."""
        query = "SELECT seq, description FROM events WHERE seq > ? ORDER BY seq LIMIT ?"
        rows = self._attempt(lambda db: db.execute(query, (after_seq, limit)).fetchall())
        return [(seq, json.loads(description)) for seq, description in rows]

    def remove(self, seqs: Iterable[int]) -> None:
        """Forget events that the broker has; unknown numbers are ignored."""
        keys = [(seq,) for seq in seqs]
        removed = self._attempt(lambda db: db.executemany("DELETE FROM events WHERE seq = ?", keys).rowcount)
        self._count -= max(0, removed)

    def expire(self) -> None:
        """Drop what is too old."""
        self._drop("stored_at < ?", self._now_s() - self._settings.max_age_s)

    def set_durable(self, *, durable: bool) -> None:
        """Say what a power cut may take: nothing stored from now on, or what the system has not written back yet.

        Durable costs a flush of the card for every ``add``; it is worth that while the broker is away.
        """
        if durable == self._durable:
            return
        self._durable = durable
        self._attempt(self._apply_durability)

    def close(self) -> None:
        """Write everything back and let go of the file."""
        self._db.close()

    def _drop(self, condition: str, bound: float) -> None:
        statement = f"DELETE FROM events WHERE {condition}"  # noqa: S608 the condition is one of two above
        dropped = self._attempt(lambda db: db.execute(statement, (bound,)).rowcount)
        if dropped > 0:
            self._count -= dropped
            self._dropped += dropped
            _log.warning("the spool is full or too old: %d events dropped unsent, %d so far", dropped, self._dropped)

    def _attempt(self, operation: Callable[[sqlite3.Connection], _T]) -> _T:
        try:
            with self._db:
                return operation(self._db)
        except sqlite3.Error as error:
            self._db.close()
            self._db = self._replace(error)
        with self._db:
            return operation(self._db)

    def _open(self) -> sqlite3.Connection:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            return self._load(str(self._path))
        except (sqlite3.Error, OSError) as error:
            return self._replace(error)

    def _replace(self, error: sqlite3.Error | OSError) -> sqlite3.Connection:
        """A new spool in the place of one that failed with ``error``."""
        if isinstance(error, _UnusableFileError) or getattr(error, "sqlite_errorcode", None) in _DAMAGE:
            self._dropped += self._count
            try:
                self._set_aside()
                return self._load(str(self._path), first_seq=self._next_seq_by_time())
            except (sqlite3.Error, OSError) as second:
                error = second
        _log.warning(
            "the spool %s cannot be used: %s; events are kept in memory and end with the daemon; check the folder's "
            "permissions and the free space",
            self._path,
            error,
        )
        return self._load(":memory:", first_seq=self._next_seq_by_time())

    def _set_aside(self) -> None:
        damaged = self._path.with_name(f"{self._path.name}.damaged")
        for suffix in _SIDE_FILES:
            part = Path(f"{self._path}{suffix}")
            if part.exists():
                part.replace(f"{damaged}{suffix}")
        _log.warning("the spool %s is damaged; set aside as %s, and a new one begun", self._path, damaged.name)

    def _next_seq_by_time(self) -> int:
        return max(self._last_seq + 1, int(self._now_s() * 1000))

    def _load(self, database: str, *, first_seq: int = 1) -> sqlite3.Connection:
        # Made where the daemon is put together, used by the thread that publishes.
        db = sqlite3.connect(database, timeout=5.0, check_same_thread=False)
        try:
            self._prepare(db, first_seq)
        except sqlite3.Error:
            db.close()
            raise
        return db

    def _prepare(self, db: sqlite3.Connection, first_seq: int) -> None:
        db.execute("PRAGMA journal_mode = WAL")
        self._apply_durability(db)
        (found,) = db.execute("PRAGMA user_version").fetchone()
        if found not in {0, _FORMAT}:
            raise _UnusableFileError(f"it has format {found}, and this version knows {_FORMAT}")
        (verdict,) = db.execute("PRAGMA quick_check(1)").fetchone()
        if verdict != "ok":
            raise _UnusableFileError(verdict)
        with db:
            db.execute(_SCHEMA)
            db.execute(f"PRAGMA user_version = {_FORMAT}")
            if first_seq > 1:
                db.execute("DELETE FROM sqlite_sequence WHERE name = 'events'")
                db.execute("INSERT INTO sqlite_sequence (name, seq) VALUES ('events', ?)", (first_seq - 1,))
        (self._count,) = db.execute("SELECT COUNT(*) FROM events").fetchone()
        self._last_seq = _last_seq(db)

    def _apply_durability(self, db: sqlite3.Connection) -> None:
        db.execute(f"PRAGMA synchronous = {'FULL' if self._durable else 'NORMAL'}")
        if self._durable:
            # A checkpoint flushes what was stored without a flush before.
            db.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()


def _last_seq(db: sqlite3.Connection) -> int:
    row = db.execute("SELECT seq FROM sqlite_sequence WHERE name = 'events'").fetchone()
    return int(row[0]) if row else 0
