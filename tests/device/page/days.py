"""A day as the memory would have it, made by a clock of the test's own."""

from datetime import date, datetime, timedelta, timezone
from pathlib import Path

from device.summary.counts import Counts, dwell_bin
from device.summary.database import SUMMARY_NAME, to_columns, writing

VISITS = {8: 3, 9: 9, 10: 14, 11: 22, 12: 31, 13: 18, 14: 0, 15: 26, 16: 34, 17: 41, 18: 23, 19: 12, 20: 5}
PAUSED_HOUR, LOST_HOUR = 14, 20
_SHARES = {"neutral": 0.38, "happy": 0.3, "surprise": 0.1, "sad": 0.06, "angry": 0.03, "uncertain": 0.13}


def write_day(state_dir: Path, day: date, offset_h: float | None = None) -> int:
    """Write ``day`` into the file in ``state_dir``, by default in the machine's own zone; returns its visits."""
    state_dir.mkdir(parents=True, exist_ok=True)
    with writing(state_dir / SUMMARY_NAME) as db:
        for hour, visits in VISITS.items():
            start = datetime(day.year, day.month, day.day, hour)  # noqa: DTZ001 it becomes aware in the next line
            start = (
                start.astimezone() if offset_h is None else start.replace(tzinfo=timezone(timedelta(hours=offset_h)))
            )
            columns = to_columns(_counts(hour, visits))
            values = (
                int(start.timestamp()),
                int(start.utcoffset().total_seconds()),
                "synced",
                day.isoformat(),
                *columns,
            )
            db.execute(f"INSERT INTO hours VALUES ({', '.join('?' for _ in values)})", values)  # noqa: S608 ours
    return sum(VISITS.values())


def _counts(hour: int, visits: int) -> Counts:
    lengths_s = [8.0 + 3.0 * number for number in range(visits)]
    bins: dict[int, int] = {}
    for length_s in lengths_s:
        bins[dwell_bin(length_s)] = bins.get(dwell_bin(length_s), 0) + 1
    happier = 0.02 * (hour - 12)
    shares = _SHARES | {"happy": _SHARES["happy"] + happier, "neutral": _SHARES["neutral"] - happier}
    stay_s = sum(lengths_s)
    return Counts(
        visits=visits,
        looked=round(0.7 * visits),
        dwell_s=stay_s,
        dwell_bins=bins,
        emotion_s={emotion: share * stay_s for emotion, share in shares.items()} if visits else {},
        presence_s=stay_s,
        frontal_s=0.6 * stay_s,
        watched_s=300.0 if hour == PAUSED_HOUR else 2700.0 if hour == LOST_HOUR else 3600.0,
        paused_s=3300.0 if hour == PAUSED_HOUR else 0.0,
        lost_s=900.0 if hour == LOST_HOUR else 0.0,
    )
