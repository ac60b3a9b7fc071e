"""What all sources share: from decoded pixels to a Frame, and where recorded pictures lie in time."""

import math
import os
from datetime import datetime, timedelta
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from device.interfaces import Clock
from device.records import Frame

_LOG_LEVEL_SILENT = 0  # cv::utils::logging::LOG_LEVEL_SILENT


def split_colours(picture: NDArray[Any], *, colour: bool) -> dict[str, NDArray[Any]]:
    """``grey`` and, where wanted and there, ``bgr`` of a picture, uint8 (height, width, 3) in BGR order or grey."""
    pixels = picture.astype(np.uint8, copy=False)
    if pixels.ndim == 2:
        return {"grey": pixels}
    grey = cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY).astype(np.uint8, copy=False)
    return {"grey": grey, "bgr": pixels} if colour else {"grey": grey}


def to_frame(picture: NDArray[Any], *, time_s: float, taken_at: datetime, index: int, colour: bool) -> Frame:
    """A Frame of ``picture``: uint8 (height, width, 3) in BGR order, or (height, width) from a grey camera."""
    return Frame(time_s=time_s, taken_at=taken_at, index=index, **split_colours(picture, colour=colour))


def set_up_opencv() -> None:
    """Set OpenCV and FFmpeg up: RTSP over TCP, and no lines of theirs on stderr, unless the environment says else."""
    # Over UDP, which some cameras offer first, a picture arrives with holes.
    os.environ.setdefault("OPENCV_FFMPEG_CAPTURE_OPTIONS", "rtsp_transport;tcp")
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")  # AV_LOG_QUIET; read at the first opening
    if "OPENCV_LOG_LEVEL" not in os.environ:
        # OpenCV 4.12 moved it.
        set_log_level = getattr(cv2, "setLogLevel", None) or cv2.utils.logging.setLogLevel
        set_log_level(_LOG_LEVEL_SILENT)


class Timeline:
    """Places recorded pictures in time: the moment of opening plus media time.

    What is read then does not depend on how fast the machine reads it. Time only grows, over loops and over reopening.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._time_s = -math.inf

    def begin(self, step_s: float) -> None:
        """Start now, or ``step_s`` seconds after the last picture where that is later."""
        now_s = self._clock.monotonic_s()
        self._origin_s = max(now_s, self._time_s + step_s)
        self._origin_at = self._clock.now() + timedelta(seconds=self._origin_s - now_s)
        self._media_s = -math.inf
        self._round_s = 0.0
        self._first_position_s: float | None = None

    def rewind(self, step_s: float) -> None:
        """Let the next picture, the first of a new round, follow the last one after ``step_s`` seconds."""
        self._round_s = self._media_s + step_s
        self._first_position_s = None

    def place(self, position_s: float, step_s: float) -> tuple[float, datetime]:
        """The monotonic time, seconds, and the time of day of the next picture.

        Args:
            position_s: where the recording says the picture lies, seconds.
            step_s: the usual distance of two pictures, seconds, taken where ``position_s`` does not move on.
        """
        if self._first_position_s is None:
            self._first_position_s = position_s
        media_s = self._round_s + position_s - self._first_position_s
        self._media_s = media_s if media_s > self._media_s else self._media_s + step_s
        self._time_s = self._origin_s + self._media_s
        return self._time_s, self._origin_at + timedelta(seconds=self._media_s)
