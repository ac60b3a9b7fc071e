"""USB and other V4L2 cameras, which OpenCV reads."""

import errno
import logging
import math
import os
import stat
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from device.capture.sources.colours import Colour, split_colours, thinned
from device.capture.sources.jpeg import JpegDecoder
from device.capture.sources.opencv import LiveSource
from device.capture.sources.settings import PixelFormat
from device.capture.sources.square import SquarePixels
from device.capture.sources.timestamps import monotonic_ns
from device.errors import SourceError
from device.interfaces import Clock
from device.system.log import LogOnce

_LOGGER = logging.getLogger(__name__)

_MOST_RAW_BYTES_PER_S = 640 * 480 * 2 * 30
"""What every USB 2 camera has room for without compression."""

_FULL_RANGE = np.clip(np.rint((np.arange(256) - 16) * 255 / 219), 0, 255).astype(np.uint8)
"""A camera's luma goes from 16 to 235 (ITU-R BT.601), that of every other source, and of the model's faces, from 0."""

_NEARLY = 0.95  # 29.97 frames a second are the thirty of television

# One is filled while the other is read; with a single one, a camera drops each frame that begins in the meantime.
_BUFFERS = 2


class Camera(LiveSource):
    """A USB or other V4L2 camera.

    Frames carry the kernel's time of their arrival. YUYV gives its luma, spread, as the grey; of a JPEG
    only the luma is decoded while nobody wants colours. Small ones are made of what the camera gave once
    somebody looks.

    Args:
        device: its node, ``/dev/video0`` or a link below ``/dev/v4l/by-id``.
        clock: the time that frames carry.
        width, height: pixels asked for; the camera may choose others.
        fps: frames per second asked for, likewise.
        pixel_format: ``MJPG`` or ``YUYV``; ``auto`` takes YUYV where the camera has room for it, which costs least.
        read_timeout_s: how long a read waits for a frame; OpenCV takes the first camera's for all of a process.
        max_pixels: a JPEG of more is refused.
        aspect: width to height of the picture as it is to be seen; None for square pixels.
        colour: what frames carry beside grey.
    """

    def __init__(
        self,
        device: Path,
        clock: Clock,
        *,
        width: int = 640,
        height: int = 480,
        fps: float = 15.0,
        pixel_format: PixelFormat = "auto",
        read_timeout_s: float = 3.5,
        max_pixels: int = 25_000_000,
        aspect: float | None = None,
        colour: Colour = "none",
    ) -> None:
        super().__init__(str(device), clock, (monotonic_ns,))
        self._device = device
        self._asked = (width, height, round(fps))
        self._pixel_format = pixel_format
        self._read_timeout_s = read_timeout_s
        self._colour = colour
        self._jpegs = JpegDecoder(str(device), max_pixels, colour=colour)
        self._square = SquarePixels(aspect, max_pixels)
        self._given = ""
        self._said = LogOnce(_LOGGER, logging.INFO)

    def _connect(self) -> cv2.VideoCapture:
        _require_camera(self._device)
        os.environ.setdefault("OPENCV_VIDEOIO_V4L_SELECT_TIMEOUT", str(math.ceil(self._read_timeout_s)))
        capture = cv2.VideoCapture(self.name, cv2.CAP_V4L2)
        if not capture.isOpened():
            raise SourceError(
                f"{self.name} is a device but gives no video",
                f"set source.uri to a camera that captures, or to picamera for one on a Raspberry Pi's own connector; "
                f"here are: {_cameras_here()}",
            )
        for wanted in self._formats():
            if self._ask(capture, wanted):
                break
        capture.set(cv2.CAP_PROP_BUFFERSIZE, _BUFFERS)
        if self._given in {"MJPG", "YUYV", "GREY"}:
            capture.set(cv2.CAP_PROP_CONVERT_RGB, 0)
        self._report(capture)
        return capture

    def _formats(self) -> list[str]:
        """What to ask for, in turn, until the camera gives all that is asked."""
        if self._pixel_format != "auto":
            return [self._pixel_format]
        width, height, fps = self._asked
        return ["YUYV", "MJPG"] if width * height * 2 * fps <= _MOST_RAW_BYTES_PER_S else ["MJPG"]

    def _ask(self, capture: cv2.VideoCapture, pixel_format: str) -> bool:
        """Whether the camera gives ``pixel_format`` at the size and at least the rate that is wanted."""
        width, height, fps = self._asked
        # The format comes first, for it decides which sizes there are.
        capture.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*pixel_format))
        capture.set(cv2.CAP_PROP_FRAME_WIDTH, width)
        capture.set(cv2.CAP_PROP_FRAME_HEIGHT, height)
        capture.set(cv2.CAP_PROP_FPS, fps)
        self._given = (
            int(capture.get(cv2.CAP_PROP_FOURCC)).to_bytes(4, "little", signed=False).decode("latin-1").rstrip()
        )
        size = (capture.get(cv2.CAP_PROP_FRAME_WIDTH), capture.get(cv2.CAP_PROP_FRAME_HEIGHT))
        fast_enough = capture.get(cv2.CAP_PROP_FPS) >= _NEARLY * fps
        return self._given == pixel_format and size == (width, height) and fast_enough

    def _report(self, capture: cv2.VideoCapture) -> None:
        """Say what the camera gives; once, for it may be opened often."""
        width, height = capture.get(cv2.CAP_PROP_FRAME_WIDTH), capture.get(cv2.CAP_PROP_FRAME_HEIGHT)
        size_and_rate = f"{width:.0f} x {height:.0f} at {capture.get(cv2.CAP_PROP_FPS):g} fps"
        asked = "{} x {} at {} fps".format(*self._asked)
        format_asked = self._pixel_format if self._pixel_format not in {"auto", self._given} else ""
        told = f"{size_and_rate} as {self._given}"
        if size_and_rate != asked or format_asked:
            told += f" (asked for {asked}{' as ' if format_asked else ''}{format_asked})"
        self._said.log("%s", f"{self.name} gives {told}")

    def _sensor_ns(self, capture: cv2.VideoCapture) -> int | None:
        return round(capture.get(cv2.CAP_PROP_POS_MSEC) * 1e6)

    def _decode(self, data: NDArray[Any]) -> dict[str, Any] | None:
        pictures = self._decode_as_given(data)
        return pictures and self._square.stretch(pictures)

    def _decode_as_given(self, data: NDArray[Any]) -> dict[str, Any] | None:
        if self._given == "MJPG" and data.ndim < 3:
            return self._jpegs.decode(data.tobytes())
        if self._given == "YUYV" and data.ndim == 3 and data.shape[2] == 2:
            parts: dict[str, Any] = {"grey": cv2.LUT(cv2.extractChannel(data, 0), _FULL_RANGE)}
            if self._colour == "whole":
                parts["bgr"] = cv2.cvtColor(data, cv2.COLOR_YUV2BGR_YUYV)
            elif self._colour == "small":
                parts["small_bgr"] = lambda: thinned(
                    cv2.cvtColor(data, cv2.COLOR_YUV2BGR_YUYV).astype(np.uint8, copy=False)
                )
            return parts
        return split_colours(data, colour=self._colour)


def _require_camera(device: Path) -> None:
    try:
        if not stat.S_ISCHR(device.stat().st_mode):
            raise SourceError(f"{device} is not a camera but a file", f"cameras here: {_cameras_here()}")
        os.close(os.open(device, os.O_RDWR | os.O_NONBLOCK))
    except FileNotFoundError:
        reason, remedy = f"no camera at {device}", f"plug one in or correct source.uri; cameras here: {_cameras_here()}"
    except PermissionError:
        reason = f"no permission for the camera {device}"
        remedy = f"the user must be in its group, most often video, and the group be let in: ls -l {device} shows both"
    except OSError as error:
        busy = error.errno == errno.EBUSY
        reason = f"cannot open the camera {device}: {error.strerror}"
        remedy = "end the program that uses it" if busy else "see what the kernel says of it: sudo dmesg | tail"
    else:
        return
    raise SourceError(reason, remedy)


def _cameras_here() -> str:
    return ", ".join(sorted(str(path) for path in Path("/dev").glob("video[0-9]*"))) or "none"
