"""Whether the memory is sound and is written, for the doctor."""

import time
from datetime import UTC, datetime
from pathlib import Path
from shlex import quote

from device.errors import AffectdError, DataError
from device.summary.database import SUMMARY_NAME
from device.summary.ledger import WRITE_EVERY_S
from device.summary.store import SummaryStore
from device.summary.writer import damaged_path
from device.system.lock import LOCK_NAME, is_held
from device.tools.finding import Finding

_OVERDUE_S = 2.5 * WRITE_EVERY_S
_LOG = "journalctl -u affectd -g summary -n 5"


def examine_summary(state_dir: Path) -> Finding:
    """The file with the counters; nothing of it keeps the sensor from its work, so the worst is a warning."""
    path = state_dir / SUMMARY_NAME
    aside = damaged_path(path)
    try:
        count = len(SummaryStore(path).all_hours())
        written_s = path.stat().st_mtime if path.exists() else None
        kept_aside = aside.exists()
    except DataError as error:
        return Finding("warning", "summary", str(error), _LOG)
    except (AffectdError, OSError) as error:
        return Finding("warning", "summary", str(error), "sudo affectd doctor")
    late_s = time.time() - max(written_s or 0.0, _begun_s(state_dir))
    if is_held(state_dir) and late_s > _OVERDUE_S:
        told = f"{path} was not written for {late_s / 60:.0f} min, expected every {WRITE_EVERY_S / 60:.0f}"
        return Finding("warning", "summary", told, _LOG)
    told = "nothing was counted yet" if written_s is None else f"{count} hours counted, written {_when(written_s)}"
    if kept_aside:
        told = f"{told}; a damaged file of {_when(aside.stat().st_mtime)} was set aside"
        return Finding("warning", "summary", told, f"sudo rm {quote(str(aside))}*  # once nobody wants to mend it")
    return Finding("ok", "summary", told)


def _begun_s(state_dir: Path) -> float:
    """When the daemon there began, by the time of day: it writes its number into the lock then."""
    try:
        return (state_dir / LOCK_NAME).stat().st_mtime
    except OSError:
        return 0.0


def _when(time_s: float) -> str:
    return f"{datetime.fromtimestamp(time_s, UTC).astimezone():%Y-%m-%d %H:%M}"
