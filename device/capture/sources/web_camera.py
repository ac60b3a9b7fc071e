"""Cameras that speak HTTP: Motion-JPEG, a picture at a time, or a video."""

import itertools
import time
from collections.abc import Iterator
from typing import Any

from device.capture.sources.colours import Colour, split_colours
from device.capture.sources.hls import is_playlist, read_segments
from device.capture.sources.http_client import Answer, WebServer
from device.capture.sources.jpeg import JpegDecoder
from device.capture.sources.multipart import Parts
from device.capture.sources.pictures import decode_picture
from device.capture.sources.piped_video import PipedVideo
from device.capture.sources.square import SquarePixels
from device.capture.sources.timestamps import SensorTime
from device.errors import SourceError
from device.interfaces import Clock
from device.records import Frame

_BAD_PICTURES_IN_A_ROW = 10
_JPEG_START = b"\xff\xd8"
_CHUNK_BYTES = 65_536
_SMALLEST_LIMIT_BYTES = 2_000_000
_SHARE_OF_PATIENCE = 0.7


class WebCamera:
    """A camera's address that begins with http:// or https://.

    What it gives decides how it is read: a body of many parts is Motion-JPEG; a single picture is asked for again and
    again; everything else goes to FFmpeg.

    Args:
        url: with user and password where it needs them; they show nowhere.
        clock: stamps the frames.
        fps: how often a single picture is asked for, times a second.
        open_timeout_s: how long the server may take to answer.
        read_timeout_s: how long it may be silent.
        max_pixels: larger pictures are refused.
        aspect: width to height of the picture as it is to be seen; None for square pixels, or what a video tells.
        colour: what frames carry beside grey.
    """

    live = True

    def __init__(
        self,
        url: str,
        clock: Clock,
        *,
        fps: float = 15.0,
        open_timeout_s: float = 10.0,
        read_timeout_s: float = 3.5,
        max_pixels: int = 25_000_000,
        aspect: float | None = None,
        colour: Colour = "none",
    ) -> None:
        self._server = WebServer(url, open_timeout_s, read_timeout_s)
        self.name = self._server.name
        self._clock = clock
        # One that is asked less often than it may be silent would be lost in between.
        self._interval_s = min(1.0 / fps, _SHARE_OF_PATIENCE * read_timeout_s)
        self._max_pixels = max_pixels
        self._aspect = aspect
        self._colour = colour
        self._most_bytes = max(_SMALLEST_LIMIT_BYTES, max_pixels)
        self._jpegs = JpegDecoder(self.name, max_pixels, colour=colour)
        self._time = SensorTime(clock, ())
        self._pictures: Iterator[bytes] | None = None
        self._video: PipedVideo | None = None
        self._index = 0

    def open(self) -> None:
        """Ask for it. Raises SourceError when nothing is there."""
        self.close()
        answer = self._server.get()
        if answer.content_type.startswith("multipart/"):
            self._pictures = iter(Parts(self.name, answer.body, answer.boundary, self._most_bytes))
            return
        try:
            beginning = answer.body.read1(_CHUNK_BYTES)
        except OSError as error:
            raise self._broken_off(error) from None
        if answer.content_type.startswith("image/") or beginning.startswith(_JPEG_START):
            self._pictures = self._ask_again_and_again(answer, beginning)
            return
        chunks: Iterator[bytes] = itertools.chain([beginning], iter(lambda: answer.body.read1(_CHUNK_BYTES), b""))
        if is_playlist(answer.content_type, beginning):
            chunks = read_segments(self._server, chunks)
        self._video = PipedVideo(
            self.name, chunks, self._clock, max_pixels=self._max_pixels, aspect=self._aspect, colour=self._colour
        )
        self._video.open()

    def read(self) -> Frame:
        """Wait for the next frame. Raises SourceError when none comes any more, or only damaged ones."""
        if self._video is not None:
            return self._video.read()
        if self._pictures is None:
            raise SourceError(f"{self.name} is not open")
        for _ in range(_BAD_PICTURES_IN_A_ROW):
            try:
                data = next(self._pictures, None)
            except OSError as error:
                raise self._broken_off(error) from None
            if data is None:
                raise SourceError(f"{self.name} gives no more frames", "check its cable, power and network")
            time_s, taken_at = self._time.place(None)
            index, self._index = self._index, self._index + 1
            pictures = self._decode(data)
            if pictures is not None:
                return Frame(time_s=time_s, taken_at=taken_at, index=index, **pictures)
        raise SourceError(f"{self.name} gives only damaged pictures", "check its cable, power and network")

    def _broken_off(self, error: OSError) -> SourceError:
        return SourceError(
            f"{self.name} gives no more frames: {error.strerror or error or type(error).__name__}",
            "check its cable, power and network",
        )

    def close(self) -> None:
        """Hang up."""
        video, self._video, self._pictures = self._video, None, None
        self._server.close()
        if video is not None:
            video.close()

    def _decode(self, data: bytes) -> dict[str, Any] | None:
        if data.startswith(_JPEG_START):
            pictures = self._jpegs.decode(data)
        else:
            picture = decode_picture(data, f"a picture of {self.name}", self._max_pixels, colour=self._colour != "none")
            pictures = split_colours(picture, colour=self._colour)
        return pictures and SquarePixels(self._aspect, self._max_pixels).stretch(pictures)

    def _ask_again_and_again(self, answer: Answer, beginning: bytes) -> Iterator[bytes]:
        due_s = time.monotonic()
        while True:
            yield self._whole(answer, beginning)
            due_s = max(due_s + self._interval_s, time.monotonic())
            time.sleep(max(0.0, due_s - time.monotonic()))
            answer, beginning = self._server.get(), b""

    def _whole(self, answer: Answer, beginning: bytes) -> bytes:
        data = beginning + answer.body.read(self._most_bytes + 1)
        if len(data) > self._most_bytes:
            raise SourceError(
                f"{self.name} sends a picture of more than {self._most_bytes / 1e6:g} MB",
                "raise source.max_megapixels if its pictures are really so large",
            )
        return data
