"""What a day was like, as the page is told of it: the memory's counts by hour, as JSON has them."""

import logging
from datetime import date
from pathlib import Path
from typing import Any

from device.errors import AffectdError
from device.summary.counts import Counts, DaySummary
from device.summary.database import SUMMARY_NAME
from device.summary.store import SummaryStore

_log = logging.getLogger(__name__)


def day_as_json(state_dir: Path, written_day: str) -> dict[str, Any] | None:
    """The day ``written_day``, YYYY-MM-DD, and its hours; None where that cannot be read, which the log then says."""
    try:
        day = date.fromisoformat(written_day)
        hours = SummaryStore(state_dir / SUMMARY_NAME).hours(day)
    except (AffectdError, ValueError) as error:
        _log.warning("the page cannot show the day: %s", error)
        return None
    whole = DaySummary.of(day, hours)
    return {
        "day": _counts_as_json(whole.counts) | {"clock": whole.clock},
        "hours": [
            _counts_as_json(hour.counts) | {"start": hour.start.isoformat(), "clock": hour.clock} for hour in hours
        ],
    }


def _counts_as_json(counts: Counts) -> dict[str, Any]:
    return {
        "visits": counts.visits,
        "looked": counts.looked,
        "mean_dwell_s": counts.mean_dwell_s,
        "median_dwell_s": counts.median_dwell_s,
        "emotion_s": dict(counts.emotion_s),
        "watched_s": counts.watched_s,
        "paused_s": counts.paused_s,
        "lost_s": counts.lost_s,
    }
