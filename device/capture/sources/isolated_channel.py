"""What a source and its process say to each other, and the memory that both see, in which pictures are handed over."""

import json
import logging
import math
import mmap
import os
import socket
import time
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from device.capture.sources.colours import Colour
from device.errors import RecordError, SourceError
from device.records import Frame

_MOST_BYTES = 100_000
_LONGEST_LINE = 2000


@dataclass(frozen=True, slots=True)
class Request:
    """What the daemon wants."""

    what: Literal["settings", "open", "read", "colours"]
    settings: str = ""
    colour: Colour = "none"
    index: int = 0


@dataclass(frozen=True, slots=True)
class Opened:
    """The source is open; what it is of a recording, whose rate and length are known."""

    fps: float
    frame_count: int | None


@dataclass(frozen=True, slots=True)
class FrameHeader:
    """A frame lies in the memory: first ``grey``, then ``bgr`` where there is one.

    Attributes:
        grey_size, bgr_size: (width, height), pixels; None for no colours.
        time_s: monotonic, seconds.
        taken_at: ISO 8601 with its time zone.
        index: from 0.
    """

    grey_size: tuple[int, int]
    bgr_size: tuple[int, int] | None
    time_s: float
    taken_at: str
    index: int


@dataclass(frozen=True, slots=True)
class ColoursHeader:
    """The colours of a frame lie in the memory; ``size``: (width, height), pixels; None for no colours."""

    size: tuple[int, int] | None


Answer = Opened | FrameHeader | ColoursHeader | SourceError | None
"""What the process answers; None is the end of a recording."""


class Channel:
    """One end of the conversation, a message a packet.

    Args:
        connection: one end of a pair of SOCK_SEQPACKET.
    """

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection

    def send(self, message: Answer | Request | logging.LogRecord) -> None:
        """Tell the other end; None is a recording's end. Raises OSError where nobody listens."""
        if isinstance(message, SourceError):
            content: dict[str, Any] = {"reason": message.reason, "remedy": message.remedy}
        elif isinstance(message, logging.LogRecord):
            content = {"level": message.levelno, "line": message.getMessage()[:_LONGEST_LINE]}
        else:
            content = {} if message is None else asdict(message)
        kind = "LogRecord" if isinstance(message, logging.LogRecord) else type(message).__name__
        self._connection.settimeout(None)
        self._connection.sendall(json.dumps([kind, content]).encode())

    def receive(self, timeout_s: float | None, logger: logging.Logger) -> Any:
        """The next message that is no line for the log; such lines go to ``logger``.

        Raises:
            TimeoutError: none has come within ``timeout_s`` seconds.
            EOFError: the other end is closed.
            ValueError: it is no message.
        """
        deadline_s = math.inf if timeout_s is None else time.monotonic() + timeout_s
        while True:
            # Never 0, which would not wait at all, and raise something else.
            self._connection.settimeout(None if timeout_s is None else max(0.001, deadline_s - time.monotonic()))
            message = _parse(self._connection.recv(_MOST_BYTES))
            if not isinstance(message, _Line):
                return message
            logger.log(message.level, "%s", message.line)

    def close(self) -> None:
        """End the conversation; harmless when it was done."""
        self._connection.close()


@dataclass(frozen=True, slots=True)
class _Line:
    level: int
    line: str


def _parse(packet: bytes) -> Any:
    if not packet:
        raise EOFError("it has ended")
    try:
        kind, content = json.loads(packet)
        if kind == "LogRecord":
            return _Line(min(int(content["level"]), logging.ERROR), str(content["line"]))
        if kind == "SourceError":
            return SourceError(str(content["reason"]), str(content["remedy"]))
        if kind == "FrameHeader":
            bgr_size = content["bgr_size"] and tuple(content["bgr_size"])
            return FrameHeader(**(content | {"grey_size": tuple(content["grey_size"]), "bgr_size": bgr_size}))
        if kind == "ColoursHeader":
            return ColoursHeader(content["size"] and tuple(content["size"]))
        if kind == "NoneType":
            return None
        return {"Request": Request, "Opened": Opened}[kind](**content)
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"no message: {error}") from None


class PictureMemory:
    """Memory for one frame that two processes see, of a size that neither can change.

    Args:
        descriptor: of a file in memory; owned from now on.
    """

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        self._bytes = np.frombuffer(mmap.mmap(descriptor, os.fstat(descriptor).st_size), np.uint8)

    @classmethod
    def create(cls, max_pixels: int, *, colour: bool) -> "PictureMemory":
        """For frames of up to ``max_pixels``."""
        descriptor = os.memfd_create("affectd-frame", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        os.ftruncate(descriptor, max_pixels * (4 if colour else 1))
        # Shrunk by the other process, it would be this one's end.
        import fcntl  # not on Windows, where `affectd flash` runs

        fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SEAL)
        return cls(descriptor)

    def write(self, frame: Frame) -> FrameHeader:
        """Write a frame into it. Raises SourceError where it has no room."""
        height, width = frame.grey.shape
        bgr_size = None if frame.bgr is None else (frame.bgr.shape[1], frame.bgr.shape[0])
        if frame.grey.size + (frame.bgr.size if frame.bgr is not None else 0) > self._bytes.size:
            raise SourceError(
                f"a picture of {width} x {height} pixels is larger than source.max_megapixels allows", "raise it"
            )
        self._part(0, frame.grey.shape)[...] = frame.grey
        if frame.bgr is not None:
            self._part(frame.grey.size, frame.bgr.shape)[...] = frame.bgr
        return FrameHeader((width, height), bgr_size, frame.time_s, frame.taken_at.isoformat(), frame.index)

    def frame(self, header: FrameHeader, first_index: int) -> Frame:
        """A frame of its own memory. Raises SourceError where ``header`` cannot be true.

        Args:
            header: by the process, which may have been taken over.
            first_index: added to its number.
        """
        try:
            width, height = header.grey_size
            grey = self._part(0, (height, width)).copy()
            bgr = None
            if header.bgr_size is not None:
                bgr = self._part(grey.size, (header.bgr_size[1], header.bgr_size[0], 3)).copy()
            return Frame(
                grey, float(header.time_s), datetime.fromisoformat(header.taken_at), first_index + header.index, bgr
            )
        except (TypeError, ValueError, RecordError) as error:
            raise SourceError(f"a frame came that cannot be one: {error}") from None

    def write_colours(self, bgr: NDArray[np.uint8] | None) -> ColoursHeader:
        """Write the colours of one frame into it; what has no room is left out."""
        if bgr is None or bgr.size > self._bytes.size:
            return ColoursHeader(None)
        self._part(0, bgr.shape)[...] = bgr
        return ColoursHeader((bgr.shape[1], bgr.shape[0]))

    def colours(self, header: ColoursHeader) -> NDArray[np.uint8] | None:
        """Colours of their own memory, uint8 (height, width, 3). Raises ValueError where they cannot be any."""
        if header.size is None:
            return None
        width, height = header.size
        if min(width, height) < 1:
            raise ValueError(f"colours of {width} x {height} pixels")
        return self._part(0, (height, width, 3)).copy()

    def close(self) -> None:
        """Let go of it."""
        self._bytes = np.empty(0, np.uint8)
        if self.descriptor >= 0:
            os.close(self.descriptor)
            self.descriptor = -1

    def _part(self, begin: int, shape: tuple[int, ...]) -> NDArray[np.uint8]:
        return self._bytes[begin : begin + math.prod(shape)].reshape(shape)
