"""Cameras on a Raspberry Pi's own connector, through Picamera2."""

import gc
import logging
import os
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from device.capture.sources.colours import Colour
from device.capture.sources.pixels import Layout, with_chroma
from device.capture.sources.settings import PICAMERA_URI, PicameraSettings, SourceSettings
from device.capture.sources.timestamps import SensorTime, boottime_ns, monotonic_ns
from device.errors import SourceError
from device.interfaces import Clock
from device.records import Frame
from device.system.log import LogOnce

_LOGGER = logging.getLogger(__name__)

_BUFFERS = 4  # libcamera's own choice for a viewfinder: one is filled while one is read, and two lie ready
# libcamera's AfMode: Manual, Auto, Continuous; and AfTrigger: Start.
_AF_MODES = {"manual": 0, "once": 1, "continuous": 2}
_AF_START = 0
_LIST = "see whether `rpicam-hello --list-cameras` lists it, check the ribbon cable, and start the Pi again"


_Streams = dict[Literal["grey", "bgr"], tuple[str, Layout]]
"""What is read from a frame: the name of the stream and how it lies in memory."""


class PiCamera:
    """A camera that libcamera drives: frames carry the sensor's own time.

    There is one stream, YUV420, whose luma plane is the grey picture; small colours are made of all its planes. For
    whole colours that plane comes from the stream ``lores``, and ``main`` is the overlay's. Whatever the camera gives
    instead of what was asked for is read back; one stream can be both.

    Args:
        number: which camera, from 0, as ``rpicam-hello --list-cameras`` counts them.
        clock: the time that frames carry.
        settings: the section ``source``.
        colour: what frames carry beside grey.
        kernel_clocks_ns: the clocks that the sensor's time may come from; see `SensorTime`.
    """

    live = True

    def __init__(
        self,
        number: int,
        clock: Clock,
        settings: SourceSettings,
        *,
        colour: Colour = "none",
        kernel_clocks_ns: tuple[Callable[[], int], ...] = (boottime_ns, monotonic_ns),
    ) -> None:
        self.name = f"{PICAMERA_URI}:{number}" if number else PICAMERA_URI
        self._number = number
        self._settings = settings
        self._colour = colour
        self._time = SensorTime(clock, kernel_clocks_ns)
        self._camera: Any = None
        self._streams: _Streams = {}
        self._index = 0
        self._said = LogOnce(_LOGGER, logging.INFO)

    def open(self) -> None:
        """Start the camera. Raises SourceError when it, or Picamera2, is not there: both may come later."""
        self.close()
        picamera2, libcamera = _import()
        self._mapped_array = picamera2.MappedArray
        self._camera = _take(picamera2.Picamera2, self._number, self.name)
        try:
            self._streams = self._configure(libcamera)
            self._camera.start()
        except (RuntimeError, OSError, ValueError, IndexError, TypeError) as error:
            self.close()
            raise SourceError(f"{self.name} does not start: {_told(error)}", _LIST) from error
        except SourceError:
            self.close()
            raise
        self._report()

    def read(self) -> Frame:
        """Wait for the next frame. Raises SourceError when none comes within ``stall_timeout_s``."""
        if self._camera is None:
            raise SourceError(f"{self.name} is not open")
        timeout_s = self._settings.stall_timeout_s
        try:
            request = self._camera.capture_request(wait=timeout_s)
        except TimeoutError as error:
            raise SourceError(f"{self.name} has given no frame for {timeout_s:g} s", _LIST) from error
        except (RuntimeError, OSError) as error:
            raise SourceError(f"{self.name} gives no more frames: {_told(error)}", _LIST) from error
        try:
            return self._to_frame(request)
        finally:
            request.release()

    def close(self) -> None:
        """Let go of the camera; a hung one may block in here for ever."""
        camera, self._camera = self._camera, None
        if camera is None:
            return
        # A capture that timed out is waited for still, and would take the first frame after the next start.
        camera.cancel_all_and_flush()
        camera.close()
        # Picamera2 leaves two selectors in cycles of references, each with a descriptor.
        del camera
        gc.collect()

    def _configure(self, libcamera: Any) -> _Streams:
        size = (self._settings.width, self._settings.height)
        grey = {"format": "YUV420", "size": size}
        if self._colour != "whole":
            return {"grey": ("main", self._set_up(libcamera, grey, None)["main"])}
        scale = self._settings.picamera.colour_scale
        colours = {"format": "RGB888", "size": tuple(round(side * scale) for side in size)}
        try:
            layouts = self._set_up(libcamera, colours, grey)
        except (RuntimeError, IndexError, TypeError) as error:
            self._say(f"gives no second stream ({_told(error)}), so one serves for both")
            layouts = self._set_up(libcamera, grey, None)
        if not layouts["main"].has_colour:
            raise self._strange(layouts["main"])
        source_of_grey = "lores" if "lores" in layouts else "main"
        return {"grey": (source_of_grey, layouts[source_of_grey]), "bgr": ("main", layouts["main"])}

    def _set_up(self, libcamera: Any, main: dict[str, Any], lores: dict[str, Any] | None) -> dict[str, Layout]:
        """Configure with these streams; their layouts by Picamera2's names."""
        wanted = self._settings.picamera
        sensor = {} if wanted.sensor_size is None else {"output_size": wanted.sensor_size}
        configuration = self._camera.create_video_configuration(
            main=main,
            lores=lores,
            sensor=sensor,
            # For video Picamera2 takes a luma of 16 to 235, paler than any other source's; this one has 0 to 255.
            colour_space=libcamera.ColorSpace.Sycc(),
            transform=libcamera.Transform(hflip=wanted.hflip, vflip=wanted.vflip),
            buffer_count=_BUFFERS,
            controls=self._supported(_controls(self._settings.fps, wanted)),
            display=None,
            encode=None,
        )
        self._camera.configure(configuration)
        given = self._camera.camera_configuration()
        layouts = {name: Layout.of(given[name]) for name in ("main", "lores") if given.get(name)}
        grey = layouts.get("lores", layouts["main"])
        if not grey.has_grey:
            raise self._strange(grey)
        return layouts

    def _supported(self, controls: dict[str, Any]) -> dict[str, Any]:
        known = set(self._camera.camera_controls)
        missing = sorted(controls.keys() - known)
        # Most of these cameras cannot focus, and nobody asked them to: it is the default.
        if missing and missing != ["AfMode"]:
            self._say(f"has no control {', '.join(missing)}; what is set for it is left out")
        return {control: value for control, value in controls.items() if control in known}

    def _strange(self, layout: Layout) -> SourceError:
        return SourceError(
            f"{self.name} gives {layout.format}, which is not understood here",
            "for a USB camera set source.uri to /dev/video0 or the like",
        )

    def _report(self) -> None:
        _, grey = self._streams["grey"]
        asked = f"{self._settings.width} x {self._settings.height}"
        given = f"{grey.width} x {grey.height}"
        instead = "" if given == asked else f" (asked for {asked})"
        self._say(f"gives {given} as {grey.format}, rows of {grey.stride} bytes{instead}")

    def _say(self, what: str) -> None:
        """Log it once, for the camera may be opened often."""
        self._said.log("%s", f"{self.name} {what}")

    def _to_frame(self, request: Any) -> Frame:
        """A frame of its own memory: the buffers go back to the camera."""
        time_s, taken_at = self._time.place(request.get_metadata().get("SensorTimestamp"))
        index, self._index = self._index, self._index + 1
        pictures = {part: self._copy(request, stream, layout, part) for part, (stream, layout) in self._streams.items()}
        frame = Frame(pictures["grey"], time_s, taken_at, index, pictures.get("bgr"))
        stream, layout = self._streams["grey"]
        if self._colour != "small" or not layout.has_chroma:
            return frame
        with self._mapped_array(request, stream, reshape=False, write=False) as mapped:
            chroma = layout.chroma(mapped.array)
        return replace(frame, small_bgr=lambda: with_chroma(frame.grey, chroma))

    def _copy(self, request: Any, stream: str, layout: Layout, part: Literal["grey", "bgr"]) -> NDArray[np.uint8]:
        with self._mapped_array(request, stream, reshape=False, write=False) as mapped:
            view = layout.grey(mapped.array) if part == "grey" else layout.bgr(mapped.array)
            return np.array(view, order="C")


