"""Sources that do what a test says, and how to wait for what they bring about."""

import queue
import time

from device.capture.sources.settings import SourceSettings
from tests.fakes import frame

PATIENCE_S = 30.0
SETTINGS = SourceSettings(reopen_delay_s=0.001, reopen_delay_max_s=0.004)


def until(condition) -> None:
    """Wait for another thread to make ``condition`` true."""
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, "the other thread did not get there"
        time.sleep(0.002)


class LiveSource:
    """Gives what a test puts in: a frame, None for an end, or an exception to raise; waits where nothing is in."""

    name = "camera"
    live = True

    def __init__(self):
        self.script = queue.Queue()
        self.openings = queue.Queue()
        self.reads = 0
        self.opened = self.closed = 0

    def open(self):
        self.opened += 1
        if not self.openings.empty():
            raise self.openings.get()

    def read(self):
        self.reads += 1
        item = self.script.get()
        if isinstance(item, Exception):
            raise item
        return item

    def close(self):
        self.closed += 1


class Recording:
    """Gives three frames, ten a second."""

    name = "film"
    live = False

    def __init__(self, count=3):
        self.count = count
        self.opened = 0

    def open(self):
        self.opened += 1
        self.frames = [frame(number) for number in range(self.count)]

    def read(self):
        return self.frames.pop(0) if self.frames else None

    def close(self):
        self.frames = []
