"""What the pipeline asks of its parts; any class of this shape will do."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from device.records import ClockState, Event, Expected, Face, Frame, Observation, Scores


class Clock(Protocol):
    """Time, as the pipeline may know it."""

    def monotonic_s(self) -> float:
        """Seconds that only ever grow."""
        ...

    def now(self) -> datetime:
        """The time of day, aware of its time zone (UTC)."""
        ...

    def state(self) -> ClockState:
        """Whether the time of day has been set from outside."""
        ...


class FrameSource(Protocol):
    """A camera, stream, file or folder."""

    @property
    def name(self) -> str:
        """What a person calls it: a device path, a URL without its password, a file."""
        ...

    @property
    def live(self) -> bool:
        """Whether frames arrive by themselves, so that late ones are dropped and an end is a fault."""
        ...

    def open(self) -> None:
        """Make it ready to read. Raises SourceError when it is not there."""
        ...

    def read(self) -> Frame | None:
        """The next frame, or None at the end. Raises SourceError when the source fails."""
        ...

    def close(self) -> None:
        """Let go of it; harmless when it is not open."""
        ...


class FaceFinder(Protocol):
    """Finds faces in frame after frame."""

    def find(self, frame: Frame, expected: Sequence[Expected]) -> list[Face]:
        """Faces in ``frame``, boxes in its pixels: those of ``expected`` that are seen, and new ones."""
        ...


class Classifier(Protocol):
    """Reads the expression of one face."""

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels, in the order of the scores."""
        ...

    def classify(self, crop: NDArray[np.uint8]) -> Scores:
        """Scores for one crop, uint8 (height, width, 1) as the contract's preprocessing gives it."""
        ...


class Sink(Protocol):
    """Where observations and events go: the broker, the overlay, a test's list."""

    def observe(self, observation: Observation) -> None:
        """Take note of the state after one frame."""
        ...

    def emit(self, event: Event) -> None:
        """Pass one event on; must not block."""
        ...
