"""A source in a process of its own, for what anybody may have made: files, and cameras on the network.

What decodes them is native code that a damaged or hostile picture may make take all memory, hang or crash. It does so
there: the process has a limit of memory, is ended when it is overdue, and another is started when the source is opened
again. No such source ever hangs this process in a driver.
"""

import contextlib
import logging
import math
import os
import socket
import subprocess
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from device.capture.sources.colours import Colour
from device.capture.sources.isolated_channel import Channel, FrameHeader, Opened, PictureMemory, Request
from device.capture.sources.isolated_colours import ColourLine
from device.capture.sources.settings import SourceSettings, display_name
from device.errors import SourceError
from device.interfaces import Clock
from device.records import Frame
from device.system.child import python_command

_LOGGER = logging.getLogger(__name__)

_GRACE_S = 3.0
"""A process that is overdue for so long is ended. Less than any ``hang_timeout_s`` that would blame a driver."""
_FILE_PATIENCE_S = 60.0
"""For one picture of a file, many damaged ones before it, on a slow disk."""
_STARTING_S = 30.0
"""For the process to start and import what it needs, on the slowest board while it boots."""
_CLOSING_S = 1.0
_SHORTEST_STEP_S = 0.001
"""From one frame to the next where the rate is not known."""
_KEPT_VARIABLES = ("PATH", "LANG", "TZ", "TMPDIR", "LD_LIBRARY_PATH", "SSL_CERT_FILE", "SSL_CERT_DIR")
_KEPT_PREFIXES = ("LC_", "OPENCV_", "AFFECTD_TRACEBACK")
_ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}


