"""The privacy switch: one state for MQTT, Home Assistant and the command line, and a capture that obeys it."""

import logging
import math
import threading
from pathlib import Path

from device.capture.capture import Capture
from device.contract.files import write_atomically
from device.errors import AffectdError
from device.interfaces import Clock
from device.records import Frame, SourceState

PAUSE_NAME = "pause"
"""The file in the state directory that carries the switch over a restart."""

_CONTENT = {True: b"ON\n", False: b"OFF\n"}
_log = logging.getLogger(__name__)


class PauseSwitch:
    """Whether the camera is to be closed; any thread may turn it.

    A file that cannot be understood counts as ON: what was meant to be private stays so.

    Args:
        state_dir: a folder that survives a restart; made when missing.
    """

    def __init__(self, state_dir: Path) -> None:
        self._path = state_dir / PAUSE_NAME
        self._turned = threading.Condition()
        self._paused = _read(self._path)

    @property
    def paused(self) -> bool:
        """Where the switch stands."""
        return self._paused

    def turn(self, *, paused: bool) -> None:
        """Turn the switch and keep its place; where the file cannot be written it holds until the next start."""
        with self._turned:
            if paused == self._paused:
                return
            self._paused = paused
            self._turned.notify_all()
            _log.info("the privacy switch is turned %s", "on" if paused else "off")
            try:
                self._path.parent.mkdir(parents=True, exist_ok=True)
                write_atomically(self._path, _CONTENT[paused])
            except (OSError, AffectdError) as error:
                _log.warning("the privacy switch will not survive a restart: %s", error)

    def wait_off(self, timeout_s: float) -> bool:
        """Whether the switch is off, or is turned off within ``timeout_s`` seconds."""
        with self._turned:
            return self._turned.wait_for(lambda: not self._paused, timeout_s)


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
        self._closed = False
        self._opening_until_s = -math.inf

    @property
    def state(self) -> SourceState:
        """``paused`` from the camera's closing until it gives frames again, or takes too long to."""
        if self._closed:
            return "paused"
        state = self._capture.state
        return "paused" if state == "lost" and self._clock.monotonic_s() < self._opening_until_s else state

    @property
    def paused(self) -> bool:
        """Whether the source is closed because of the switch."""
        return self._closed

    @property
    def ended(self) -> bool:
        """See `Capture.ended`."""
        return not self._closed and self._capture.ended

    @property
    def trouble(self) -> str | None:
        """See `Capture.trouble`."""
        return self._capture.trouble

    def start(self, *, must_open: bool = True) -> None:
        """As `Capture.start`; while the switch is on, the source is not touched."""
        self._closed = self._switch.paused
        if not self._closed:
            self._capture.start(must_open=must_open)

    def next(self, timeout_s: float) -> Frame | None:
        """As `Capture.next`; while the switch is on there are no frames. Raises SourceError for a lost recording."""
        if self._switch.paused and not self._closed:
            self._capture.close()
            self._closed = True
        if self._closed and not self._reopened(timeout_s):
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
        """See `Capture.close`."""
        return self._capture.close(timeout_s)

    def _reopened(self, timeout_s: float) -> bool:
        # A read that was stuck when the switch was turned may hold the camera still.
        if not self._switch.wait_off(timeout_s) or not self._capture.close():
            return False
        self._capture.start(must_open=False)
        self._closed = False
        self._opening_until_s = self._clock.monotonic_s() + self._opening_s
        return True


def _read(path: Path) -> bool:
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return False
    except OSError as error:
        _log.warning("the privacy switch %s cannot be read and counts as ON: %s", path, error.strerror)
        return True
    if content not in _CONTENT.values():
        _log.warning("the privacy switch %s is damaged and counts as ON; turn it to mend it", path)
        return True
    return content == _CONTENT[True]
