"""What OpenCV's live sources share: frames carry the moment they were taken, and an end is a fault."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

import cv2
from numpy.typing import NDArray

from device.capture.sources.frames import set_up_opencv
from device.capture.sources.timestamps import SensorTime
from device.errors import SourceError
from device.interfaces import Clock
from device.records import Frame

_BAD_FRAMES_IN_A_ROW = 10  # a USB camera's first pictures are often damaged


class LiveSource(ABC):
    """A camera or stream.

    Args:
        name: what a person calls it.
        clock: stamps the frames.
        kernel_clocks_ns: the clocks that its own timestamps may come from; see `SensorTime`.
    """

    live = True

    def __init__(self, name: str, clock: Clock, kernel_clocks_ns: tuple[Callable[[], int], ...] = ()) -> None:
        self.name = name
        self._time = SensorTime(clock, kernel_clocks_ns)
        self._capture: cv2.VideoCapture | None = None
        self._index = 0

    def open(self) -> None:
        """Connect. Raises SourceError when nothing is there."""
        self.close()
        set_up_opencv()
        self._capture = self._connect()

    def read(self) -> Frame:
        """Wait for the next frame. Raises SourceError when none comes any more, or only damaged ones."""
        if self._capture is None:
            raise SourceError(f"{self.name} is not open")
        for _ in range(_BAD_FRAMES_IN_A_ROW):
            if not self._grab(self._capture):
                raise SourceError(f"{self.name} gives no more frames", "check its cable, power and network")
            time_s, taken_at = self._time.place(self._sensor_ns(self._capture))
            index, self._index = self._index, self._index + 1
            retrieved, data = self._capture.retrieve()
            pictures = self._decode(data) if retrieved else None
            if pictures is not None:
                return Frame(time_s=time_s, taken_at=taken_at, index=index, **pictures)
        raise SourceError(f"{self.name} gives only damaged pictures", "check its cable, power and network")

    def close(self) -> None:
        """Let go of it."""
        if self._capture is not None:
            self._capture.release()
            self._capture = None

    def _grab(self, capture: cv2.VideoCapture) -> bool:
        """Wait for the next frame; False where none comes."""
        return bool(capture.grab())

    def _sensor_ns(self, capture: cv2.VideoCapture) -> int | None:  # noqa: ARG002 - for those that have one
        """When the frame that was just grabbed was taken, by one of the kernel's clocks; None where nobody says."""
        return None

    @abstractmethod
    def _connect(self) -> cv2.VideoCapture: ...

    @abstractmethod
    def _decode(self, data: NDArray[Any]) -> dict[str, Any] | None:
        """The parts of a `Frame` that are in what was retrieved; None where it is damaged."""
        ...
