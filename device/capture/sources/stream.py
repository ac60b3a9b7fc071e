"""RTSP streams, which OpenCV reads through FFmpeg."""

import socket
import time
from typing import Any, Literal
from urllib.parse import urlsplit

import cv2
from numpy.typing import NDArray

from device.capture.sources.colours import Colour, split_colours
from device.capture.sources.frames import open_with_ffmpeg
from device.capture.sources.opencv import LiveSource
from device.capture.sources.peers import open_sockets, strangers
from device.capture.sources.pictures import check_size
from device.capture.sources.settings import display_name
from device.capture.sources.square import SquarePixels
from device.errors import SourceError
from device.interfaces import Clock

_DIAGNOSIS_TIMEOUT_S = 2.0
_DEFAULT_PORTS = {"rtsp": 554, "rtsps": 322}
_PROTOCOLS = "rtsp,rtsps,tcp,tls,rtp,srtp,udp,crypto"


class Stream(LiveSource):
    """An RTSP stream.

    Args:
        url: with user and password where it needs them; they show nowhere.
        clock: stamps the frames.
        open_timeout_s: how long the server may take to answer.
        read_timeout_s: how long it may be silent.
        transport: how pictures travel; over UDP they arrive with holes where packets are lost.
        max_pixels: larger pictures are refused.
        aspect: width to height of the picture as it is to be seen; None for what the stream tells.
        colour: what frames carry beside grey.
    """

    def __init__(
        self,
        url: str,
        clock: Clock,
        *,
        open_timeout_s: float = 10.0,
        read_timeout_s: float = 3.5,
        transport: Literal["tcp", "udp"] = "tcp",
        max_pixels: int = 25_000_000,
        aspect: float | None = None,
        colour: Colour = "none",
    ) -> None:
        super().__init__(display_name(url), clock)
        scheme, separator, rest = url.partition("://")
        self._url = scheme.lower() + separator + rest  # FFmpeg knows no other spelling
        self._properties = [
            *(cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, round(open_timeout_s * 1000)),
            *(cv2.CAP_PROP_READ_TIMEOUT_MSEC, round(read_timeout_s * 1000)),
        ]
        self._read_timeout_s = read_timeout_s
        self._transport = transport
        self._max_pixels = max_pixels
        self._square = SquarePixels(aspect, max_pixels)
        self._colour = colour

    def _connect(self) -> cv2.VideoCapture:
        before = open_sockets()
        capture = open_with_ffmpeg(
            self._url, self._properties, protocol_whitelist=_PROTOCOLS, rtsp_transport=self._transport
        )
        if not capture.isOpened():
            capture.release()
            raise self._diagnose()
        if elsewhere := strangers(urlsplit(self._url).hostname or "", before):
            capture.release()
            raise SourceError(
                f"{self.name} leads to another host, {', '.join(sorted(elsewhere))}",
                "name that one in source.uri if it is the camera",
            )
        width, height = int(capture.get(cv2.CAP_PROP_FRAME_WIDTH)), int(capture.get(cv2.CAP_PROP_FRAME_HEIGHT))
        check_size(self.name, width, height, self._max_pixels)
        self._square.declare(capture.get(cv2.CAP_PROP_SAR_NUM), capture.get(cv2.CAP_PROP_SAR_DEN))
        return capture

    def _grab(self, capture: cv2.VideoCapture) -> bool:
        begun_s = time.monotonic()
        grabbed = super()._grab(capture)
        # Out of patience, FFmpeg gives what its decoder has held back: old frames, each after another wait.
        return grabbed and time.monotonic() - begun_s < self._read_timeout_s

    def _decode(self, data: NDArray[Any]) -> dict[str, Any] | None:
        return self._square.stretch(split_colours(data, colour=self._colour))

    def _diagnose(self) -> SourceError:
        """Tell a server that is not there from one that gives no video; FFmpeg does not say."""
        parts = urlsplit(self._url)
        address = (parts.hostname or "", parts.port or _DEFAULT_PORTS.get(parts.scheme, 554))
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
