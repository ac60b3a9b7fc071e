"""Numbered events in one SQLite file."""

import json
import logging
import sqlite3
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Literal, TypeVar

_FORMAT = 1
_DAMAGE = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_SIDE_FILES = ("", "-wal", "-shm")
# AUTOINCREMENT: SQLite remembers the highest number even when its row is gone.
_EVENTS = """
CREATE TABLE IF NOT EXISTS events (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    stored_at REAL,
    description TEXT NOT NULL
)
"""
_NOTES = "CREATE TABLE IF NOT EXISTS notes (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID"

Medium = Literal["disk", "memory"]

StoredEvent = tuple[int, float | None, bytes]
"""Number, when it was stored (seconds since 1970; None where the clock was not set), the event as JSON."""

_T = TypeVar("_T")
_log = logging.getLogger(__name__)


class _UnusableFileError(sqlite3.DatabaseError):
    """A file that SQLite opens and that is no spool of ours."""


class EventStore:
    """A table of events; any thread may use it.

    On the disk, what is inserted is flushed before the call returns; a deletion is not, since the worst that comes of
    one undone is a repeat. In memory nothing is flushed: a killed process leaves it to the next, a power cut does not.

    A damaged file is set aside beside itself as ``*.damaged`` (the latest only) and a new one begun. Any other trouble
    (a full disk) is raised as sqlite3.Error and leaves the store as it was.

    Args:
        path: the file; its folder is made when missing. None keeps the events in the process alone.
        medium: what lies under it.

    Raises:
        sqlite3.Error, OSError: the file cannot be opened or made.
    """

    def __init__(self, path: Path | None, medium: Medium) -> None:
        self._path = path
        self._medium = medium
        self._lock = threading.RLock()
        self._count = 0
        self.lost = 0
        self.was_damaged = False
        if path is not None:
            path.parent.mkdir(mode=0o700 if medium == "memory" else 0o777, parents=True, exist_ok=True)
        self._db: sqlite3.Connection | None = self._open()

    def __len__(self) -> int:
        return self._count

    @property
    def last_seq(self) -> int:
        """The highest number that was ever in it; 0 before the first."""
        row = self._attempt(lambda db: db.execute("SELECT seq FROM sqlite_sequence WHERE name = 'events'").fetchone())
        return int(row[0]) if row else 0

    def insert(self, events: Iterable[StoredEvent]) -> None:
        """Store events in one transaction; those whose number is there already are left as they are."""

        def insert(db: sqlite3.Connection) -> int:
            # The text comes as the bytes that it was read as, and stays what it is, damaged or not.
            return db.executemany("INSERT OR IGNORE INTO events VALUES (?, ?, CAST(? AS TEXT))", events).rowcount

        with self._lock:
            self._count += self._attempt(insert, flushed=True)

    def read(self, *, after_seq: int = 0, up_to_seq: int | None = None, limit: int = -1) -> list[StoredEvent]:
        """Events in the order of their numbers, ``after_seq`` excluded and ``up_to_seq`` included."""
        query = "SELECT seq, stored_at, description FROM events WHERE seq > ? AND seq <= ? ORDER BY seq LIMIT ?"
        bounds = (after_seq, 2**63 - 1 if up_to_seq is None else up_to_seq, limit)
        return self._attempt(lambda db: db.execute(query, bounds).fetchall())

    def numbers(self) -> set[int]:
        """The numbers of all events in it."""
        return self._numbers("?", 1)

    def delete(self, seqs: Iterable[int]) -> set[int]:
        """Forget events; returns the numbers of those that were there."""
        wanted = json.dumps(sorted(seqs))
        statement = "DELETE FROM events WHERE seq IN (SELECT value FROM json_each(?)) RETURNING seq"
        with self._lock:
            deleted = {seq for (seq,) in self._attempt(lambda db: db.execute(statement, (wanted,)).fetchall())}
            self._count -= len(deleted)
        return deleted

    def oldest(self, count: int) -> set[int]:
        """The ``count`` lowest numbers."""
        return self._numbers("1 ORDER BY seq LIMIT ?", count)

    def before(self, moment_s: float) -> set[int]:
        """The numbers of what was stored before ``moment_s``, seconds since 1970."""
        return self._numbers("stored_at < ?", moment_s)

    def shift_times(self, by_s: float) -> None:
        """Move the time of storing of every event."""
        if self._count:
            self._attempt(lambda db: db.execute("UPDATE events SET stored_at = stored_at + ?", (by_s,)))

    def note(self, **notes: str) -> None:
        """Remember words by name, flushed as events are."""
        self._attempt(
            lambda db: db.executemany("INSERT OR REPLACE INTO notes VALUES (?, ?)", notes.items()), flushed=True
        )

    def noted(self, name: str) -> str:
        """What was noted; empty when nothing was."""
        row = self._attempt(lambda db: db.execute("SELECT value FROM notes WHERE name = ?", (name,)).fetchone())
        return bytes(row[0]).decode(errors="replace") if row else ""

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            if self._db:
                self._db.close()

    def discard(self) -> None:
        """Close it and remove its file."""
        self.close()
        if self._path is not None:
            for suffix in _SIDE_FILES:
                Path(f"{self._path}{suffix}").unlink(missing_ok=True)

    def _numbers(self, condition: str, bound: float) -> set[int]:
        statement = f"SELECT seq FROM events WHERE {condition}"  # noqa: S608 the condition is one of ours
        return {seq for (seq,) in self._attempt(lambda db: db.execute(statement, (bound,)).fetchall())}

    def _attempt(self, operation: Callable[[sqlite3.Connection], _T], *, flushed: bool = False) -> _T:
        with self._lock:
            db = self._db = self._db or self._open()
            try:
                return self._transact(db, operation, flushed=flushed)
            except sqlite3.Error as error:
                if not _is_damage(error):
                    raise
                self.lost += self._count
                self._count = 0
                db.close()
                self._db = None  # a new one may not be to be had now, on a full disk say, but at a later call
                db = self._db = self._begin_anew(error)
            return self._transact(db, operation, flushed=flushed)

    def _transact(self, db: sqlite3.Connection, operation: Callable[[sqlite3.Connection], _T], *, flushed: bool) -> _T:
        level = "OFF" if self._medium == "memory" else "FULL" if flushed else "NORMAL"
        db.execute(f"PRAGMA synchronous = {level}")
        with db:
            return operation(db)

    def _open(self) -> sqlite3.Connection:
        try:
            return self._load()
        except sqlite3.Error as error:
            return self._begin_anew(error)

    def _begin_anew(self, error: sqlite3.Error) -> sqlite3.Connection:
        """A new file in the place of a damaged one; raises ``error`` where the file is sound."""
        if self._path is None or not _is_damage(error):
            raise error
        self.was_damaged = True
        damaged = self._path.with_name(f"{self._path.name}.damaged")
        for suffix in _SIDE_FILES:
            part = Path(f"{self._path}{suffix}")
            if part.exists():
                part.replace(f"{damaged}{suffix}")
        _log.warning("the spool %s is damaged; set aside as %s, and a new one begun", self._path, damaged.name)
        return self._load()

    def _load(self) -> sqlite3.Connection:
        # Every call holds the lock, so that one connection serves all threads.
        db = sqlite3.connect(self._path or ":memory:", timeout=5.0, check_same_thread=False)
        db.text_factory = bytes  # one damaged letter must not keep a whole query from its answer
        try:
            self._prepare(db)
        except sqlite3.Error:
            db.close()
            raise
        return db

    def _prepare(self, db: sqlite3.Connection) -> None:
        db.execute("PRAGMA journal_mode = WAL")
        if self._medium == "memory":
            db.execute("PRAGMA wal_autocheckpoint = 100")  # pages; a longer log would only take memory
        (found,) = db.execute("PRAGMA user_version").fetchone()
        if found not in {0, _FORMAT}:
            raise _UnusableFileError(f"it has format {found}, and this version knows {_FORMAT}")
        (verdict,) = db.execute("PRAGMA quick_check(1)").fetchone()
        if verdict != b"ok":
            raise _UnusableFileError(verdict.decode(errors="replace"))
        if not found:
            with db:
                db.execute(_EVENTS)
                db.execute(_NOTES)
                db.execute(f"PRAGMA user_version = {_FORMAT}")
        (self._count,) = db.execute("SELECT COUNT(*) FROM events").fetchone()


def _is_damage(error: sqlite3.Error) -> bool:
    # The low byte is the plain code; above it stands the detail.
    return isinstance(error, _UnusableFileError) or getattr(error, "sqlite_errorcode", 0) & 0xFF in _DAMAGE
