"""A capture that obeys the privacy switch."""

import logging
import math

from device.capture.capture import Capture
from device.capture.privacy_switch import PauseSwitch
from device.interfaces import Clock
from device.records import Frame, SourceState

_log = logging.getLogger(__name__)


class SwitchedCapture:
    """A capture that is closed while the privacy switch is on, and opened again when it is turned off.

    Args:
        capture: reads the source.
        switch: decides.
        clock: the monotonic time.
        opening_s: how long the source may take to open again before it counts as lost, seconds.
    """

    def __init__(self, capture: Capture, switch: PauseSwitch, clock: Clock, *, opening_s: float) -> None:
        self._capture = capture
        self._switch = switch
        self._clock = clock
        self._opening_s = opening_s
        self._watching = False
        self._closed = True
        self._opening_until_s = -math.inf

    @property
    def state(self) -> SourceState:
        """``pausing`` until the camera is closed; ``paused`` until it gives frames again, or takes too long to."""
        if not self._watching:
            return "paused" if self._closed else "pausing"
        state = self._capture.state
        return "paused" if state == "lost" and self._clock.monotonic_s() < self._opening_until_s else state

    @property
    def paused(self) -> bool:
        """Whether the source is closed because of the switch."""
        return self._closed and not self._watching

    @property
    def ended(self) -> bool:
        """See `Capture.ended`."""
        return self._watching and self._capture.ended

    @property
    def trouble(self) -> str | None:
        """See `Capture.trouble`."""
        return self._capture.trouble

    def start(self, *, must_open: bool = True) -> None:
        """As `Capture.start`; while the switch is on, the source is not touched."""
        if not self._switch.paused:
            self._begin(must_open=must_open)

    def next(self, timeout_s: float) -> Frame | None:
        """As `Capture.next`; while the switch is on there are no frames. Raises SourceError for a lost recording."""
        if self._switch.paused and self._watching:
            self._watching = False
            self._close()
            if not self._closed:
                _log.warning("pausing: the camera is still open, for it does not answer; it is closed once it does")
        if not self._watching and not self._reopened(timeout_s):
            self._capture.check()  # one that hangs has not let go of the camera: private it is only after our end
            return None
        frame = self._capture.next(timeout_s)
        if self._switch.paused:
            return None  # taken while the switch was being turned
        if frame is not None:
            self._opening_until_s = -math.inf
        return frame

    def check(self) -> None:
        """See `Capture.check`."""
        self._capture.check()

    def close(self, timeout_s: float = 2.0) -> bool:
        """See `Capture.close`; and have the switch kept."""
        let_go = self._capture.close(timeout_s)
        self._switch.close(timeout_s)
        return let_go

    def _begin(self, *, must_open: bool) -> None:
        self._closed = False
        self._capture.start(must_open=must_open)
        self._watching = True

    def _close(self) -> None:
        self._closed = self._capture.close()

    def _reopened(self, timeout_s: float) -> bool:
        if not self._closed:
            self._close()
        if not self._switch.wait_off(timeout_s) or not self._closed:
            return False
        self._begin(must_open=False)
        self._opening_until_s = self._clock.monotonic_s() + self._opening_s
        return True
