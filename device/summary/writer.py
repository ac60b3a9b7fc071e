"""Books what was counted into the file, each of it once, and sets a damaged file aside."""

import logging
import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo
from pathlib import Path
from typing import Any

from device.errors import StorageError
from device.records import ClockState
from device.summary.counts import Counts, Hour
from device.summary.database import (
    COUNTER_COLUMNS,
    FAULTS,
    check_soundness,
    explained,
    from_columns,
    is_damage,
    to_columns,
    writing,
)
from device.summary.hours import hour_of
from device.summary.store import hour_from

_SIDE_FILES = ("", "-journal")
_PLACES = ", ".join("?" for _ in COUNTER_COLUMNS.split(", "))
_READ_HOUR = f"SELECT {COUNTER_COLUMNS} FROM hours WHERE start_s = ? AND offset_s = ? AND clock = ?"  # noqa: S608 ours
_WRITE_HOUR = f"INSERT OR REPLACE INTO hours VALUES (?, ?, ?, ?, {_PLACES})"  # noqa: S608 ours
_WRITE_WAITING = f"INSERT INTO waiting VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, {_PLACES})"  # noqa: S608 ours
_COUNT_HOURS = """
SELECT COUNT(*) FROM (
  SELECT start_s, offset_s FROM hours UNION SELECT start_s, offset_s FROM waiting WHERE NOT going_on
)
"""
_WAIT_FOR_CLOCK_S = 2 * 86_400.0

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Batch:
    """What was counted in a stretch of one run of the machine.

    Attributes:
        hour: where it belongs by the clock as it was then.
        clock: whether that clock had been set.
        boot: which start of the machine it was; the monotonic clock begins anew in each.
        monotonic_s: the middle of the stretch, seconds.
        counts: what was counted.
    """

    hour: Hour
    clock: ClockState
    boot: str
    monotonic_s: float
    counts: Counts


@dataclass(frozen=True, slots=True)
class Anchor:
    """What makes a time of day of monotonic time: known once the clock was set.

    Attributes:
        boot: the start of the machine for which it holds.
        epoch_s: the time of day at which the monotonic clock was 0, seconds since 1970.
        zone: whose hours are meant; None for the machine's.
    """

    boot: str
    epoch_s: float
    zone: tzinfo | None = None

    def place(self, batch: Batch) -> Batch | None:
        """``batch`` where it belongs by a clock that was set later; None where nobody can tell."""
        if batch.clock == "synced" or batch.boot != self.boot:
            return None
        hour = hour_of(datetime.fromtimestamp(self.epoch_s + batch.monotonic_s, UTC), self.zone)
        return Batch(hour, "synced", batch.boot, batch.monotonic_s, batch.counts)


@dataclass(frozen=True, slots=True)
class Entry:
    """What is written together, or not at all.

    Attributes:
        number: from 1, growing in each run: an entry that the file has is not booked again.
        batches: what was counted since the entry before.
    """

    number: int
    batches: tuple[Batch, ...]


