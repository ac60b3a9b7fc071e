"""What all sources share: from decoded pixels to a Frame, and where recorded pictures lie in time."""

import logging
import math
import os
from collections.abc import Sequence
from datetime import datetime, timedelta

import cv2

from device.interfaces import Clock

_LOGGER = logging.getLogger(__name__)

_LOG_LEVEL_SILENT = 0  # cv::utils::logging::LOG_LEVEL_SILENT
_OPTIONS = "OPENCV_FFMPEG_CAPTURE_OPTIONS"
_LONGEST_GAP_S = 10.0
"""Two pictures of a recording that lie farther apart are two recordings that were joined, or a clock that was set."""
_LONGEST_STEP_BACK_S = 1.0


def set_up_opencv() -> None:
    """Let neither OpenCV nor FFmpeg print lines of theirs on stderr, unless the environment says else."""
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")  # AV_LOG_QUIET; read at the first opening
    if "OPENCV_LOG_LEVEL" not in os.environ:
        # OpenCV 4.12 moved it.
        set_log_level = getattr(cv2, "setLogLevel", None) or cv2.utils.logging.setLogLevel
        set_log_level(_LOG_LEVEL_SILENT)


def open_with_ffmpeg(address: str, properties: Sequence[int] = (), **options: str) -> cv2.VideoCapture:
    """What FFmpeg makes of ``address``; whether it is open, the caller asks.

    Args:
        address: a name in ASCII; another may be the process's end.
        properties: OpenCV's, each followed by its value.
        options: FFmpeg's. ``protocol_whitelist`` belongs to them: a playlist or a redirection may ask for anything.
    """
    set_up_opencv()
    given = os.environ.get(_OPTIONS)
    if given is None:
        os.environ[_OPTIONS] = "|".join(f"{name};{value}" for name, value in options.items())
    try:
        # One thread, as each more decodes a picture of its own, and holds it back for as long.
        return cv2.VideoCapture(address, cv2.CAP_FFMPEG, [*properties, cv2.CAP_PROP_N_THREADS, 1])
    finally:
        if given is None:
            del os.environ[_OPTIONS]


class Timeline:
    """Places recorded pictures in time: the moment of opening plus media time.

    What is read then does not depend on how fast the machine reads it. Time only grows, over loops and over reopening,
    and never jumps: a gap of more than ten seconds is cut out, and what steps back goes on from where it was.

    Args:
        clock: gives the moment of opening.
        name: whose pictures they are, for the log.
    """

    def __init__(self, clock: Clock, name: str) -> None:
        self._clock = clock
        self._name = name
        self._time_s = -math.inf
        self._media_s = self._piece_s = self._offset_s = 0.0
        self._position_s: float | None = None

    def begin(self, step_s: float) -> None:
        """Start now, or ``step_s`` seconds after the last picture where that is later."""
        now_s = self._clock.monotonic_s()
        self._origin_s = max(now_s, self._time_s + step_s)
        self._origin_at = self._clock.now() + timedelta(seconds=self._origin_s - now_s)
        self._media_s = -step_s
        self._begin_piece(step_s)

    def rewind(self, step_s: float) -> None:
        """Let the next picture, the first of a new round, follow the last one after ``step_s`` seconds."""
        self._begin_piece(step_s)

    def place(self, position_s: float, step_s: float) -> tuple[float, datetime]:
        """The monotonic time, seconds, and the time of day of the next picture.

        Args:
            position_s: where the recording says the picture lies, seconds.
            step_s: the usual distance of two pictures, seconds, taken where ``position_s`` does not move on.
        """
        if self._position_s is not None:
            gap_s = position_s - self._position_s
            if not -_LONGEST_STEP_BACK_S <= gap_s <= max(_LONGEST_GAP_S, 3 * step_s):
                _LOGGER.info("%s jumps by %.1f s, which is passed over", self._name, gap_s)
                self._begin_piece(step_s)
        if self._position_s is None:
            self._offset_s = self._piece_s - position_s
        self._position_s = position_s
        media_s = self._offset_s + position_s
        self._media_s = media_s if media_s > self._media_s else self._media_s + step_s
        self._time_s = self._origin_s + self._media_s
        return self._time_s, self._origin_at + timedelta(seconds=self._media_s)

    def _begin_piece(self, step_s: float) -> None:
        self._piece_s = self._media_s + step_s
        self._position_s = None
