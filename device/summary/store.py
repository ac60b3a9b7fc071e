"""What was counted, for who wants to read it: the command line, the page, the message on the broker."""

import sqlite3
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Any

from device.errors import DataError, RecordError, StorageError
from device.records import ClockState
from device.summary.counts import DaySummary, Hour, HourSummary, total
from device.summary.database import COUNTER_COLUMNS, FAULTS, explained, from_columns, is_damage, reading

# What waits for the clock is shown where the clock that nobody had set puts it. Visits that go on are not counted yet.
_ROWS = f"""
SELECT start_s, offset_s, clock, {COUNTER_COLUMNS} FROM hours WHERE day BETWEEN ? AND ?
UNION ALL
SELECT start_s, offset_s, 'unsynced', {COUNTER_COLUMNS} FROM waiting WHERE NOT going_on
"""  # noqa: S608 the columns are ours
_READONLY = sqlite3.SQLITE_READONLY


class SummaryStore:
    """Reads the file of a daemon that may be writing it; nothing is kept open, and nothing is written.

    Every call sees the file as it is at one moment. Before the first was written there is nothing in it.

    Args:
        path: the file, ``SUMMARY_NAME`` in the daemon's state directory.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def hours(self, day: date) -> tuple[HourSummary, ...]:
        """The hours of the local ``day`` in which anything was counted, in order.

        An hour that is missing is one in which no daemon ran; ``device.summary.hours.hours_of_day`` names all.

        Raises:
            DataError: the file is damaged; the daemon sets it aside when it writes the next time.
            StorageError: the file cannot be read.
        """
        return self.since(day, day)

    def day(self, day: date) -> DaySummary:
        """The whole of the local ``day``. Raises as ``hours``."""
        return DaySummary.of(day, self.hours(day))

    def days(self) -> tuple[DaySummary, ...]:
        """Every day in which anything was counted, in order. Raises as ``hours``."""
        by_day: dict[date, list[HourSummary]] = {}
        for hour in self.all_hours():
            by_day.setdefault(hour.day, []).append(hour)
        return tuple(DaySummary.of(day, hours) for day, hours in sorted(by_day.items()))

    def all_hours(self) -> tuple[HourSummary, ...]:
        """Every hour in which anything was counted, in order. Raises as ``hours``."""
        return self.since(date.min)

    def since(self, first: date, last: date = date.max) -> tuple[HourSummary, ...]:
        """The hours of the local days from ``first`` to ``last``, both included. Raises as ``hours``."""
        try:
            self._path.stat()
            with reading(self._path) as db:
                hours = _summed(db.execute(_ROWS, (first.isoformat(), last.isoformat())))
        except FileNotFoundError:
            return ()
        except FAULTS as error:
            raise _explained(self._path, error) from error
        return tuple(hour for hour in hours if first <= hour.day <= last)


def _summed(rows: Iterable[tuple[Any, ...]]) -> tuple[HourSummary, ...]:
    """Rows of the same hour together."""
    found: dict[Hour, HourSummary] = {}
    for start_s, offset_s, clock, *columns in rows:
        hour = hour_from(start_s, offset_s)
        counts, known = from_columns(tuple(columns)), found.get(hour)
        state: ClockState = "unsynced" if clock == "unsynced" or (known and known.clock == "unsynced") else "synced"
        found[hour] = HourSummary(hour, total([known.counts, counts]) if known else counts, state)
    return tuple(summary for _, summary in sorted(found.items()))


def hour_from(start_s: Any, offset_s: Any) -> Hour:
    """The hour of a row. Raises RecordError where damage has left none there."""
    try:
        hour = Hour(int(start_s), int(offset_s))
        _ = hour.start, hour.day
    except (TypeError, ValueError, OverflowError, OSError) as error:
        raise RecordError(f"this is no hour: {error}") from None
    return hour


def _explained(path: Path, error: Exception) -> DataError | StorageError:
    if is_damage(error):
        return DataError(
            f"the summary {path} is damaged: {explained(error)}", "the daemon sets it aside and begins a new one"
        )
    if getattr(error, "sqlite_errorcode", 0) & 0xFF == _READONLY:
        return StorageError(f"a power cut has left a write unfinished in {path}", "start the daemon, which mends it")
    return StorageError(
        f"the summary {path} cannot be read: {explained(error)}", "use sudo, or check that the daemon is stopped"
    )
