"""The file with the counters: what is in it, and how one comes to it.

SQLite with a rollback journal: while nobody writes all is in one file, which another process may read without making
any other. It is opened for each use, some 150 times a day, so that it costs no memory in between.
"""

import json
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import astuple, fields
from pathlib import Path
from typing import Any

from device.errors import RecordError
from device.summary.counts import Counts

SUMMARY_NAME = "summary.sqlite3"
"""The file's name in the state directory."""

MOST_BYTES = 64 * 1024 * 1024
"""Ten years of hours take a tenth of this."""

_FORMAT = 1
_BUSY_S = 5.0
# The first two say so; the others say that the tables are not as we make them, which our statements fit.
_DAMAGE = frozenset(
    {
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_NOTADB,
        sqlite3.SQLITE_ERROR,
        sqlite3.SQLITE_CONSTRAINT,
        sqlite3.SQLITE_MISMATCH,
        sqlite3.SQLITE_TOOBIG,
        sqlite3.SQLITE_SCHEMA,
    }
)
FAULTS = (sqlite3.Error, OSError, RecordError, UnicodeError)
"""What the use of a file may raise."""
_MOST_TEXT = 100_000
_COUNTERS = [one.name for one in fields(Counts)]
_TEXTS = {"dwell_bins", "dominant", "emotion_s"}
COUNTER_COLUMNS = ", ".join(_COUNTERS)
_DECLARED = ",\n  ".join(f"{name} {'TEXT' if name in _TEXTS else 'REAL'} NOT NULL" for name in _COUNTERS)

# `hours` is what readers want. `waiting` is what may be booked elsewhere yet: counts of a clock that nobody had set, by
# when they came up in the machine's run, and the visits that go on, as they would count if the power were cut now.
_SCHEMA = f"""
CREATE TABLE hours (
  start_s INTEGER NOT NULL,
  offset_s INTEGER NOT NULL,
  clock TEXT NOT NULL,
  day TEXT NOT NULL,
  {_DECLARED},
  PRIMARY KEY (start_s, offset_s, clock)
) WITHOUT ROWID;
CREATE TABLE waiting (
  number INTEGER PRIMARY KEY,
  start_s INTEGER NOT NULL,
  offset_s INTEGER NOT NULL,
  clock TEXT NOT NULL,
  boot TEXT NOT NULL,
  monotonic_s REAL NOT NULL,
  run TEXT NOT NULL,
  going_on INTEGER NOT NULL,
  {_DECLARED}
);
CREATE TABLE written (run TEXT PRIMARY KEY, number INTEGER NOT NULL) WITHOUT ROWID;
PRAGMA user_version = {_FORMAT};
"""


class UnusableFileError(sqlite3.DatabaseError):
    """A file that SQLite opens and that is no memory of ours."""


def is_damage(error: Exception) -> bool:
    """Whether ``error`` says that the file itself is at fault, and no other file would have the trouble."""
    # The low byte is the plain code; above it stands the detail.
    code = getattr(error, "sqlite_errorcode", None) or 0
    return isinstance(error, UnusableFileError | RecordError | UnicodeError) or code & 0xFF in _DAMAGE


def explained(error: Exception) -> str:
    """What ``error`` says, without the tables that SQLite quotes at length."""
    return " ".join(str(error).split())[:120]


@contextmanager
def reading(path: Path) -> Iterator[sqlite3.Connection]:
    """The file as it is at one moment; whoever writes waits for the end of this.

    Raises:
        FileNotFoundError: there is none, or an empty one.
        sqlite3.Error: it is damaged, or a power cut has left a write in it that only a writer can undo.
    """
    _check_size(path)
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=_BUSY_S)) as db:
        db.text_factory = _tolerant_text
        db.execute("BEGIN")
        if _format_of(db) == 0:
            raise FileNotFoundError(f"{path} was made and never written")
        yield db


@contextmanager
def writing(path: Path) -> Iterator[sqlite3.Connection]:
    """The file, made when it is missing, in a transaction that is flushed to the disk at the end of this.

    Raises:
        sqlite3.Error, OSError: it cannot be used now, or is damaged (``is_damage``); nothing of this was written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    _check_size(path)
    with closing(sqlite3.connect(path, timeout=_BUSY_S, isolation_level=None)) as db:
        db.text_factory = _tolerant_text
        # The journal stays, emptied: making and deleting a file each time would be more work for the card.
        db.execute("PRAGMA page_size = 1024")  # of a file that is new; a small page is less to write for a small row
        db.execute("PRAGMA journal_mode = TRUNCATE")
        db.execute("PRAGMA synchronous = FULL")
        db.execute("PRAGMA secure_delete = ON")
        db.execute("BEGIN IMMEDIATE")
        try:
            if _format_of(db) == 0:
                for statement in _SCHEMA.split(";\n"):
                    db.execute(statement)
            yield db
            db.execute("COMMIT")
        except BaseException:
            if db.in_transaction:
                db.execute("ROLLBACK")
            raise


def _tolerant_text(text: bytes) -> str:
    """One damaged letter must not keep a whole query from its answer; what it makes of the text is checked later."""
    return text.decode(errors="replace")


def check_soundness(db: sqlite3.Connection) -> None:
    """Raises sqlite3.Error where some page of the file is damaged."""
    (verdict,) = db.execute("PRAGMA quick_check(1)").fetchone()
    if verdict != "ok":
        raise UnusableFileError(str(verdict))


def to_columns(counts: Counts) -> tuple[Any, ...]:
    """What stands in the columns ``COUNTER_COLUMNS``."""
    values = zip(_COUNTERS, astuple(counts), strict=True)
    return tuple(_to_text(value) if name in _TEXTS else round(value, 3) for name, value in values)


def from_columns(columns: tuple[Any, ...]) -> Counts:
    """What ``to_columns`` has made. Raises RecordError for anything else, which damage may have left there."""
    try:
        values: dict[str, Any] = {
            name: _from_text(name, value) if name in _TEXTS else float(value)
            for name, value in zip(_COUNTERS, columns, strict=True)
        }
        values |= {name: int(values[name]) for name in ("visits", "looked")}
        return Counts(**values)
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        raise RecordError(f"this is no row of counts: {error}") from None


def _to_text(amounts: Mapping[int | str, float]) -> str:
    shortened = {str(key): round(amount, 3) for key, amount in sorted(amounts.items()) if amount}
    return json.dumps(shortened, separators=(",", ":"), ensure_ascii=False)


def _from_text(name: str, text: Any) -> dict[Any, Any]:
    if not isinstance(text, str) or len(text) > _MOST_TEXT:
        raise TypeError(f"{name} is no short text")
    amounts = json.loads(text)
    if not isinstance(amounts, dict):
        raise TypeError(f"{name} is no JSON object")
    number = float if name == "emotion_s" else int
    return {int(key) if name == "dwell_bins" else key: number(amount) for key, amount in amounts.items()}


def _format_of(db: sqlite3.Connection) -> int:
    (found,) = db.execute("PRAGMA user_version").fetchone()
    if found not in {0, _FORMAT}:
        raise UnusableFileError(f"it has format {found}, and this version knows {_FORMAT}")
    (tables,) = db.execute("SELECT COUNT(*) FROM sqlite_schema").fetchone()
    if not found and tables:
        raise UnusableFileError("its tables are another program's")
    return int(found)


def _check_size(path: Path) -> None:
    try:
        size = path.stat().st_size
    except FileNotFoundError:
        return
    if size > MOST_BYTES:
        raise UnusableFileError(f"it has {size:,} bytes, and {MOST_BYTES:,} are expected at most")