class SummaryWriter:
    """The one process that writes the file.

    Args:
        path: the file.
        run: UUID of the daemon's start.
        boot: which start of the machine this is.
    """

    def __init__(self, path: Path, run: str, boot: str) -> None:
        self._path = path
        self._run = run
        self._boot = boot
        self._checked = False

    def write(
        self,
        entries: Iterable[Entry],
        going_on: Batch | None = None,
        *,
        anchor: Anchor | None = None,
        keep_from: date | None = None,
    ) -> None:
        """Book all of ``entries`` that are not in the file yet, in one transaction that is flushed to the disk.

        What an earlier run has left is booked too: the visits that went on when it ended, and what waited for the
        clock. A clock that nobody sets for two days is what people there live with, and waited for no longer.
        A file that is damaged is set aside as ``*.damaged`` (the latest only), and a new one begun.

        Args:
            entries: in the order of their numbers.
            going_on: the visits that have not ended, as they would count if they had ended now; None for none.
            anchor: the time of day, where the clock has been set.
            keep_from: the first day that is kept; None keeps all.

        Raises:
            sqlite3.Error, OSError: the disk cannot take it now; give the same entries again.
        """
        given = list(entries)
        try:
            self._write(given, going_on, anchor, keep_from)
        except FAULTS as error:
            if not is_damage(error):
                raise
            self._set_aside(error)
            self._write(given, going_on, anchor, keep_from)

    def _write(
        self, entries: Sequence[Entry], going_on: Batch | None, anchor: Anchor | None, keep_from: date | None
    ) -> None:
        with writing(self._path) as db:
            if not self._checked:
                check_soundness(db)
            self._settle_waiting(db, anchor)
            self._add(db, entries, anchor)
            if going_on:
                _wait(db, going_on, run=self._run, going_on=True)
            if keep_from:
                db.execute("DELETE FROM hours WHERE day < ?", (keep_from.isoformat(),))
        self._checked = True

    def _settle_waiting(self, db: sqlite3.Connection, anchor: Anchor | None) -> None:
        """Book what need not wait any longer, and forget the visits that went on: they are told anew."""
        rows = _waiting(db)
        here_s = [batch.monotonic_s for _, _, _, batch in rows if batch.boot == self._boot]
        given_up_s = max(here_s, default=0.0) - _WAIT_FOR_CLOCK_S
        for number, run, going_on, batch in rows:
            if going_on and run == self._run:
                db.execute("DELETE FROM waiting WHERE number = ?", (number,))
                continue
            placed = anchor.place(batch) if anchor else None
            is_late = batch.boot != self._boot or batch.monotonic_s < given_up_s
            if placed or is_late or batch.clock == "synced":
                _book(db, placed or batch)
                db.execute("DELETE FROM waiting WHERE number = ?", (number,))
            elif going_on:  # the visits of a daemon that was killed, before anybody had set the clock
                db.execute("UPDATE waiting SET going_on = 0 WHERE number = ?", (number,))

    def _add(self, db: sqlite3.Connection, entries: Sequence[Entry], anchor: Anchor | None) -> None:
        (done,) = db.execute("SELECT MAX(number) FROM written WHERE run = ?", (self._run,)).fetchone()
        wanted = [entry for entry in entries if entry.number > (done or 0)]
        for batch in (batch for entry in wanted for batch in entry.batches):
            placed = (anchor.place(batch) if anchor else None) or batch
            if placed.clock == "synced":
                _book(db, placed)
            else:
                _wait(db, placed, run=self._run, going_on=False)
        if wanted:
            db.execute("DELETE FROM written")
            db.execute("INSERT INTO written VALUES (?, ?)", (self._run, wanted[-1].number))

    def _set_aside(self, error: Exception) -> None:
        for suffix in _SIDE_FILES:
            part = Path(f"{self._path}{suffix}")
            if part.exists():
                part.replace(f"{damaged_path(self._path)}{suffix}")
        _log.warning(
            "the summary %s is damaged (%s); set aside as %s, and a new one begun",
            self._path,
            explained(error),
            damaged_path(self._path).name,
        )


def damaged_path(path: Path) -> Path:
    """Where a damaged file goes."""
    return path.with_name(f"{path.name}.damaged")


def clear(path: Path) -> int:
    """Delete everything that was counted, also from a file that was set aside; returns how many hours that were.

    A daemon may be writing it meanwhile. What is deleted is overwritten with zeros in the file.

    Raises:
        StorageError: the file cannot be written.
    """
    try:
        for suffix in _SIDE_FILES:
            Path(f"{damaged_path(path)}{suffix}").unlink(missing_ok=True)
        if not path.exists():
            return 0
        try:
            return _empty(path)
        except FAULTS as error:
            if not is_damage(error):
                raise
            for suffix in _SIDE_FILES:
                Path(f"{path}{suffix}").unlink(missing_ok=True)
            return 0
    except FAULTS as error:
        raise StorageError(f"the summary {path} cannot be deleted: {explained(error)}", "use sudo") from error


def _empty(path: Path) -> int:
    with writing(path) as db:
        (count,) = db.execute(_COUNT_HOURS).fetchone()
        for table in ("hours", "waiting"):
            db.execute(f"DELETE FROM {table}")  # noqa: S608 one of ours
    with closing(sqlite3.connect(path, timeout=5.0)) as db:
        db.execute("VACUUM")
    return int(count)


def _book(db: sqlite3.Connection, batch: Batch) -> None:
    key = (batch.hour.start_s, batch.hour.offset_s, batch.clock)
    row = db.execute(_READ_HOUR, key).fetchone()
    counts = from_columns(row).plus(batch.counts) if row else batch.counts
    db.execute(_WRITE_HOUR, (*key, batch.hour.day.isoformat(), *to_columns(counts)))


def _wait(db: sqlite3.Connection, batch: Batch, *, run: str, going_on: bool) -> None:
    key = (batch.hour.start_s, batch.hour.offset_s, batch.clock, batch.boot, batch.monotonic_s, run, going_on)
    db.execute(_WRITE_WAITING, (*key, *to_columns(batch.counts)))


def _waiting(db: sqlite3.Connection) -> list[tuple[int, str, bool, Batch]]:
    """Number, run, whether it goes on, and what."""
    rows = db.execute(
        f"SELECT number, run, going_on, start_s, offset_s, clock, boot, monotonic_s, {COUNTER_COLUMNS} FROM waiting"  # noqa: S608 the columns are ours
    ).fetchall()
    return [(number, run, bool(going_on), _batch_from(key)) for number, run, going_on, *key in rows]


def _batch_from(columns: Sequence[Any]) -> Batch:
    start_s, offset_s, clock, boot, monotonic_s, *counters = columns
    state: ClockState = "synced" if clock == "synced" else "unsynced"
    return Batch(hour_from(start_s, offset_s), state, str(boot), float(monotonic_s), from_columns(tuple(counters)))
