"""Between source and pipeline: the newest frame of a live source, or every frame of a recording when it is due."""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from typing import Literal, Protocol

from device.errors import SourceError
from device.interfaces import Clock, FrameSource
from device.records import Frame
from device.sources.settings import SourceSettings

_LOGGER = logging.getLogger(__name__)

SourceState = Literal["ok", "lost"]


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
    def dropped(self) -> int:
        """How many frames were replaced by newer ones before they were asked for."""
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
    dropped = 0

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

    def close(self, timeout_s: float = 2.0) -> bool:  # noqa: ARG002 - nothing here can be stuck
        """Close the recording."""
        self._source.close()
        self._held = None
        return True


class LiveCapture:
    """The newest frame of a camera or stream, read by a thread that opens the source again when it is lost."""

    ended = False

    def __init__(self, source: FrameSource, settings: SourceSettings, clock: Clock) -> None:
        self._source = source
        self._settings = settings
        self._clock = clock
        self._changed = threading.Condition()
        self._newest: Frame | None = None
        self._dropped = 0
        self._last_frame_s = 0.0
        self._failed = False
        self._stall_told = False
        self._fault: Exception | None = None
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def state(self) -> SourceState:
        """Lost after a failure until frames come again, and while none has come for ``stall_timeout_s``."""
        with self._changed:
            silent_s = self._clock.monotonic_s() - self._last_frame_s
            return "lost" if self._failed or silent_s > self._settings.stall_timeout_s else "ok"

    @property
    def dropped(self) -> int:
        """How many frames were replaced by newer ones before they were asked for."""
        with self._changed:
            return self._dropped

    def start(self, *, must_open: bool = True) -> None:
        """Open the source and begin to read; see `Capture.start`."""
        if self._thread is not None and self._thread.is_alive():
            raise SourceError(f"{self._source.name} is still held by an earlier read", "restart affectd")
        if must_open:
            self._source.open()
        self._failed, self._stall_told, self._fault = not must_open, False, None
        self._last_frame_s = self._clock.monotonic_s()
        self._stop = threading.Event()
        # A daemon thread: one stuck in a driver's read must not keep the process from ending.
        self._thread = threading.Thread(target=self._run, args=(self._stop, must_open), name="capture", daemon=True)
        self._thread.start()

    def next(self, timeout_s: float) -> Frame | None:
        """The newest frame that was not given yet, None where none came within ``timeout_s`` seconds."""
        with self._changed:
            self._changed.wait_for(lambda: self._newest or self._fault or self._stop.is_set(), timeout_s)
            if self._fault is not None:
                raise self._fault
            frame, self._newest = self._newest, None
        if frame is None:
            self._tell_stall()
        return frame

    def close(self, timeout_s: float = 2.0) -> bool:
        """Stop reading; see `Capture.close`. A read that is stuck closes the source when it returns."""
        with self._changed:
            self._stop.set()
            self._newest = None
            self._changed.notify_all()
        if self._thread is None:
            return True
        self._thread.join(timeout_s)
        if self._thread.is_alive():
            _LOGGER.warning("%s does not let go: a read has not returned for %g s", self._source.name, timeout_s)
            return False
        return True

    def _run(self, stop: threading.Event, opened: bool) -> None:  # noqa: FBT001 - a thread's target takes plain arguments
        try:
            self._read_until(stop, opened=opened)
        except Exception as fault:  # noqa: BLE001 - raised again in the caller's thread by next()
            with self._changed:
                self._fault = fault
                self._changed.notify_all()
        finally:
            self._source.close()

    def _read_until(self, stop: threading.Event, *, opened: bool) -> None:
        delays_s = self._backoff()
        while not stop.is_set():
            try:
                if not opened:
                    self._source.open()
                    opened = True
                self._deliver(stop)
            except SourceError as error:
                self._source.close()
                opened = False
                if not self._failed:
                    delays_s = self._backoff()
                delay_s = next(delays_s)
                _LOGGER.warning("%s; trying again in %g s", error, delay_s)
                self._failed = True
                stop.wait(delay_s)

    def _deliver(self, stop: threading.Event) -> None:
        while not stop.is_set():
            frame = self._source.read()
            if frame is None:
                raise SourceError(f"{self._source.name} has ended")
            with self._changed:
                if stop.is_set():
                    return
                self._dropped += self._newest is not None
                self._newest = frame
                self._last_frame_s = self._clock.monotonic_s()
                back = self._failed or self._stall_told
                self._failed = self._stall_told = False
                self._changed.notify_all()
            if back:
                _LOGGER.info("%s gives frames", self._source.name)

    def _backoff(self) -> Iterator[float]:
        delay_s = self._settings.reopen_delay_s
        while True:
            yield delay_s
            delay_s = min(delay_s * 2.0, self._settings.reopen_delay_max_s)

    def _tell_stall(self) -> None:
        with self._changed:
            silent_s = self._clock.monotonic_s() - self._last_frame_s
            stalled = silent_s > self._settings.stall_timeout_s and not (self._failed or self._stall_told)
            self._stall_told |= stalled
        if stalled:
            _LOGGER.warning("%s has given no frame for %.1f s", self._source.name, silent_s)