class IsolatedSource:
    """What `build_here` builds of the same settings, in a process of its own.

    Args:
        settings: the section ``source``.
        clock: the machine's; the process stamps frames with the same.
        colour: what frames carry beside grey.
    """

    def __init__(self, settings: SourceSettings, clock: Clock, *, colour: Colour) -> None:
        self.live = "://" in settings.uri
        self.name = display_name(settings.uri) if self.live else str(Path(settings.uri).expanduser())
        self._settings = settings
        self._clock = clock
        self._colour = colour
        self._process: subprocess.Popen[bytes] | None = None
        self._channel: Channel | None = None
        self._memory: PictureMemory | None = None
        self._colours: ColourLine | None = None
        self._opened = Opened(fps=0.0, frame_count=None)
        self._next_index = 0
        self._first_index = 0
        self._last_s = -math.inf
        self._shift_s = 0.0
        self._is_first = True

    def open(self) -> None:
        """Start the process and let it open the source. Raises SourceError."""
        self.close()
        self._first_index = self._next_index
        self._shift_s, self._is_first = 0.0, True
        self._start()
        patience_s = self._settings.open_timeout_s if self.live else _FILE_PATIENCE_S
        answer = self._ask(Request("open"), _STARTING_S + patience_s + _GRACE_S, "an answer")
        if not isinstance(answer, Opened):
            raise self._broken("it said something else when it was opened")
        self._opened = answer

    def read(self) -> Frame | None:
        """The next frame; None after a recording's last. Raises SourceError."""
        if self._channel is None or self._memory is None:
            raise SourceError(f"{self.name} is not open")
        patience_s = self._settings.stall_timeout_s if self.live else _FILE_PATIENCE_S
        answer = self._ask(Request("read"), patience_s + _GRACE_S, "a frame")
        if answer is None:
            return None
        if not isinstance(answer, FrameHeader):
            raise self._broken("it said something else when it was read")
        frame = self._after_the_last(self._memory.frame(answer, self._first_index))
        self._next_index = frame.index + 1
        return self._with_small_colours(frame, answer.index)

    def close(self) -> None:
        """Let go of the source, and have its process end; one that does not is ended."""
        channel, self._channel = self._channel, None
        memory, self._memory = self._memory, None
        colours, self._colours = self._colours, None
        process, self._process = self._process, None
        if channel is not None:
            channel.close()  # which the process takes as its end, so that a camera hears that nobody watches
        if process is not None:
            _end(process, _CLOSING_S)
        if memory is not None:
            memory.close()
        if colours is not None:
            colours.close()

    @property
    def fps(self) -> float:
        """Frames per second of a recording; known once it is open."""
        return self._opened.fps

    @property
    def frame_count(self) -> int | None:
        """About how many frames a recording has; None where it does not say."""
        return self._opened.frame_count

    def _start(self) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        memory = colours = None
        try:
            memory = PictureMemory.create(self._settings.max_pixels, colour=self._colour == "whole")
            colours = ColourLine() if self._colour == "small" else None
            passed = (theirs.fileno(), memory.descriptor, *(colours.descriptors if colours else ()))
            self._process = subprocess.Popen(
                python_command("device.capture.sources.isolated_process", *map(str, passed)),
                env=_environment(),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=None if "AFFECTD_TRACEBACK" in os.environ else subprocess.DEVNULL,
                pass_fds=passed,
            )
        except OSError as error:
            ours.close()
            for part in (memory, colours):
                if part is not None:
                    part.close()
            raise SourceError(f"no process can be started for {self.name}: {error.strerror}") from error
        finally:
            theirs.close()
        self._channel, self._memory, self._colours = Channel(ours), memory, colours
        # By the channel, for whoever lists processes sees their arguments, and a URL may hold a password.
        self._channel.send(Request("settings", self._settings.model_dump_json(), self._colour))

    def _after_the_last(self, frame: Frame) -> Frame:
        """The frame, later than all before it. Raises SourceError where its process lets time go back.

        A recording that is read faster than it plays is ahead of the clock, and a new process knows nothing of that.
        """
        if self._is_first and frame.time_s <= self._last_s:
            self._shift_s = self._last_s + (1 / self.fps if self.fps > 0 else _SHORTEST_STEP_S) - frame.time_s
        self._is_first = False
        time_s = frame.time_s + self._shift_s
        if time_s < self._last_s:
            self.close()
            raise SourceError(f"the times of {self.name}'s frames go back", "it is opened again, by another process")
        self._last_s = time_s
        if not self._shift_s:
            return frame
        return replace(frame, time_s=time_s, taken_at=frame.taken_at + timedelta(seconds=self._shift_s))

    def _with_small_colours(self, frame: Frame, index: int) -> Frame:
        """The frame, whose colours the process makes once somebody looks; ``index`` is its number there."""
        line = self._colours
        return frame if line is None else replace(frame, small_bgr=lambda: line.ask(index))

    def _ask(self, request: Request, timeout_s: float, what: str) -> Any:
        """What the process answers. Raises SourceError where it does not, or says that it cannot."""
        channel = self._channel
        if channel is None:
            raise SourceError(f"{self.name} is not open")
        try:
            channel.send(request)
            answer = channel.receive(timeout_s, _LOGGER)
        except TimeoutError:
            self.close()
            raise SourceError(
                f"{self.name} has not given {what} for {timeout_s:.0f} s", "check its power and network"
            ) from None
        except (OSError, EOFError, ValueError) as error:
            raise self._broken(str(error)) from None
        if isinstance(answer, SourceError):
            raise answer
        return answer

    def _broken(self, why: str) -> SourceError:
        """The process has ended, or says what nobody understands."""
        process = self._process
        code = _end(process, _CLOSING_S) if process is not None else None
        self.close()
        if code is not None and code < 0:
            why = f"signal {-code}"
        return SourceError(
            f"what reads {self.name} has ended ({why})",
            "its pictures are damaged, hostile, or larger than source.max_megapixels allows",
        )


def _end(process: "subprocess.Popen[bytes]", patience_s: float) -> int | None:
    """The exit code of a process that is asked to end; of one that does not, once it was killed."""
    with contextlib.suppress(subprocess.TimeoutExpired):
        return process.wait(patience_s)
    process.kill()
    with contextlib.suppress(subprocess.TimeoutExpired):
        return process.wait(patience_s)
    return None


def _environment() -> dict[str, str]:
    kept = {
        name: value for name, value in os.environ.items() if name in _KEPT_VARIABLES or name.startswith(_KEPT_PREFIXES)
    }
    return kept | _ONE_THREAD
