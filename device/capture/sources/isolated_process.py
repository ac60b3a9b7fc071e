"""The process that reads a source for `IsolatedSource`.

Usage: python -m device.capture.sources.isolated_process CHANNEL MEMORY [CHANNEL MEMORY], all descriptors; the second
channel asks for small colours
"""

import ctypes
import logging
import os
import resource
import signal
import socket
import sys
from contextlib import suppress
from pathlib import Path

from device.capture.sources import build_here
from device.capture.sources.isolated_channel import Answer, Channel, Opened, PictureMemory, Request
from device.capture.sources.isolated_colours import KeptColours
from device.capture.sources.settings import SourceSettings
from device.capture.sources.video import VideoFile
from device.errors import AffectdError, SourceError
from device.interfaces import FrameSource
from device.system.clock import SystemClock

_LOGGER = logging.getLogger(__name__)

_PR_SET_PDEATHSIG = 1
_PR_SET_NO_NEW_PRIVS = 38
_MEMORY_BYTES = 160 * 2**20
_MEMORY_BYTES_PER_PIXEL = 4
"""H.264 and H.265 of 3840 x 2160 pixels take 180 MB; with the default, all stays below the unit's ``MemoryMax``."""
_MOST_FILES = 64


class _ToDaemon(logging.Handler):
    """Says in the daemon's log what is logged here."""

    def __init__(self, channel: Channel) -> None:
        super().__init__(logging.INFO)
        self._channel = channel

    def emit(self, record: logging.LogRecord) -> None:
        with suppress(OSError):
            self._channel.send(record)


def main(channel_descriptor: int, memory_descriptor: int, *of_colours: int) -> None:
    """Obey the daemon until it closes the channel."""
    _confine()
    channel = Channel(socket.socket(fileno=channel_descriptor))
    logging.basicConfig(level=logging.INFO, handlers=[_ToDaemon(channel)], force=True)
    memory = PictureMemory(memory_descriptor)
    colours = _colours(*of_colours) if of_colours else None
    source: FrameSource | None = None
    with suppress(EOFError, OSError):
        while True:
            request = channel.receive(None, _LOGGER)
            if not isinstance(request, Request):
                break
            if request.what == "settings":
                settings = SourceSettings.model_validate_json(request.settings)
                _limit_memory(settings.max_pixels)
                source = build_here(settings, SystemClock(), colour=request.colour)
            elif source is not None:
                channel.send(_answer(source, request, memory, colours))
    if source is not None:
        source.close()


def _colours(channel_descriptor: int, memory_descriptor: int) -> KeptColours:
    return KeptColours(Channel(socket.socket(fileno=channel_descriptor)), PictureMemory(memory_descriptor))


def _answer(source: FrameSource, request: Request, memory: PictureMemory, colours: KeptColours | None) -> Answer:
    try:
        if request.what == "open":
            source.open()
            return Opened(source.fps, source.frame_count) if isinstance(source, VideoFile) else Opened(0.0, None)
        frame = source.read()
        if frame is not None and colours is not None:
            colours.keep(frame)
        return None if frame is None else memory.write(frame)
    except SourceError as error:
        return error
    except AffectdError as error:
        return SourceError(error.reason, error.remedy)
    except MemoryError:
        return SourceError(
            f"{source.name} wants more memory than a picture may take", "its pictures are damaged, hostile or too large"
        )
    except Exception as error:  # noqa: BLE001 - whatever a foreign source makes of us, the daemon hears a sentence
        return SourceError(f"{source.name} cannot be read: {type(error).__name__}: {error}", "report it")


def _confine() -> None:
    """End with the daemon, gain no rights, and leave no core behind."""
    libc = ctypes.CDLL(None)
    libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)  # the terminal's and systemd's: the daemon says when to end
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_NOFILE, (_MOST_FILES, _MOST_FILES))


def _limit_memory(max_pixels: int) -> None:
    """Allow so much beyond what is in use now; where the system forbids to set limits, its own must do."""
    with suppress(OSError, ValueError):
        status = Path("/proc/self/status").read_text().split()
        in_use = int(status[status.index("VmData:") + 1]) * 1024
        limit = in_use + _MEMORY_BYTES + _MEMORY_BYTES_PER_PIXEL * max_pixels
        resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
    os._exit(0)  # whatever thread of a library does not end
