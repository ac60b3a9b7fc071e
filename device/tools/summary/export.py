"""Hours for other programs: CSV for a spreadsheet, JSON for all else."""

import csv
import io
import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from device.summary.counts import Counts, HourSummary

_BEGINS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def to_csv(hours: Sequence[HourSummary]) -> str:
    """A line for each of ``hours``, with the seconds and the visits of each emotion in columns of their own."""
    labels = sorted({label for hour in hours for label in (*hour.counts.emotion_s, *hour.counts.dominant)})
    written = io.StringIO()
    table = csv.writer(written, lineterminator="\n")
    names = list(_figures(Counts()))
    columns = [*names, *(f"{label}_s" for label in labels), *(f"{label}_visits" for label in labels)]
    table.writerow(["start", "day", "clock", *map(_harmless, columns)])
    for hour in hours:
        seconds = [round(hour.counts.emotion_s.get(label, 0.0), 1) for label in labels]
        visits = [hour.counts.dominant.get(label, 0) for label in labels]
        figures = ["" if value is None else value for value in _figures(hour.counts).values()]
        table.writerow([hour.start.isoformat(), hour.day.isoformat(), hour.clock, *figures, *seconds, *visits])
    return written.getvalue()


def to_json(hours: Iterable[HourSummary]) -> str:
    """An array with an object for each of ``hours``."""
    return json.dumps([_as_object(hour.start, hour) for hour in hours], ensure_ascii=False, indent=1)


def _as_object(start: datetime, hour: HourSummary) -> dict[str, Any]:
    emotion_s = {label: round(amount_s, 1) for label, amount_s in sorted(hour.counts.emotion_s.items())}
    named = {"start": start.isoformat(), "day": hour.day.isoformat(), "clock": hour.clock}
    return (
        named | _figures(hour.counts) | {"emotion_s": emotion_s, "dominant": dict(sorted(hour.counts.dominant.items()))}
    )


def _figures(counts: Counts) -> dict[str, Any]:
    return {
        "visits": counts.visits,
        "looked": counts.looked,
        "mean_dwell_s": _rounded(counts.mean_dwell_s),
        "median_dwell_s": _rounded(counts.median_dwell_s),
        "presence_s": _rounded(counts.presence_s),
        "frontal_s": _rounded(counts.frontal_s),
        "watched_s": _rounded(counts.watched_s),
        "paused_s": _rounded(counts.paused_s),
        "lost_s": _rounded(counts.lost_s),
    }


def _rounded(amount_s: float | None) -> float | None:
    return None if amount_s is None else round(amount_s, 1)


def _harmless(text: str) -> str:
    """A label comes from a model, and that from anybody: no spreadsheet is to take it for a formula."""
    return f"'{text}" if text.startswith(_BEGINS_A_FORMULA) else text
