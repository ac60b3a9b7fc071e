"""Live sources that OpenCV reads: a USB camera through V4L2, an RTSP or HTTP stream through FFmpeg."""

import errno
import logging
import math
import os
import socket
import stat
from abc import ABC, abstractmethod
from pathlib import Path
from urllib.parse import urlsplit

import cv2

from device.errors import SourceError
from device.interfaces import Clock
from device.records import Frame
from device.sources.frames import quieten, to_frame
from device.sources.settings import display_name

_LOGGER = logging.getLogger(__name__)

_BAD_FRAMES_IN_A_ROW = 10  # a USB camera's first pictures are often damaged
_DIAGNOSIS_TIMEOUT_S = 2.0
_DEFAULT_PORTS = {"rtsp": 554, "rtsps": 322, "http": 80, "https": 443}


class _LiveSource(ABC):
    """A camera or stream: frames carry the moment they were grabbed, and an end is a fault."""

    live = True

    def __init__(self, name: str, clock: Clock, *, colour: bool) -> None:
        self.name = name
        self._clock = clock
        self._colour = colour
        self._capture: cv2.VideoCapture | None = None
        self._index = 0

    def open(self) -> None:
        """Connect. Raises SourceError when nothing is there."""
        self.close()
        quieten()
        self._capture = self._connect()

    def read(self) -> Frame:
        """Wait for the next frame. Raises SourceError when none comes any more."""
        if self._capture is None:
            raise SourceError(f"{self.name} is not open")
        for _ in range(_BAD_FRAMES_IN_A_ROW):
            if not self._capture.grab():
                break
            time_s, taken_at = self._clock.monotonic_s(), self._clock.now()
            index, self._index = self._index, self._index + 1
            decoded, picture = self._capture.retrieve()
            if decoded:
                return to_frame(picture, time_s=time_s, taken_at=taken_at, index=index, colour=self._colour)
        raise SourceError(f"{self.name} gives no more frames", "check its cable, power and network")

    def close(self) -> None:
        """Let go of it."""
        if self._capture is not None:
            self._capture.release()
            self._capture = None

    @abstractmethod
    def _connect(self) -> cv2.VideoCapture: ...


class Camera(_LiveSource):
    """A USB or other V4L2 camera.

    Args:
        device: its node, ``/dev/video0`` or a link below ``/dev/v4l/by-id``.
        clock: stamps the frames.
        width, height: pixels asked for; the camera may choose others.
        fps: frames per second asked for, likewise.
        read_timeout_s: how long a read waits for a frame; OpenCV takes the first camera's for all of a process.
        colour: keep ``Frame.bgr``.
    """

    def __init__(
        self,
        device: Path,
        clock: Clock,
        *,
        width: int = 640,
        height: int = 480,
        fps: float = 15.0,
        read_timeout_s: float = 5.0,
        colour: bool = False,
    ) -> None:
        super().__init__(str(device), clock, colour=colour)
        self._device = device
        self._asked = (width, height, fps)
        self._read_timeout_s = read_timeout_s

    def _connect(self) -> cv2.VideoCapture:
        _require_camera(self._device)
        os.environ.setdefault("OPENCV_VIDEOIO_V4L_SELECT_TIMEOUT", str(math.ceil(self._read_timeout_s)))
        capture = cv2.VideoCapture(self.name, cv2.CAP_V4L2)
        if not capture.isOpened():
            raise SourceError(
                f"{self.name} is a device but gives no video",
                f"set source.uri to a camera that captures; here are: {_cameras_here()}",
            )
        width, height, fps = self._asked
        # The format comes first, for it decides which sizes there are. USB has no room for raw pictures at full rate.
        capture.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"MJPG"))
        capture.set(cv2.CAP_PROP_FRAME_WIDTH, width)
        capture.set(cv2.CAP_PROP_FRAME_HEIGHT, height)
        capture.set(cv2.CAP_PROP_FPS, fps)
        capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)
        self._report(capture)
        return capture

    def _report(self, capture: cv2.VideoCapture) -> None:
        width, height = capture.get(cv2.CAP_PROP_FRAME_WIDTH), capture.get(cv2.CAP_PROP_FRAME_HEIGHT)
        fps = capture.get(cv2.CAP_PROP_FPS)
        given = f"{width:.0f} x {height:.0f} at {fps:g} fps"
        asked = "{} x {} at {:g} fps".format(*self._asked)
        _LOGGER.info("%s gives %s%s", self.name, given, "" if given == asked else f" (asked for {asked})")


class Stream(_LiveSource):
    """An RTSP or HTTP stream.

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
        read_timeout_s: float = 5.0,
        colour: bool = False,
    ) -> None:
        super().__init__(display_name(url), clock, colour=colour)
        self._url = url
        self._timeouts = [
            *(cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, round(open_timeout_s * 1000)),
            *(cv2.CAP_PROP_READ_TIMEOUT_MSEC, round(read_timeout_s * 1000)),
        ]

    def _connect(self) -> cv2.VideoCapture:
        capture = cv2.VideoCapture(self._url, cv2.CAP_FFMPEG, self._timeouts)
        if not capture.isOpened():
            raise self._diagnose()
        return capture

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


def _require_camera(device: Path) -> None:
    try:
        if not stat.S_ISCHR(device.stat().st_mode):
            raise SourceError(f"{device} is not a camera but a file", f"cameras here: {_cameras_here()}")
        os.close(os.open(device, os.O_RDWR | os.O_NONBLOCK))
    except FileNotFoundError:
        reason, remedy = f"no camera at {device}", f"plug one in or correct source.uri; cameras here: {_cameras_here()}"
    except PermissionError:
        reason, remedy = f"no permission for the camera {device}", "add the user to the group video, then log in again"
    except OSError as error:
        busy = error.errno == errno.EBUSY
        reason = f"cannot open the camera {device}: {error.strerror}"
        remedy = "end the program that uses it" if busy else "unplug it and plug it in again"
    else:
        return
    raise SourceError(reason, remedy)


def _cameras_here() -> str:
    return ", ".join(sorted(str(path) for path in Path("/dev").glob("video[0-9]*"))) or "none"
