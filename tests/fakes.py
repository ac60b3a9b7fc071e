"""Parts of the pipeline that do as a test tells them."""

from datetime import UTC, datetime, timedelta

import numpy as np

from device.records import Box, Event, Face, Frame, Observation, Scores

LABELS = ("happy", "sad", "neutral")
START = datetime(2026, 11, 20, 15, 42, tzinfo=UTC)


class FakeClock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.time_s = 100.0

    def monotonic_s(self) -> float:
        return self.time_s

    def now(self) -> datetime:
        return START + timedelta(seconds=self.time_s)

    def state(self):
        return "synced"


class ScriptedFinder:
    """Finds the boxes it is given, frame after frame; nothing once the script is over."""

    def __init__(self, *boxes_per_frame: list[Box]) -> None:
        self._script = iter(boxes_per_frame)

    def find(self, _, __):
        return [Face(box, 10.0) for box in next(self._script, [])]


class BrightnessClassifier:
    """Calls a bright face happy and a dark one sad."""

    labels = LABELS

    def classify(self, crop) -> Scores:
        return Scores(LABELS, (0.9, 0.05, 0.05) if crop.mean() > 127 else (0.05, 0.9, 0.05))


class ListSink:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.observations: list[Observation] = []
        self.events: list[Event] = []

    def observe(self, observation) -> None:
        self.observations.append(observation)

    def emit(self, event) -> None:
        self.events.append(event)


def frame(
    index: int, fps: float = 10.0, level: int = 200, size: tuple[int, int] = (480, 640), contrast: int = 0
) -> Frame:
    """A frame of one grey level on average, with a sharp pattern where there is to be contrast."""
    time_s = 100.0 + index / fps
    pattern = np.indices(size).sum(axis=0) // 4 % 2 * 2 * contrast - contrast
    return Frame(
        np.clip(level + pattern, 0, 255).astype(np.uint8), time_s, START + timedelta(seconds=index / fps), index
    )
