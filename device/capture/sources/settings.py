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
    """What a Raspberry Pi's camera can do beyond size and rate; affectd leaves out a control that the camera lacks."""

    autofocus: Autofocus = Field(
        default="continuous", description="continuous, once (at the start) or manual; for cameras that can focus"
    )
    lens_position: float | None = Field(
        default=None, ge=0.0, le=32.0, description="the focus of manual, in dioptres: 0 is far away, 2 is half a metre"
    )
    exposure_us: int | None = Field(
        default=None, ge=1, le=10_000_000, description="exposure time, microseconds; null lets the camera decide"
    )
    gain: float | None = Field(default=None, ge=1.0, le=64.0, description="analogue gain; null lets the camera decide")
    hflip: bool = Field(default=False, description="mirror left and right")
    vflip: bool = Field(
        default=False, description="mirror top and bottom; set both for a camera that hangs upside down"
    )
    sensor_size: tuple[int, int] | None = Field(
        default=None,
        description="the sensor's mode as [width, height]; small modes may show only the middle of the view",
    )
    colour_scale: float = Field(
        default=1.0,
        ge=1.0,
        le=6.0,
        description="how many times wider and higher the overlay's picture is than the grey picture",
    )


class SourceSettings(Section):
    """One camera, stream, video file or folder of pictures."""

    # A stream's URL may hold a password: it is shown neither in an error nor in the settings' own text.
    model_config = ConfigDict(hide_input_in_errors=True)

    uri: str = Field(
        default="0",
        min_length=1,
        repr=False,
        description="a camera (0 or /dev/video0; picamera or picamera:1 on a Pi's own connector), a stream (rtsp:// "
        "or http://), a video file, a folder of pictures, or demo for the bundled clip",
    )
    width: int = Field(default=640, ge=64, le=7680, description="picture width that affectd asks of a camera, pixels")
    height: int = Field(default=480, ge=64, le=4320, description="picture height that affectd asks of a camera, pixels")
    fps: float = Field(
        default=15.0,
        gt=0.0,
        le=240.0,
        description="frames per second that affectd asks of a camera; the rate of a folder",
    )
    pixel_format: PixelFormat = Field(
        default="auto",
        description="what affectd asks of a USB camera: MJPG, YUYV or auto, which takes the format that costs least",
    )
    max_megapixels: float = Field(
        default=25.0,
        ge=0.1,
        le=500.0,
        description="the largest picture, in millions of pixels; a larger picture is refused before it is decoded",
    )
    aspect: str | None = Field(
        default=None,
        pattern=r"^[1-9][0-9]{0,4}:[1-9][0-9]{0,4}$",
        description="the shape of the picture, such as 16:9, if its pixels are not square; null takes what a stream "
        "or file says",
    )
    rtsp_transport: RtspTransport = Field(
        default="tcp", description="the transport of an rtsp:// stream: tcp, or udp for a camera that needs it"
    )
    pace: Pace = Field(
        default="real-time", description="whether files and folders play at their own speed or as fast as possible"
    )
    loop: bool = Field(default=False, description="true starts files and folders again at their end")
    open_timeout_s: float = Field(
        default=10.0, ge=0.1, le=300.0, description="how long a stream may take to answer, seconds"
    )
    stall_timeout_s: float = Field(
        default=3.5, ge=0.1, le=300.0, description="a camera or stream without a frame for this long is lost, seconds"
    )
    frozen_timeout_s: float | None = Field(
        default=3.5,
        ge=0.5,
        le=3600.0,
        description="a camera or stream with exactly equal frames for this long is lost, seconds; null switches that "
        "off",
    )
    blank_timeout_s: float | None = Field(
        default=3.5,
        ge=0.5,
        le=3600.0,
        description="a camera or stream with frames of one even grey for this long is lost, as from a dead sensor, "
        "seconds; null switches that off",
    )
    hang_timeout_s: float = Field(
        default=10.0,
        ge=1.0,
        le=600.0,
        description="a camera's driver that does not answer for this long ends the process, seconds",
    )
    reboot_after_hangs: int | None = Field(
        default=None,
        ge=1,
        le=100,
        description="start the machine again after this many such ends in a row; null never does it",
    )
    reopen_delay_s: float = Field(
        default=1.0,
        gt=0.0,
        le=3600.0,
        description="first wait before a lost camera is opened again, seconds; it doubles",
    )
    reopen_delay_max_s: float = Field(
        default=60.0, gt=0.0, le=3600.0, description="longest wait before a lost camera is opened again, seconds"
    )

    picamera: PicameraSettings = Field(
        default=PicameraSettings(), description="for cameras on a Raspberry Pi's own connector"
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
