"""Days and hours as lines of text."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from device.summary.counts import Counts, DaySummary, HourSummary

_HEADER = ("", "VISITS", "MEAN", "MEDIAN", "LOOKED", "SHOWN")
_MOST_SHOWN = 3
_BRIEF_S = 30.0


def day_lines(days: Sequence[DaySummary]) -> Iterator[str]:
    """A table with a line for each of ``days``."""
    yield from _table("DAY", [(one.day.isoformat(), one.counts, one.clock) for one in days])


def hour_lines(hours: Sequence[HourSummary]) -> Iterator[str]:
    """A table with a line for each of ``hours``, which are those of one day."""
    offsets = {hour.start.utcoffset() for hour in hours}
    rows = [(_clock_time(hour.start, with_offset=len(offsets) > 1), hour.counts, hour.clock) for hour in hours]
    yield from _table("HOUR", rows)


def _clock_time(moment: datetime, *, with_offset: bool) -> str:
    """With its offset on a day that has two of them: an hour may come twice."""
    return f"{moment:%H:%M}{moment.isoformat()[-6:]}" if with_offset else f"{moment:%H:%M}"


def _table(kind: str, rows: Sequence[tuple[str, Counts, str]]) -> Iterator[str]:
    cells: list[tuple[str, ...]] = [(kind, *_HEADER[1:], "")]
    cells += [(name, *_figures(counts), _note(counts, clock)) for name, counts, clock in rows]
    widths = [max(len(row[column]) for row in cells) for column in range(len(_HEADER) + 1)]
    for row in cells:
        left, *numbers, shown, note = row
        aligned = [number.rjust(width) for number, width in zip(numbers, widths[1:5], strict=True)]
        yield "  ".join([left.ljust(widths[0]), *aligned, shown.ljust(widths[5]), note]).rstrip()


def _figures(counts: Counts) -> tuple[str, ...]:
    if not counts.watched_s and not counts.visits:
        return ("", "", "", "", "")
    shares = sorted(counts.emotion_shares.items(), key=lambda one: -one[1])[:_MOST_SHOWN]
    return (
        str(counts.visits),
        length(counts.mean_dwell_s),
        length(counts.median_dwell_s),
        f"{counts.looked / counts.visits:.0%}" if counts.visits else "-",
        ", ".join(f"{label} {share:.0%}" for label, share in shares) or "-",
    )


def _note(counts: Counts, clock: str) -> str:
    """What else there is to say; where nobody came because nobody watched, that."""
    parts = [
        f"{told} {length(amount_s)}"
        for told, amount_s in (("paused", counts.paused_s), ("camera lost", counts.lost_s))
        if amount_s >= _BRIEF_S
    ]
    if not counts.watched_s and not parts:
        parts = ["not running"]
    return ", ".join([*parts, "clock not set"] if clock == "unsynced" else parts)


def length(amount_s: float | None) -> str:
    """Seconds in words: 8 s, 12 min, 3.5 h."""
    if amount_s is None:
        return "-"
    if amount_s < 99.5:
        return f"{amount_s:.1f} s" if amount_s < 9.95 else f"{amount_s:.0f} s"
    return f"{amount_s / 60:.0f} min" if amount_s < 99.5 * 60 else f"{amount_s / 3600:.1f} h"
