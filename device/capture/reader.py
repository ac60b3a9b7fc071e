"""What the capture thread does: read a live source, judge its pictures, and open it again when it fails."""

import logging
import threading

from device.capture.call_watch import CallWatch
from device.capture.latest_frame import NewestFrame
from device.capture.sources.health import PictureWatch
from device.capture.sources.isolated import IsolatedSource
from device.capture.sources.settings import SourceSettings
from device.errors import SourceError
from device.interfaces import Clock, FrameSource
from device.records import Frame
from device.system.backoff import Backoff
from device.system.log import LogOnce

_LOGGER = logging.getLogger(__name__)


class SourceReader:
    """Puts every good frame of a source into a slot, and says in the log what keeps it from doing so.

    A source that fails is closed, and opened again after a wait that doubles. One that gives dead pictures (see
    `PictureWatch`) is lost as well, but read on in between: it is back with its first living picture. A fault that
    lasts is told once, however often the source is opened for it.

    Args:
        source: a live one.
        settings: the section ``source``.
        clock: the monotonic time.
        slot: where frames go.
    """

    def __init__(self, source: FrameSource, settings: SourceSettings, clock: Clock, slot: NewestFrame) -> None:
        self._source = source
        self._settings = settings
        self._clock = clock
        self._slot = slot
        self._pictures = PictureWatch(source.name, settings.frozen_timeout_s, settings.blank_timeout_s)
        self._calls = CallWatch(source.name, clock, settings.hang_timeout_s)
        self._open = False
        self._lost = False
        self._dead = False
        self._reopen_due_s = 0.0
        self._trouble = LogOnce(_LOGGER)
        self._delays = Backoff(settings.reopen_delay_s, settings.reopen_delay_max_s, chance=None)

    def check(self) -> None:
        """From another thread: raise HangError where a call into the source hangs in a driver of this machine."""
        if not isinstance(self._source, IsolatedSource):  # which ends its process instead, whatever hangs in there
            self._calls.check()

    def open(self) -> None:
        """Open the source. Raises SourceError."""
        self._open = True
        with self._calls.during("an opening", self._settings.open_timeout_s):
            self._source.open()
        self._pictures.begin()

    def close(self) -> None:
        """Let go of the source; harmless when it is not open."""
        if not self._open:
            return
        with self._calls.during("a closing"):
            self._source.close()
        self._open = False

    def read_until(self, stop: threading.Event) -> None:
        """Read until ``stop`` is set; a source that is not open yet counts as lost."""
        self._lost, self._dead = not self._open, False
        self._trouble.forget()
        self._delays.reset()
        while not stop.is_set():
            wait_s = 0.0
            try:
                if not self._open:
                    self.open()
                self._read(stop)
            except SourceError as error:
                wait_s = self._lose(str(error))
            self.close()
            stop.wait(wait_s)

    def _read(self, stop: threading.Event) -> None:
        """Read until ``stop`` is set, or dead pictures make another opening worth a try. Raises SourceError."""
        while not stop.is_set():
            with self._calls.during("a read", self._settings.stall_timeout_s):
                frame = self._source.read()
            if frame is None:
                raise SourceError(f"{self._source.name} has ended")
            self._judge(frame)
            if not self._dead:
                self._give(frame)
            elif self._clock.monotonic_s() >= self._reopen_due_s:
                self._reopen_due_s += self._delays.next_s()
                return

    def _judge(self, frame: Frame) -> None:
        now_s = self._clock.monotonic_s()
        fault = self._pictures.fault(frame.grey, now_s)
        if fault and not self._dead:
            self._dead = True
            self._reopen_due_s = now_s + self._lose(fault)
        elif self._pictures.alive:
            self._dead = False

    def _give(self, frame: Frame) -> None:
        back = self._slot.put(frame)
        self._lost = False
        self._trouble.forget()
        if back:
            _LOGGER.info("%s gives frames", self._source.name)

    def _lose(self, why: str) -> float:
        """The source is lost, because of ``why``; how long to wait before it is opened again, seconds."""
        if not self._lost:
            self._delays.reset()
        self._lost = True
        self._slot.lose(why)
        delay_s = self._delays.next_s()
        self._trouble.log("%s; trying again in %g s", why, delay_s)
        return delay_s
