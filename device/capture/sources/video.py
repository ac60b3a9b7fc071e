"""Video files."""

import logging
import math
import os
import stat
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import cv2

from device.capture.sources.colours import Colour, split_colours
from device.capture.sources.frames import Timeline, open_with_ffmpeg
from device.capture.sources.pictures import check_size
from device.capture.sources.square import SquarePixels
from device.errors import SourceError
from device.interfaces import Clock
from device.records import Frame

_LOGGER = logging.getLogger(__name__)

_FALLBACK_FPS = 25.0  # for a file that names no rate; FFmpeg's own assumption
_SLOWEST_FPS, _FASTEST_FPS = 0.1, 1000.0
_MOST_TOO_FAST = 1.5
"""A film of varying rates, as browsers record it, has none of its own, and FFmpeg may take its clock's for it."""
_PICTURES_TO_MEASURE = 30
_MOST_DAMAGED_IN_A_ROW = 250
"""FFmpeg tells an end and a damaged picture in the same way; after so many there is none to come."""
_TEXT_AS_VIDEO = int.from_bytes(b"ansi", "little")  # FFmpeg takes some text for a film of ANSI art


class VideoFile:
    """A video file, every frame in order; frames lie in time as the file says (see `Timeline`).

    A damaged picture is left out: its number and its place in time stay empty.

    Args:
        path: the file.
        clock: gives the moment of opening.
        name: what to call it; the path where empty.
        loop: begin again at the end.
        colour: what frames carry beside grey.
        max_pixels: a film of larger pictures is refused.
        aspect: width to height of the picture as it is to be seen; None for what the file says.
    """

    live = False

    def __init__(
        self,
        path: Path,
        clock: Clock,
        *,
        name: str = "",
        loop: bool = False,
        colour: Colour = "none",
        max_pixels: int = 25_000_000,
        aspect: float | None = None,
    ) -> None:
        self.name = name or str(path)
        self._path = path
        self._loop = loop
        self._colour = colour
        self._max_pixels = max_pixels
        self._square = SquarePixels(aspect, max_pixels)
        self._timeline = Timeline(clock, self.name)
        self._capture: cv2.VideoCapture | None = None
        self._index = 0
        self._step_s = 1.0 / _FALLBACK_FPS
        self._read_in_round = self._damaged_in_round = 0
        self._position_s = 0.0

    def open(self) -> None:
        """Open the file. Raises SourceError when it is missing, not readable or no video."""
        self.close()
        self._step_s = 1.0 / self._rate()
        self._connect()
        self._timeline.begin(self._step_s)

    def read(self) -> Frame | None:
        """The next frame, None after the last. Raises SourceError when there is not even a first."""
        if self._capture is None:
            raise SourceError(f"{self.name} is not open")
        picture = self._next_picture()
        if picture is None and self._end_round():
            picture = self._next_picture()
        if picture is None:
            return None
        time_s, taken_at = self._timeline.place(self._position_s, self._step_s)
        pictures = self._square.stretch(split_colours(picture, colour=self._colour))
        index, self._index = self._index, self._index + 1
        return Frame(time_s=time_s, taken_at=taken_at, index=index, **pictures)

    def close(self) -> None:
        """Let go of the file."""
        if self._capture is not None:
            self._capture.release()
            self._capture = None

    @property
    def fps(self) -> float:
        """Frames per second as the file names or shows them; known once it is open."""
        return 1.0 / self._step_s

    @property
    def frame_count(self) -> int | None:
        """About how many frames one round has; None where the file does not say."""
        promised_s = self._promised_s()
        return round(promised_s * self.fps) if promised_s is not None else None

    def _next_picture(self) -> cv2.typing.MatLike | None:
        capture = self._capture
        if capture is None:
            return None
        for damaged in range(_MOST_DAMAGED_IN_A_ROW):
            if capture.grab():
                retrieved, picture = capture.retrieve()
                if retrieved:
                    self._position_s = capture.get(cv2.CAP_PROP_POS_MSEC) / 1000.0
                    self._index += damaged
                    self._damaged_in_round += damaged
                    self._read_in_round += 1
                    return picture
        return None

    def _connect(self) -> None:
        self._capture = self._open()
        self._read_in_round = self._damaged_in_round = 0
        self._position_s = 0.0

    def _open(self) -> cv2.VideoCapture:
        descriptor = _open_file(self._path)
        try:
            # Under this name FFmpeg finds the very file that was looked at, whatever its own name is: one like
            # `name:part.mkv` would be a protocol, one with %02d many files, and one that is not UTF-8 the process's
            # end.
            capture = open_with_ffmpeg(f"/proc/self/fd/{descriptor}", protocol_whitelist="file")
        finally:
            os.close(descriptor)
        if not capture.isOpened() or int(capture.get(cv2.CAP_PROP_FOURCC)) == _TEXT_AS_VIDEO:
            capture.release()
            raise self._no_video()
        width, height = int(capture.get(cv2.CAP_PROP_FRAME_WIDTH)), int(capture.get(cv2.CAP_PROP_FRAME_HEIGHT))
        check_size(self.name, width, height, self._max_pixels)
        self._square.declare(capture.get(cv2.CAP_PROP_SAR_NUM), capture.get(cv2.CAP_PROP_SAR_DEN))
        return capture

    def _rate(self) -> float:
        """Frames per second: what the file says, unless its first pictures show that it is much slower."""
        capture = self._open()
        try:
            told = capture.get(cv2.CAP_PROP_FPS)
            positions = list(_positions_s(capture))
        finally:
            capture.release()
        steps = sorted(after - before for before, after in pairwise(positions))
        usual_s = steps[len(steps) // 2] if steps else 0.0
        shown = 1.0 / usual_s if usual_s > 0.0 else _FASTEST_FPS
        believed = told if math.isfinite(told) and told <= _MOST_TOO_FAST * shown else shown
        return believed if _SLOWEST_FPS <= believed <= _FASTEST_FPS else _FALLBACK_FPS

    def _promised_s(self) -> float | None:
        """How long the file says that it is; None where it does not."""
        if self._capture is None:
            return None
        # FFmpeg multiplies the duration by a rate for it, which for a film of varying rates says nothing.
        count, fps = self._capture.get(cv2.CAP_PROP_FRAME_COUNT), self._capture.get(cv2.CAP_PROP_FPS)
        return count / fps if count >= 1.0 and fps > 0.0 else None

    def _end_round(self) -> bool:
        """Whether a new round has begun."""
        if not self._read_in_round:
            raise self._no_video()
        self._warn_of_damage()
        if not self._loop:
            return False
        self.close()
        self._connect()
        self._timeline.rewind(self._step_s)
        return True

    def _warn_of_damage(self) -> None:
        if self._damaged_in_round:
            _LOGGER.warning("%s: %d damaged pictures were left out", self.name, self._damaged_in_round)
        promised_s = self._promised_s()
        # What a container promises is often a frame or two off.
        if promised_s is not None and self._position_s < 0.9 * promised_s - 2 * self._step_s:
            _LOGGER.warning(
                "%s ended after %.1f of about %.1f s; the file may be cut short or damaged",
                self.name,
                self._position_s + self._step_s,
                promised_s,
            )

    def _no_video(self) -> SourceError:
        return SourceError(
            f"{self.name} is no video that FFmpeg can read", "give source.uri a video file such as .mp4, .mkv or .avi"
        )


def _positions_s(capture: cv2.VideoCapture) -> Iterator[float]:
    """Where the first pictures lie in time, seconds."""
    for _ in range(_PICTURES_TO_MEASURE):
        if not capture.grab():
            return
        yield capture.get(cv2.CAP_PROP_POS_MSEC) / 1000.0


def _open_file(path: Path) -> int:
    """A descriptor of the file. Raises SourceError; a pipe in the file's place is not waited for."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise SourceError(
            f"cannot read the video {path}: {error.strerror}", "check source.uri and the file's permissions"
        ) from error
    status = os.fstat(descriptor)
    if stat.S_ISREG(status.st_mode) and status.st_size:
        return descriptor
    os.close(descriptor)
    if stat.S_ISREG(status.st_mode):
        raise SourceError(f"the video {path} is an empty file", "give source.uri a whole one")
    raise SourceError(f"the video {path} is not a file", "correct source.uri")
