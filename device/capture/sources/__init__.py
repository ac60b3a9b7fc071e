"""Cameras, streams, files and folders: everything that gives frames."""

from pathlib import Path

from device.capture.sources.colours import Colour
from device.capture.sources.isolated import IsolatedSource
from device.capture.sources.picamera import PiCamera
from device.capture.sources.replay import ImageFolder
from device.capture.sources.settings import DEMO_URI, SourceSettings, picamera_number
from device.capture.sources.stream import Stream
from device.capture.sources.v4l2 import Camera
from device.capture.sources.video import VideoFile
from device.capture.sources.web_camera import WebCamera
from device.demo import CLIP_PATH
from device.interfaces import Clock, FrameSource


def build_source(settings: SourceSettings, clock: Clock, *, colour: Colour = "none") -> FrameSource:
    """The source that ``settings.uri`` means, not opened yet; what is decoded by native code, in a process of its own.

    Args:
        settings: the section ``source``.
        clock: stamps the frames.
        colour: what frames carry beside grey.
    """
    source = build_here(settings, clock, colour=colour)
    is_foreign = isinstance(source, Stream | WebCamera | VideoFile) and settings.uri != DEMO_URI
    return IsolatedSource(settings, clock, colour=colour) if is_foreign else source


def build_here(settings: SourceSettings, clock: Clock, *, colour: Colour = "none") -> FrameSource:
    """As `build_source`, all in this process."""
    if "://" in settings.uri:
        return _build_stream(settings, clock, colour=colour)
    number = picamera_number(settings.uri)
    if number is not None:
        return PiCamera(number, clock, settings, colour=colour)
    if settings.uri == DEMO_URI:
        return VideoFile(CLIP_PATH, clock, name=DEMO_URI, loop=settings.loop, colour=colour)
    is_number = settings.uri.isascii() and settings.uri.isdigit()
    path = Path(f"/dev/video{int(settings.uri)}" if is_number else settings.uri).expanduser()
    max_pixels, aspect = settings.max_pixels, settings.aspect_ratio
    if path.is_char_device() or path.is_relative_to("/dev"):
        return Camera(
            path,
            clock,
            width=settings.width,
            height=settings.height,
            fps=settings.fps,
            pixel_format=settings.pixel_format,
            read_timeout_s=settings.stall_timeout_s,
            max_pixels=max_pixels,
            aspect=aspect,
            colour=colour,
        )
    if path.is_dir():
        return ImageFolder(path, clock, fps=settings.fps, loop=settings.loop, colour=colour, max_pixels=max_pixels)
    return VideoFile(path, clock, loop=settings.loop, colour=colour, max_pixels=max_pixels, aspect=aspect)


def _build_stream(settings: SourceSettings, clock: Clock, *, colour: Colour) -> FrameSource:
    if settings.uri.lower().startswith("rtsp"):
        return Stream(
            settings.uri,
            clock,
            open_timeout_s=settings.open_timeout_s,
            read_timeout_s=settings.stall_timeout_s,
            transport=settings.rtsp_transport,
            max_pixels=settings.max_pixels,
            aspect=settings.aspect_ratio,
            colour=colour,
        )
    return WebCamera(
        settings.uri,
        clock,
        fps=settings.fps,
        open_timeout_s=settings.open_timeout_s,
        read_timeout_s=settings.stall_timeout_s,
        max_pixels=settings.max_pixels,
        aspect=settings.aspect_ratio,
        colour=colour,
    )
