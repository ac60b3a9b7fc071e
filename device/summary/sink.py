"""The memory as a sink of the pipeline: counts in the loop, writes beside it."""

import logging
import math
import threading
import time
import uuid
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from pathlib import Path

from device.errors import AffectdError
from device.interfaces import Clock
from device.records import Event, Observation, SourceState
from device.summary.counts import DaySummary, Hour, HourSummary, total
from device.summary.database import FAULTS, explained
from device.summary.hours import hour_before, hours_of_day
from device.summary.ledger import WRITE_EVERY_S, Ledger
from device.summary.settings import SummarySettings
from device.summary.snapshot import SummarySnapshot
from device.summary.store import SummaryStore
from device.summary.tally import Visits
from device.summary.writer import Anchor, Batch, Entry, SummaryWriter
from device.system.log import LogOnce

_TURN_S = 1.0
_NEWS_EVERY_S = 10.0
_BETWEEN_PAUSES_S = 60.0
_SLOW_DISK_S = 60.0
_STEADY_S = 3600.0
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_EARLIEST = datetime(2026, 1, 1, tzinfo=UTC)
"""A clock that shows less was never set: affectd is younger."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Job:
    """What one write is to do; see `SummaryWriter.write`."""

    entries: tuple[Entry, ...]
    going_on: Batch | None
    anchor: Anchor | None
    today: date
    keep_from: date | None


@dataclass(frozen=True, slots=True)
class _Outcome:
    """Of one write: the entry that the file has now, None where it took none, and the hours that it has of late."""

    number: int | None
    stored: tuple[HourSummary, ...] | None
    fault: str | None


class SummarySink:
    """Counts what the pipeline sees, by hour; no call but ``close`` ever waits for the disk.

    All calls are for the one thread that owns the loop. A thread of its own writes: every ten minutes, when the camera
    is paused, and in the end. What the disk does not take is kept and tried again.

    Args:
        settings: the section ``summary``.
        path: the file; no other daemon may write it.
        clock: the machine's.
        boot: which start of the machine this is; the kernel's id when left out.
        zone: whose hours are meant; the machine's when left out.
    """

    def __init__(
        self,
        settings: SummarySettings,
        path: Path,
        *,
        clock: Clock,
        boot: str | None = None,
        zone: tzinfo | None = None,
    ) -> None:
        self._settings = settings
        self._path = path
        self._clock = clock
        self._zone = zone
        run = str(uuid.uuid4())
        boot = boot or _boot_id() or run
        self._ledger = Ledger(clock, boot, zone)
        self._visits = Visits(self._ledger.tally)
        self._writer = SummaryWriter(path, run, boot)
        self._source: SourceState = "lost"
        self._stored: tuple[HourSummary, ...] | None = None
        now_s = clock.monotonic_s()
        self._turned_s = -math.inf
        self._write_due_s = now_s
        self._write_begun_s = now_s
        self._news = True
        self._news_due_s = now_s
        self._writing: threading.Thread | None = None
        self._outcome: _Outcome | None = None
        self._trouble: str | None = None
        self._once = LogOnce(_log)

    @property
    def disk_trouble(self) -> str | None:
        """Why the counts stay in memory, and what to do; None while the disk takes them."""
        return self._trouble

    def observe(self, observation: Observation) -> None:
        """Count the faces of one frame."""
        self._visits.see(observation.faces)

    def emit(self, event: Event) -> None:
        """Count the visit of a face that has left."""
        if event.type == "face_left":
            self._visits.end(event.track)
            self._news = True

    def set_source_state(self, state: SourceState) -> None:
        """The source gives frames from now on, is paused, or is lost."""
        self._turn()
        self._source = state
        if state == "paused":
            self._write_due_s = min(self._write_due_s, self._write_begun_s + _BETWEEN_PAUSES_S)

    def check(self) -> None:
        """To be called on every turn of the loop: looks at the clock once a second, and has written what is due."""
        self._take_outcome()
        now_s = self._clock.monotonic_s()
        if now_s - self._turned_s < _TURN_S:
            return
        self._turn()
        if self._writing is not None:
            if now_s - self._write_begun_s > _SLOW_DISK_S:
                self._complain(f"the disk has not answered for {_SLOW_DISK_S:.0f} s")
        elif now_s >= self._write_due_s:
            self._begin_write()

    def news(self) -> SummarySnapshot | None:
        """What to publish, where it has changed; None where nothing is due.

        Before the file was read once there is nothing to say, nor while the clock shows a time that cannot be.
        """
        now_s = self._clock.monotonic_s()
        if not self._news or now_s < self._news_due_s or self._stored is None or not self._is_plausible():
            return None
        self._news = False
        self._news_due_s = now_s + _NEWS_EVERY_S
        return self.snapshot()

    def snapshot(self) -> SummarySnapshot:
        """The sums of the day and of the last hour, as far as they are known."""
        hour, last = self._ledger.hour, hour_before(self._ledger.hour, self._zone)
        hours = [*(self._stored or ()), *self._ledger.unwritten()]
        today = DaySummary.of(hour.day, [one for one in hours if one.day == hour.day])
        day_began = hours_of_day(hour.day, self._zone)[0].start
        return SummarySnapshot(self._clock.now(), self._ledger.clock_state, day_began, today, _summed(last, hours))

    def close(self, timeout_s: float = 3.0) -> None:
        """Write what is left, within about ``timeout_s``; the visits in view have to be ended before."""
        until_s = time.monotonic() + timeout_s
        self._turn()
        if self._await_write(until_s):  # it does not have the latest
            self._begin_write()
        if not self._await_write(until_s):
            _log.warning("the summary %s is not written to the end: the disk does not answer", self._path)
        self._news, self._news_due_s = True, self._turned_s

    def _await_write(self, until_s: float) -> bool:
        """Whether no write is under way any more."""
        if self._writing is not None:
            self._writing.join(max(0.0, until_s - time.monotonic()))
            self._take_outcome()
        return self._writing is None

    def _turn(self) -> None:
        self._turned_s = self._clock.monotonic_s()
        before = self._ledger.hour, self._ledger.clock_state
        self._ledger.turn(self._source)
        self._news = self._news or before != (self._ledger.hour, self._ledger.clock_state)

    def _begin_write(self) -> None:
        now_s = self._clock.monotonic_s()
        self._write_begun_s, self._write_due_s = now_s, now_s + WRITE_EVERY_S
        if self._zone is None:
            time.tzset()  # somebody may have moved the machine to another zone
        today = self._ledger.hour.day
        job = _Job(
            self._ledger.entries(),
            self._ledger.going_on(self._visits.going_on()),
            self._ledger.anchor,
            today,
            today - timedelta(days=self._settings.keep_days) if self._ledger.steady_s >= _STEADY_S else None,
        )
        self._outcome = None
        self._writing = threading.Thread(target=self._write, args=(job,), name="summary-writer", daemon=True)
        self._writing.start()

    def _write(self, job: "_Job") -> None:
        """In the thread that writes."""
        number, fault, stored = None, None, None
        try:
            self._writer.write(job.entries, job.going_on, anchor=job.anchor, keep_from=job.keep_from)
            number = job.entries[-1].number if job.entries else 0
        except FAULTS as error:
            fault = explained(error)
        with suppress(AffectdError):
            stored = SummaryStore(self._path).since(job.today - timedelta(days=1))
        self._outcome = _Outcome(number, stored, fault)

    def _take_outcome(self) -> None:
        if self._writing is None or self._writing.is_alive():
            return
        self._writing = None
        outcome, self._outcome = self._outcome, None
        if outcome is None:
            self._complain("a fault of our own")
            return
        if outcome.number is not None:
            self._ledger.confirm(outcome.number)
        if outcome.stored is not None:
            self._stored = outcome.stored
        self._news = True
        if outcome.fault:
            self._ledger.forget_before(self._ledger.hour.day - timedelta(days=self._settings.keep_days))
            self._complain(outcome.fault)
        elif self._trouble:
            _log.info("the summary %s can be written again", self._path)
            self._once.forget()
            self._trouble = None

    def _complain(self, fault: str) -> None:
        self._trouble = (
            f"the summary {self._path} cannot be written: {fault}; counts stay in memory until it can, and a power cut "
            "would take them; check the folder's permissions and the free space"
        )
        self._once.log("%s", self._trouble)

    def _is_plausible(self) -> bool:
        if self._ledger.clock_state == "synced":
            return True
        latest_s = max((one.hour.start_s for one in self._stored or ()), default=0)
        return self._ledger.hour.start_s >= max(latest_s, int(_EARLIEST.timestamp()))


def _summed(hour: Hour, hours: list[HourSummary]) -> HourSummary:
    found = [one for one in hours if one.hour == hour]
    unsure = any(one.clock == "unsynced" for one in found)
    return HourSummary(hour, total(one.counts for one in found), "unsynced" if unsure else "synced")


def _boot_id() -> str | None:
    try:
        return _BOOT_ID.read_text(encoding="ascii").strip() or None
    except (OSError, ValueError):
        return None