def _import() -> tuple[Any, Any]:
    """The modules picamera2 and libcamera. Raises SourceError."""
    os.environ.setdefault("LIBCAMERA_LOG_LEVELS", "*:WARN")  # read when it is loaded
    logging.getLogger("picamera2").setLevel(logging.WARNING)
    needed = "a camera on the Pi's own connector needs Picamera2"
    try:
        import libcamera
        import picamera2
    except ModuleNotFoundError as error:
        raise SourceError(
            f"{needed}, which is not here: {_told(error)}",
            "sudo apt install python3-picamera2, and make affectd's environment with --system-site-packages",
        ) from error
    except (ImportError, ValueError, AttributeError, OSError) as error:
        raise SourceError(
            f"{needed}, which cannot be loaded: {_told(error)}",
            "on Debian 12 its parts need NumPy 1: install numpy<2 with opencv-python-headless<4.12",
        ) from error
    return picamera2, libcamera


def _take(camera_class: Any, number: int, name: str) -> Any:
    """The camera, held by this process. Raises SourceError."""
    try:
        known = len(camera_class.global_camera_info())
    except RuntimeError as error:
        raise SourceError(f"libcamera does not start: {_told(error)}", _LIST) from error
    if number >= known:
        raise SourceError(f"no camera {name}: libcamera knows of {known}", _LIST)
    # Made in two steps, for an initialiser that fails leaves a descriptor open, once for every attempt.
    camera = camera_class.__new__(camera_class)
    try:
        camera.__init__(number)
    except (RuntimeError, OSError, IndexError) as error:
        _throw_away(camera)
        busy = "another program may have it" if "busy" in _told(error).lower() else ""
        raise SourceError(f"cannot open {name}: {_told(error)}", busy or _LIST) from error
    return camera


def _throw_away(camera: Any) -> None:
    if getattr(camera, "is_open", False):
        camera.close()
    elif hasattr(camera, "notifyme_w"):
        camera.notifymeread.close()
        os.close(camera.notifyme_w)


def _controls(fps: float, wanted: PicameraSettings) -> dict[str, Any]:
    """What is asked of the camera, by libcamera's names."""
    duration_us = round(1_000_000 / fps)
    controls: dict[str, Any] = {
        "FrameDurationLimits": (duration_us, duration_us),
        "AfMode": _AF_MODES[wanted.autofocus],
    }
    if wanted.autofocus == "once":
        controls["AfTrigger"] = _AF_START
    if wanted.autofocus == "manual" and wanted.lens_position is not None:
        controls["LensPosition"] = wanted.lens_position
    if wanted.exposure_us is not None:
        controls["ExposureTime"] = wanted.exposure_us
    if wanted.gain is not None:
        controls["AnalogueGain"] = wanted.gain
    return controls


def _told(error: BaseException) -> str:
    """What an error and its cause say, for Picamera2's own sentence seldom tells why."""
    cause = error.__cause__
    return f"{error}: {_told(cause)}".replace(".:", ":") if cause else str(error) or type(error).__name__
