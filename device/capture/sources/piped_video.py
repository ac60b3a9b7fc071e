"""A video that comes through this process to FFmpeg, which then has no reason to open anything by itself."""

import contextlib
import os
import threading
from collections.abc import Iterable
from typing import Any

import cv2
from numpy.typing import NDArray

from device.capture.sources.colours import Colour, split_colours
from device.capture.sources.frames import open_with_ffmpeg
from device.capture.sources.opencv import LiveSource
from device.capture.sources.pictures import check_size
from device.capture.sources.square import SquarePixels
from device.errors import AffectdError, SourceError
from device.interfaces import Clock


class PipedVideo(LiveSource):
    """A live video in pieces.

    Args:
        name: what errors call it.
        chunks: its bytes as they come.
        clock: stamps the frames.
        max_pixels: larger pictures are refused.
        aspect: width to height of the picture as it is to be seen; None for what the video tells.
        colour: what frames carry beside grey.
    """

    def __init__(
        self,
        name: str,
        chunks: Iterable[bytes],
        clock: Clock,
        *,
        max_pixels: int,
        aspect: float | None,
        colour: Colour,
    ) -> None:
        super().__init__(name, clock)
        self._chunks = chunks
        self._max_pixels = max_pixels
        self._square = SquarePixels(aspect, max_pixels)
        self._colour = colour
        self._fault: AffectdError | None = None
        self._reading_end = -1

    def close(self) -> None:
        """Let go of it; whoever gives the bytes is closed by its owner."""
        super().close()
        if self._reading_end >= 0:
            os.close(self._reading_end)
            self._reading_end = -1

    def _connect(self) -> cv2.VideoCapture:
        self._reading_end, writing_end = os.pipe()
        threading.Thread(target=self._pump, args=(writing_end,), name="pump", daemon=True).start()
        capture = open_with_ffmpeg(f"pipe:{self._reading_end}", protocol_whitelist="pipe")
        if not capture.isOpened():
            capture.release()
            raise self._fault or SourceError(
                f"a server answers at {self.name} but gives no video",
                "check the path, user and password in source.uri",
            )
        width, height = int(capture.get(cv2.CAP_PROP_FRAME_WIDTH)), int(capture.get(cv2.CAP_PROP_FRAME_HEIGHT))
        check_size(self.name, width, height, self._max_pixels)
        self._square.declare(capture.get(cv2.CAP_PROP_SAR_NUM), capture.get(cv2.CAP_PROP_SAR_DEN))
        return capture

    def _grab(self, capture: cv2.VideoCapture) -> bool:
        grabbed = super()._grab(capture)
        if not grabbed and self._fault is not None:
            raise self._fault
        return grabbed

    def _decode(self, data: NDArray[Any]) -> dict[str, Any] | None:
        return self._square.stretch(split_colours(data, colour=self._colour))

    def _pump(self, writing_end: int) -> None:
        # An end of either side is the other's: FFmpeg hears it as the video's, and a pipe without a reader breaks.
        with contextlib.suppress(OSError, ValueError), os.fdopen(writing_end, "wb", buffering=0) as pipe:
            try:
                for chunk in self._chunks:
                    view = memoryview(chunk)
                    while view:
                        view = view[pipe.write(view) :]
            except AffectdError as fault:
                self._fault = fault
