"""Small colours of a source in a process of its own, made there when somebody looks, and not in every frame.

They go over a channel and a memory of their own, for the process may be waiting for its next frame meanwhile.
"""

import logging
import socket
import threading
from collections import OrderedDict
from contextlib import closing, suppress

import numpy as np
from numpy.typing import NDArray

from device.capture.sources.colours import SMALL_PX
from device.capture.sources.isolated_channel import Channel, ColoursHeader, PictureMemory, Request
from device.records import Frame

_LOGGER = logging.getLogger(__name__)

_MOST_PIXELS = (2 * SMALL_PX) ** 2
_KEPT_FRAMES = 4
"""One is looked at, and the next ones have been read meanwhile."""
_PATIENCE_S = 1.0
"""A look in grey is worth more than one that is too late."""


class ColourLine:
    """The daemon's end: asks for the colours of a frame that was read a moment ago."""

    def __init__(self) -> None:
        ours, self.theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._channel = Channel(ours)
        self._lock = threading.Lock()
        self._open = True
        try:
            self.memory = PictureMemory.create(_MOST_PIXELS, colour=True)
        except OSError:
            self.close()
            raise

    @property
    def descriptors(self) -> tuple[int, int]:
        """The process's end of the channel, and the memory."""
        return self.theirs.fileno(), self.memory.descriptor

    def ask(self, index: int) -> NDArray[np.uint8] | None:
        """uint8 (height, width, 3) of the frame that the process gave this number; None where it has none any more.

        One that does not answer in time is asked no more.
        """
        with self._lock:
            if not self._open:
                return None
            try:
                self._channel.send(Request("colours", index=index))
                answer = self._channel.receive(_PATIENCE_S, _LOGGER)
                return self.memory.colours(answer) if isinstance(answer, ColoursHeader) else None
            except (OSError, EOFError, TypeError, ValueError):
                self._let_go()
                return None

    def close(self) -> None:
        """Ask no more."""
        with self._lock:
            self._let_go()

    def _let_go(self) -> None:
        if self._open:
            self._open = False
            self._channel.close()
            self.theirs.close()
            self.memory.close()


class KeptColours:
    """The process's end: keeps what the colours of the latest frames can be made of.

    Args:
        channel: the daemon asks by it.
        memory: where they are laid.
    """

    def __init__(self, channel: Channel, memory: PictureMemory) -> None:
        self._channel = channel
        self._memory = memory
        self._frames: OrderedDict[int, Frame] = OrderedDict()
        self._lock = threading.Lock()
        threading.Thread(target=self._serve, name="colours", daemon=True).start()

    def keep(self, frame: Frame) -> None:
        """Have the colours of ``frame`` ready to be made."""
        with self._lock:
            self._frames[frame.index] = frame
            if len(self._frames) > _KEPT_FRAMES:
                self._frames.popitem(last=False)

    def _serve(self) -> None:
        with suppress(EOFError, OSError, ValueError, MemoryError), closing(self._channel):
            while isinstance(request := self._channel.receive(None, _LOGGER), Request):
                with self._lock:
                    frame = self._frames.get(request.index)
                self._channel.send(self._memory.write_colours(frame.small_bgr() if frame else None))
