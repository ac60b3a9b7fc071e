"""Where the pictures come from: the configuration's section ``source``."""

import re
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pydantic import ConfigDict, Field, field_validator, model_validator

from device.redact import mask_secrets
from device.section import Section

DEMO_URI = "demo"
STREAM_SCHEMES = ("rtsp", "rtsps", "http", "https")

PICAMERA_URI = "picamera"
_PICAMERA = re.compile(rf"{PICAMERA_URI}(?::([0-9]{{1,2}}))?")

_ONE_SLASH = re.compile(rf"(?i)(?:{'|'.join(STREAM_SCHEMES)}):")
_NO_SCHEME = re.compile(r"(?://)?[^/@\s]*:[^@]*@|[\w.-]+:[0-9]{2,5}(?:/|$)")

Pace = Literal["real-time", "as-fast-as-possible"]
PixelFormat = Literal["auto", "MJPG", "YUYV"]
RtspTransport = Literal["tcp", "udp"]
Autofocus = Literal["continuous", "once", "manual"]


class PicameraSettings(Section):
    """What a Raspberry Pi's camera can do beyond size and rate; a control that the camera lacks is left out."""

    autofocus: Autofocus = Field(
        default="continuous", description="continuous, once (at the start) or manual; for cameras that can focus"
    )
    lens_position: float | None = Field(
        default=None, ge=0.0, le=32.0, description="focus in dioptres with manual: 0 is far away, 2 is half a metre"
    )
    exposure_us: int | None = Field(
        default=None, ge=1, le=10_000_000, description="exposure time, microseconds; null lets the camera decide"
    )
    gain: float | None = Field(default=None, ge=1.0, le=64.0, description="analogue gain; null lets the camera decide")
    hflip: bool = Field(default=False, description="mirror left and right")
    vflip: bool = Field(default=False, description="mirror top and bottom; both for a camera mounted upside down")
    sensor_size: tuple[int, int] | None = Field(
        default=None,
        description="the sensor's mode as [width, height], for small ones may show only the middle of the view",
    )
    colour_scale: float = Field(
        default=1.0, ge=1.0, le=6.0, description="how much wider and higher the overlay's picture is than the grey one"
    )


