"""Observations as a pipeline would make them, without one."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from device.records import Box, ClockState, Event, Frame, Observation, ObservedFace, Reading, RelativeBox, Scores, Track

LABELS = ("happy", "neutral", "sad")
NOON = datetime(2026, 11, 20, 12, 0, 0, tzinfo=UTC)
WIDTH, HEIGHT = 640, 480
STANDING: dict[str, Any] = {"version": "0.1.0", "source": "ok", "disk_ok": True}
"""What ``stats`` says of a device besides figures."""


@dataclass
class FakeClock:
    """Time that stands still until it is moved; ``ahead_s`` sets the time of day forward."""

    time_s: float = 0.0
    clock_state: ClockState = "synced"
    ahead_s: float = 0.0

    def monotonic_s(self) -> float:
        return self.time_s

    def now(self) -> datetime:
        return NOON + timedelta(seconds=self.time_s + self.ahead_s)

    def state(self) -> ClockState:
        return self.clock_state


def frame_at(time_s: float, index: int = 0) -> Frame:
    return Frame(np.zeros((HEIGHT, WIDTH), np.uint8), time_s, NOON + timedelta(seconds=time_s), index)


def reading(emotion: str, since_s: float = 0.0, confidence: float = 0.8) -> Reading:
    rest = (1 - confidence) / (len(LABELS) - 1)
    return Reading(
        emotion, Scores(LABELS, tuple(confidence if label == emotion else rest for label in LABELS)), since_s
    )


def face(
    track: int,
    emotion: Reading | None = None,
    *,
    box: Box | None = None,
    first_seen_s: float = 0.0,
    last_seen_s: float = 0.0,
) -> ObservedFace:
    last_seen_s = max(first_seen_s, last_seen_s)
    return ObservedFace(Track(track, box or Box(64, 48, 128, 96), first_seen_s, last_seen_s, visible=True), emotion)


def sight(time_s: float, *faces: ObservedFace, ended: tuple[ObservedFace, ...] = ()) -> Observation:
    return Observation(frame_at(time_s), faces, ended)


def change(number: int, emotion: str = "happy", clock: ClockState = "synced") -> Event:
    """A valid event whose track is ``number``, by which a test knows it again."""
    return Event(
        id=f"00000000-0000-4000-8000-{number:012d}",
        type="emotion_changed",
        time=NOON,
        clock=clock,
        track=number,
        box=RelativeBox(0.1, 0.1, 0.2, 0.2),
        emotion=emotion,
        confidence=0.8,
        probabilities={"happy": 0.8, "neutral": 0.1, "sad": 0.1},
    )
