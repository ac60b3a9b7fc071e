"""Between source and pipeline: the newest frame of a live source, or every frame of a recording when it is due."""

import logging
import threading
import time
from collections.abc import Callable
from typing import Protocol

from device.capture.latest_frame import NewestFrame
from device.capture.reader import SourceReader
from device.capture.sources.settings import SourceSettings
from device.errors import SourceError
from device.interfaces import Clock, FrameSource
from device.records import Frame, SourceState

_LOGGER = logging.getLogger(__name__)

_CHECK_S = 0.25


class Capture(Protocol):
    """What the pipeline's loop asks for frames."""

    @property
    def state(self) -> SourceState:
        """Whether frames come."""
        ...

    @property
    def ended(self) -> bool:
        """Whether the last frame has been given; never so for a live source."""
        ...

    @property
    def trouble(self) -> str | None:
        """Why frames do not come, in a sentence without a final stop; None while they do, or nobody knows."""
        ...

    def start(self, *, must_open: bool = True) -> None:
        """Open the source.

        Args:
            must_open: raise SourceError where it does not open; else a live source is "lost" and is tried again.
        """
        ...

    def next(self, timeout_s: float) -> Frame | None:
        """The next frame, or None where none came within ``timeout_s`` seconds or the recording has ended."""
        ...

    def check(self) -> None:
        """Raise HangError where a call into the source hangs; `next` does this where it has no frame."""
        ...

    def close(self, timeout_s: float = 2.0) -> bool:
        """Let go of the source; may be started again. False where a stuck read still holds it after ``timeout_s``."""
        ...


def build_capture(
    source: FrameSource, settings: SourceSettings, clock: Clock, wait: Callable[[float], object] = time.sleep
) -> Capture:
    """The capture that fits ``source``; ``wait`` is how a recording waits for a frame's time, in seconds."""
    if source.live:
        return LiveCapture(source, settings, clock)
    return RecordedCapture(source, settings, clock, wait)


class RecordedCapture:
    """Every frame of a recording, in order and in the caller's thread; in real time each when it is due."""

    state: SourceState = "ok"
    trouble: str | None = None

    def __init__(
        self,
        source: FrameSource,
        settings: SourceSettings,
        clock: Clock,
        wait: Callable[[float], object] = time.sleep,
    ) -> None:
        self.ended = False
        self._source = source
        self._real_time = settings.pace == "real-time"
        self._clock = clock
        self._wait = wait
        self._held: Frame | None = None

    def start(self, *, must_open: bool = True) -> None:  # noqa: ARG002 - a recording that is not there never comes
        """Open the recording at its beginning. Raises SourceError."""
        self._source.open()
        self.ended = False
        self._held = None

    def next(self, timeout_s: float) -> Frame | None:
        """The next frame once it is due; None where it is not within ``timeout_s`` seconds, or at the end."""
        if self.ended:
            return None
        frame = self._held or self._source.read()
        if frame is None:
            self.ended = True
            return None
        early_s = frame.time_s - self._clock.monotonic_s() if self._real_time else 0.0
        if early_s > 0.0:
            self._wait(min(early_s, timeout_s))
        self._held = frame if early_s > timeout_s else None
        return None if self._held else frame

    def check(self) -> None:
        """Nothing in here hangs."""

    def close(self, timeout_s: float = 2.0) -> bool:  # noqa: ARG002 - nothing here can be stuck
        """Close the recording."""
        self._source.close()
        self._held = None
        return True


class LiveCapture:
    """The newest frame of a camera or stream, read by a thread that opens the source again when it is lost."""

    ended = False

    def __init__(self, source: FrameSource, settings: SourceSettings, clock: Clock) -> None:
        self._name = source.name
        self._slot = NewestFrame(clock, settings.stall_timeout_s)
        self._reader = SourceReader(source, settings, clock, self._slot)
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._stuck_told = False

    @property
    def state(self) -> SourceState:
        """See `NewestFrame.state`."""
        return self._slot.state

    @property
    def trouble(self) -> str | None:
        """See `NewestFrame.trouble`."""
        return self._slot.trouble

    def start(self, *, must_open: bool = True) -> None:
        """Open the source and begin to read; see `Capture.start`."""
        if self._thread is not None and self._thread.is_alive():
            raise SourceError(f"{self._name} is still held by an earlier read", "restart affectd")
        self._slot.open(lost=not must_open)
        self._stop = threading.Event()
        self._stuck_told = False
        ready = threading.Event()
        # A daemon thread: one stuck in a driver's call must not keep the process from ending.
        self._thread = threading.Thread(
            target=self._run, args=(self._stop, ready, must_open), name="capture", daemon=True
        )
        self._thread.start()
        while not ready.wait(_CHECK_S):
            self.check()
        try:
            self._slot.raise_fault()
        except Exception:
            self.close()  # the thread may still be at it, and would bar another start
            raise

    def next(self, timeout_s: float) -> Frame | None:
        """The newest frame that was not given yet, None where none came within ``timeout_s`` seconds."""
        frame = self._slot.take(timeout_s)
        if frame is None:
            silent_s = self._slot.fallen_silent_s()
            if silent_s is not None:
                _LOGGER.warning("%s has given no frame for %.1f s", self._name, silent_s)
            self.check()
        return frame

    def check(self) -> None:
        """Raise HangError where a call into the source hangs."""
        self._reader.check()

    def close(self, timeout_s: float = 2.0) -> bool:
        """Stop reading; see `Capture.close`. A read that is stuck closes the source when it returns."""
        self._stop.set()
        self._slot.close()
        if self._thread is None:
            return True
        self._thread.join(timeout_s)
        if self._thread.is_alive():
            if not self._stuck_told:
                _LOGGER.warning("%s does not let go: a read has not returned for %g s", self._name, timeout_s)
            self._stuck_told = True
            return False
        return True

    def _run(self, stop: threading.Event, ready: threading.Event, must_open: bool) -> None:  # noqa: FBT001 - a thread's target takes plain arguments
        try:
            if must_open:
                self._reader.open()
                self._slot.begin()
            ready.set()
            self._reader.read_until(stop)
        except Exception as fault:  # noqa: BLE001 - raised again in the caller's thread by start() or next()
            self._slot.fail(fault)
        finally:
            ready.set()
            self._reader.close()