class SourceSettings(Section):
    """One camera, stream, video file or folder of pictures."""

    # A stream's URL may hold a password: it is shown neither in an error nor in the settings' own text.
    model_config = ConfigDict(hide_input_in_errors=True)

    uri: str = Field(
        default="0",
        min_length=1,
        repr=False,
        description="a camera (0 or /dev/video0; picamera or picamera:1 on a Pi's own connector), a stream (rtsp:// or "
        "http://), a video file, a folder of pictures, or demo for the clip that ships",
    )
    width: int = Field(default=640, ge=64, le=7680, description="picture width asked of a camera, pixels")
    height: int = Field(default=480, ge=64, le=4320, description="picture height asked of a camera, pixels")
    fps: float = Field(
        default=15.0, gt=0.0, le=240.0, description="frames per second: asked of a camera, the rate of a folder"
    )
    pixel_format: PixelFormat = Field(
        default="auto", description="MJPG, YUYV or auto, which takes what costs least: asked of a USB camera"
    )
    max_megapixels: float = Field(
        default=25.0,
        ge=0.1,
        le=500.0,
        description="a larger picture is refused before it is decoded, millions of pixels",
    )
    aspect: str | None = Field(
        default=None,
        pattern=r"^[1-9][0-9]{0,4}:[1-9][0-9]{0,4}$",
        description="shape of the picture as it is to be seen, as 16:9, for one whose pixels are not square; "
        "null for what a stream or file tells",
    )
    rtsp_transport: RtspTransport = Field(
        default="tcp", description="how an rtsp:// stream travels: tcp, or udp for a camera that knows no other"
    )
    pace: Pace = Field(
        default="real-time", description="whether files and folders play as they were taken or as fast as they go"
    )
    loop: bool = Field(default=False, description="whether files and folders begin again at their end")
    open_timeout_s: float = Field(
        default=10.0, ge=0.1, le=300.0, description="how long a stream may take to answer, seconds"
    )
    stall_timeout_s: float = Field(
        default=3.5, ge=0.1, le=300.0, description="a camera or stream that is silent for this long is lost, seconds"
    )
    frozen_timeout_s: float | None = Field(
        default=3.5,
        ge=0.5,
        le=3600.0,
        description="so is one whose frames are alike to the bit for this long, seconds; null for never",
    )
    blank_timeout_s: float | None = Field(
        default=3.5,
        ge=0.5,
        le=3600.0,
        description="and one whose frames are of one even level for this long, as a dead sensor's; null for never",
    )
    hang_timeout_s: float = Field(
        default=10.0,
        ge=1.0,
        le=600.0,
        description="a call that is overdue for this long hangs in its driver, and the process ends, seconds",
    )
    reboot_after_hangs: int | None = Field(
        default=None,
        ge=1,
        le=100,
        description="start the machine again after so many such ends in a row; null for never",
    )
    reopen_delay_s: float = Field(
        default=1.0,
        gt=0.0,
        le=3600.0,
        description="first wait before a lost source is opened again, seconds; it doubles",
    )
    reopen_delay_max_s: float = Field(
        default=60.0, gt=0.0, le=3600.0, description="longest wait before a lost source is opened again, seconds"
    )

    picamera: PicameraSettings = Field(
        default=PicameraSettings(), description="for the cameras on a Raspberry Pi's own connector"
    )

    @property
    def max_pixels(self) -> int:
        """The most pixels that a picture may have."""
        return round(self.max_megapixels * 1e6)

    @property
    def aspect_ratio(self) -> float | None:
        """``aspect`` as width to height."""
        if self.aspect is None:
            return None
        width, _, height = self.aspect.partition(":")
        return int(width) / int(height)

    @field_validator("uri", mode="before")
    @classmethod
    def _camera_number(cls, uri: object) -> object:
        return str(uri) if type(uri) is int else uri

    @field_validator("uri")
    @classmethod
    def _known_scheme(cls, uri: str) -> str:
        if uri.startswith(f"{PICAMERA_URI}:") and picamera_number(uri) is None:
            raise ValueError(f"a Pi's camera is {PICAMERA_URI} or {PICAMERA_URI}:1, with its number")
        if "://" not in uri:
            return _local(uri)
        scheme = uri.partition("://")[0].lower()
        if scheme not in STREAM_SCHEMES:
            raise ValueError(f"a stream begins with {', '.join(f'{known}://' for known in STREAM_SCHEMES)}")
        if _cut_short(uri):
            raise ValueError("a stream's address that is whole; write # in a password as %23, and ? as %3F")
        if not _has_host(uri):
            raise ValueError(
                f"a stream wants a host: {scheme}://host:port/path; encode @, / and : in a password as %40"
            )
        return uri

    @model_validator(mode="after")
    def _delays_in_order(self) -> "SourceSettings":
        if self.reopen_delay_max_s < self.reopen_delay_s:
            raise ValueError(
                f"reopen_delay_max_s, {self.reopen_delay_max_s}, is below reopen_delay_s, {self.reopen_delay_s}"
            )
        return self


def _local(uri: str) -> str:
    """``uri``, which is no stream, with ``~`` expanded. Raises ValueError for a stream's address with a slip."""
    if _ONE_SLASH.match(uri):
        raise ValueError("a stream's address with two slashes, as in rtsp://host:port/path")
    if _NO_SCHEME.match(uri):
        raise ValueError("a stream's address with its scheme, as in rtsp://host:port/path, or a file's whole path")
    if uri.startswith("$") or "\0" in uri:
        raise ValueError("a path without variables, which nobody replaces here: write what is meant")
    try:
        return str(Path(uri).expanduser()) if uri.startswith("~") else uri
    except RuntimeError:
        raise ValueError(f"a path whose beginning is known; {Path(uri).parts[0]} is no user's home here") from None


def _cut_short(uri: str) -> bool:
    """Whether an unencoded # or ? of a password ends the address before its host."""
    address = uri.partition("://")[2]
    before, at, _ = address.rpartition("@")
    cut = re.search(r"[/?#]", before)
    if not at or cut is None:
        return False
    return cut[0] == "#" or (cut[0] == "?" and "=" not in before[cut.start() :])


def picamera_number(uri: str) -> int | None:
    """Which of a Raspberry Pi's cameras ``uri`` means, from 0; None for another source."""
    meant = _PICAMERA.fullmatch(uri)
    return None if meant is None else int(meant[1] or 0)


def display_name(uri: str) -> str:
    """A stream's URL without user, password, query and fragment, fit for logs; other sources as they are.

    Everything up to the last ``@`` goes, so that a password with an unencoded ``/`` or ``@`` does not show either; and
    in a path that holds one, as some cameras want it, it is masked.
    """
    scheme, separator, rest = uri.partition("://")
    if not separator:
        return uri
    address = rest.rpartition("@")[2]
    return mask_secrets(f"{scheme}://{address.partition('?')[0].partition('#')[0]}")


def _has_host(uri: str) -> bool:
    try:
        parts = urlsplit(uri)
        return bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port that is no number: what stands before an unencoded / or : of a password
        return False
