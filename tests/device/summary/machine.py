"""A machine whose clock a test moves, with a summary and a pipeline's end before it."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from device.events.derive import EventDeriver
from device.records import UNCERTAIN, Box, ClockState, LeaveReason, Observation, ObservedFace, Reading, Track
from device.summary.database import SUMMARY_NAME
from device.summary.settings import SummarySettings
from device.summary.sink import SummarySink
from device.summary.store import SummaryStore
from tests.device.sightings import frame_at, reading

BERLIN = ZoneInfo("Europe/Berlin")
DAY = date(2026, 11, 20)
NOON = datetime(2026, 11, 20, 11, 0, tzinfo=UTC)
"""Twelve in Berlin."""


def _reading(emotion: str | None) -> Reading | None:
    if emotion is None:
        return None
    return Reading(UNCERTAIN, reading("happy").scores, 0.0) if emotion == UNCERTAIN else reading(emotion)


class Clock:
    """Monotonic time, and a time of day that may be set to anything."""

    def __init__(self, now: datetime = NOON, state: ClockState = "synced") -> None:
        self.time_s = 50.0
        self._origin = now - timedelta(seconds=self.time_s)
        self._state: ClockState = state

    def monotonic_s(self) -> float:
        return self.time_s

    def now(self) -> datetime:
        return self._origin + timedelta(seconds=self.time_s)

    def state(self) -> ClockState:
        return self._state

    def set(self, now: datetime, state: ClockState = "synced") -> None:
        self._origin = now - timedelta(seconds=self.time_s)
        self._state = state


class Machine:
    """One boot, in which the daemon may be started several times."""

    def __init__(self, folder: Path, clock: Clock | None = None, *, boot: str = "boot", keep_days: int = 90) -> None:
        self.path = folder / SUMMARY_NAME
        self.clock = clock or Clock()
        self.store = SummaryStore(self.path)
        self._boot = boot
        self._settings = SummarySettings(keep_days=keep_days)
        self._tracks = 0
        self.start()

    def start(self) -> None:
        """Start a daemon; one that ran is gone, as after a kill."""
        self.sink = SummarySink(self._settings, self.path, clock=self.clock, boot=self._boot, zone=BERLIN)
        self._deriver = EventDeriver(self.clock)
        self.settle()
        self.sink.set_source_state("ok")

    def stop(self) -> None:
        """End the daemon in order."""
        self.leave("stopped")
        self.sink.close()

    def settle(self) -> None:
        """One turn of the loop, and wait for what it writes."""
        self.sink.check()
        if self.sink._writing:
            self.sink._writing.join()
        self.sink.check()

    def wait(self, seconds: float, step_s: float = 30.0) -> None:
        """Let time pass; nobody comes."""
        until_s = self.clock.time_s + seconds
        while self.clock.time_s < until_s:
            self.clock.time_s = min(until_s, self.clock.time_s + step_s)
            self.settle()

    def wait_until(self, moment: datetime) -> None:
        self.wait((moment - self.clock.now()).total_seconds())

    def see(
        self, seconds: float, emotion: str | None = "happy", *, frontalness: float = 1.0, step_s: float = 1.0
    ) -> None:
        """Somebody is in view for so long, and stays."""
        if self._tracks == 0 or not self._deriver._faces:
            self._tracks += 1
            self._first_s = self.clock.time_s
        until_s = self.clock.time_s + seconds
        while self.clock.time_s < until_s:
            self.clock.time_s = min(until_s, self.clock.time_s + step_s)
            now_s = self.clock.time_s
            track = Track(
                self._tracks, Box(64, 48, 128, 96), self._first_s, now_s, visible=True, frontalness=frontalness
            )
            self._tell(ObservedFace(track, _reading(emotion)))
            self.settle()

    def leave(self, reason: LeaveReason = "lost") -> None:
        """Whoever is in view leaves."""
        for event in self._deriver.end_all(reason):
            self.sink.emit(event)

    def visit(self, seconds: float = 10.0, emotion: str | None = "happy", **how) -> None:
        """Somebody comes, stays for so long, and leaves."""
        self.see(seconds, emotion, **how)
        self.leave()

    def _tell(self, *faces: ObservedFace) -> None:
        observation = Observation(frame_at(self.clock.time_s), faces)
        events = self._deriver.derive(observation)
        self.sink.observe(observation)
        for event in events:
            self.sink.emit(event)

    @property
    def visits(self) -> int:
        """Of all time, as the file has them."""
        return sum(day.counts.visits for day in self.store.days())
