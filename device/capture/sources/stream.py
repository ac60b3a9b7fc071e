"""RTSP and HTTP streams, which OpenCV reads through FFmpeg."""

import socket
import time
from typing import Any
from urllib.parse import urlsplit

import cv2
from numpy.typing import NDArray

from device.capture.sources.frames import split_colours
from device.capture.sources.jpeg import JpegDecoder
from device.capture.sources.opencv import LiveSource
from device.capture.sources.settings import display_name
from device.errors import SourceError
from device.interfaces import Clock

_DIAGNOSIS_TIMEOUT_S = 2.0
_DEFAULT_PORTS = {"rtsp": 554, "rtsps": 322, "http": 80, "https": 443}
_MJPG = cv2.VideoWriter.fourcc(*"MJPG")
_AS_SENT = -1  # of CAP_PROP_FORMAT: FFmpeg's packets instead of pictures


class Stream(LiveSource):
    """An RTSP or HTTP stream.

    Of Motion-JPEG over HTTP the JPEGs themselves are taken: one that was cut off can be told, and one that nobody wants
    the colours of is decoded without them.

    Args:
        url: with user and password where it needs them; they show nowhere.
        clock: stamps the frames.
        open_timeout_s: how long the server may take to answer.
        read_timeout_s: how long it may be silent.
        colour: keep ``Frame.bgr``.
    """

    def __init__(
        self,
        url: str,
        clock: Clock,
        *,
        open_timeout_s: float = 10.0,
        read_timeout_s: float = 3.5,
        colour: bool = False,
    ) -> None:
        super().__init__(display_name(url), clock)
        self._url = url
        self._timeouts = [
            *(cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, round(open_timeout_s * 1000)),
            *(cv2.CAP_PROP_READ_TIMEOUT_MSEC, round(read_timeout_s * 1000)),
            # Several threads decode one frame each, and hold them back for as many frames.
            *(cv2.CAP_PROP_N_THREADS, 1),
        ]
        self._read_timeout_s = read_timeout_s
        self._colour = colour
        self._jpegs = JpegDecoder(colour=colour)
        self._as_sent = False

    def _connect(self) -> cv2.VideoCapture:
        if urlsplit(self._url).scheme in {"http", "https"}:
            capture = self._open([cv2.CAP_PROP_FORMAT, _AS_SENT])
            self._as_sent = int(capture.get(cv2.CAP_PROP_FOURCC)) == _MJPG
            if self._as_sent:
                return capture
            capture.release()
        return self._open([])

    def _open(self, options: list[int]) -> cv2.VideoCapture:
        capture = cv2.VideoCapture(self._url, cv2.CAP_FFMPEG, [*self._timeouts, *options])
        if not capture.isOpened():
            raise self._diagnose()
        return capture

    def _grab(self, capture: cv2.VideoCapture) -> bool:
        begun_s = time.monotonic()
        grabbed = super()._grab(capture)
        # Out of patience, FFmpeg gives what its decoder has held back: old frames, each after another wait.
        return grabbed and time.monotonic() - begun_s < self._read_timeout_s

    def _decode(self, data: NDArray[Any]) -> dict[str, NDArray[Any]] | None:
        return self._jpegs.decode(data) if self._as_sent else split_colours(data, colour=self._colour)

    def _diagnose(self) -> SourceError:
        """Tell a server that is not there from one that gives no video; FFmpeg does not say."""
        parts = urlsplit(self._url)
        address = (parts.hostname or "", parts.port or _DEFAULT_PORTS.get(parts.scheme, 80))
        try:
            socket.create_connection(address, timeout=_DIAGNOSIS_TIMEOUT_S).close()
        except OSError as error:
            return SourceError(
                f"nothing answers at {self.name}: {error.strerror or error}",
                "check the host and port in source.uri, and that the camera is on",
            )
        return SourceError(
            f"a server answers at {self.name} but gives no video",
            "check the path, user and password in source.uri",
        )
