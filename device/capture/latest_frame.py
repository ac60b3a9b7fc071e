"""A slot for one frame, between the thread that reads a source and the one that looks at what it gives."""

import threading

from device.interfaces import Clock
from device.records import Frame, SourceState


class NewestFrame:
    """The newest frame that was not taken yet, and whether frames come at all.

    Args:
        clock: the monotonic time.
        stall_timeout_s: a source that is silent for this long is lost, seconds.
    """

    def __init__(self, clock: Clock, stall_timeout_s: float) -> None:
        self._clock = clock
        self._stall_timeout_s = stall_timeout_s
        self._changed = threading.Condition()
        self._frame: Frame | None = None
        self._trouble: str | None = None
        self._last_put_s = 0.0
        self._lost = False
        self._stall_told = False
        self._closed = True
        self._fault: Exception | None = None

    def open(self, *, lost: bool) -> None:
        """Take frames from now on; the source counts as lost until its first one, or as sound."""
        with self._changed:
            self._lost, self._stall_told, self._closed, self._fault = lost, False, False, None
            self._trouble = None
            self._last_put_s = self._clock.monotonic_s()

    def begin(self) -> None:
        """The source is open: it is silent from now on, however long its opening took."""
        with self._changed:
            self._last_put_s = self._clock.monotonic_s()

    def close(self) -> None:
        """Take and give no more; whoever waits is woken."""
        with self._changed:
            self._closed = True
            self._frame = None
            self._changed.notify_all()

    def put(self, frame: Frame) -> bool:
        """Put ``frame`` in the place of the one before; whether that ends a loss or a silence."""
        with self._changed:
            if self._closed:
                return False
            self._frame = frame
            self._last_put_s = self._clock.monotonic_s()
            back = self._lost or self._stall_told
            self._lost = self._stall_told = False
            self._trouble = None
            self._changed.notify_all()
            return back

    def lose(self, why: str) -> None:
        """The source gives no frames until the next is put; one from before would begin what has just been ended."""
        with self._changed:
            self._lost = True
            self._trouble = why
            self._frame = None

    def fail(self, fault: Exception) -> None:
        """Let ``take`` and ``raise_fault`` raise ``fault``."""
        with self._changed:
            self._fault = fault
            self._changed.notify_all()

    def take(self, timeout_s: float) -> Frame | None:
        """The frame that was not taken yet; None where none comes within ``timeout_s`` seconds."""
        with self._changed:
            self._changed.wait_for(lambda: self._frame or self._fault or self._closed, timeout_s)
            self.raise_fault()
            frame, self._frame = self._frame, None
            return frame

    def raise_fault(self) -> None:
        """Raise what the reading thread came to an end by; nothing while it runs."""
        if self._fault is not None:
            raise self._fault

    def fallen_silent_s(self) -> float | None:
        """How long a source that is not known to be lost has been silent, seconds, told once; None for no stall."""
        with self._changed:
            silent_s = self._silent_s()
            if silent_s <= self._stall_timeout_s or self._lost or self._stall_told:
                return None
            self._stall_told = True
            return silent_s

    @property
    def state(self) -> SourceState:
        """Lost after a failure until frames come again, and while none has come for ``stall_timeout_s``."""
        with self._changed:
            return "lost" if self._lost or self._silent_s() > self._stall_timeout_s else "ok"

    @property
    def trouble(self) -> str | None:
        """Why the source is lost, as far as it is known; None while it gives frames."""
        with self._changed:
            return self._trouble

    def _silent_s(self) -> float:
        return self._clock.monotonic_s() - self._last_put_s
