"""Video files."""

import logging
import math
import stat
from pathlib import Path

import cv2

from device.capture.sources.frames import Timeline, set_up_opencv, to_frame
from device.errors import SourceError
from device.interfaces import Clock
from device.records import Frame

_LOGGER = logging.getLogger(__name__)

_FALLBACK_FPS = 25.0  # for a file that names no rate; FFmpeg's own assumption
_TEXT_AS_VIDEO = int.from_bytes(b"ansi", "little")  # FFmpeg takes a .txt file for a film of ANSI art


class VideoFile:
    """A video file, every frame in order; frames lie in time as the file says (see `Timeline`).

    Args:
        path: the file.
        clock: gives the moment of opening.
        name: what to call it; the path where empty.
        loop: begin again at the end.
        colour: keep ``Frame.bgr``.
    """

    live = False

    def __init__(self, path: Path, clock: Clock, *, name: str = "", loop: bool = False, colour: bool = False) -> None:
        self.name = name or str(path)
        self._path = path
        self._loop = loop
        self._colour = colour
        self._timeline = Timeline(clock)
        self._capture: cv2.VideoCapture | None = None
        self._index = 0

    def open(self) -> None:
        """Open the file. Raises SourceError when it is missing, not readable or no video."""
        self.close()
        self._connect()
        self._timeline.begin(self._step_s)

    def read(self) -> Frame | None:
        """The next frame, None after the last. Raises SourceError when there is not even a first."""
        if self._capture is None:
            raise SourceError(f"{self.name} is not open")
        read, picture = self._capture.read()
        if not read and self._end_round():
            read, picture = self._capture.read()
        if not read:
            return None
        position_s = self._capture.get(cv2.CAP_PROP_POS_MSEC) / 1000.0
        time_s, taken_at = self._timeline.place(position_s, self._step_s)
        frame = to_frame(picture, time_s=time_s, taken_at=taken_at, index=self._index, colour=self._colour)
        self._index += 1
        self._read_in_round += 1
        return frame

    def close(self) -> None:
        """Let go of the file."""
        if self._capture is not None:
            self._capture.release()
            self._capture = None

    @property
    def fps(self) -> float:
        """Frames per second as the file names them; known once it is open."""
        return 1.0 / self._step_s

    @property
    def frame_count(self) -> int | None:
        """About how many frames one round has; None where the file does not say."""
        promised = self._capture.get(cv2.CAP_PROP_FRAME_COUNT) if self._capture is not None else 0.0
        return round(promised) if promised >= 1.0 else None

    def _connect(self) -> None:
        _require_file(self._path)
        set_up_opencv()
        # An absolute path: FFmpeg would take `name:part.mkv` for a protocol. One thread, as each
        # more holds frames in memory.
        self._capture = cv2.VideoCapture(str(self._path.absolute()), cv2.CAP_FFMPEG, [cv2.CAP_PROP_N_THREADS, 1])
        is_text = int(self._capture.get(cv2.CAP_PROP_FOURCC)) == _TEXT_AS_VIDEO
        if not self._capture.isOpened() or is_text:
            self.close()
            raise self._no_video()
        fps = self._capture.get(cv2.CAP_PROP_FPS)
        self._step_s = 1.0 / (fps if math.isfinite(fps) and 0.1 <= fps <= 1000.0 else _FALLBACK_FPS)
        self._read_in_round = 0

    def _end_round(self) -> bool:
        """Whether a new round has begun."""
        if not self._read_in_round:
            raise self._no_video()
        self._warn_if_cut_short()
        if not self._loop:
            return False
        self.close()
        self._connect()
        self._timeline.rewind(self._step_s)
        return True

    def _warn_if_cut_short(self) -> None:
        promised = self._capture.get(cv2.CAP_PROP_FRAME_COUNT) if self._capture is not None else 0.0
        # The container's count is often one or two off.
        if self._read_in_round < 0.9 * promised - 2:
            _LOGGER.warning(
                "%s ended after %d of about %d frames; the file may be cut short or damaged",
                self.name,
                self._read_in_round,
                promised,
            )

    def _no_video(self) -> SourceError:
        return SourceError(
            f"{self.name} is no video that FFmpeg can read", "give source.uri a video file such as .mp4, .mkv or .avi"
        )


def _require_file(path: Path) -> None:
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise SourceError(f"the video {path} is not a file", "correct source.uri")
        path.open("rb").close()
    except OSError as error:
        raise SourceError(
            f"cannot read the video {path}: {error.strerror}", "check source.uri and the file's permissions"
        ) from error
    if not status.st_size:
        raise SourceError(f"the video {path} is an empty file", "give source.uri a whole one")
