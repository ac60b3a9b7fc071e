"""The camera, tried for one frame where nobody else has it."""

import os
import queue
import threading
import time
from collections.abc import Callable
from pathlib import Path
from shlex import quote

from device.capture.privacy_switch import is_switched_on
from device.capture.sources import build_source
from device.capture.sources.settings import picamera_number
from device.capture.sources.square import looks_squeezed
from device.config import Config
from device.errors import AffectdError, SourceError
from device.system.clock import SystemClock
from device.system.user import user_name
from device.tools.finding import Finding

_CAMERA_TIMEOUT_S = 45.0
_SQUEEZED = (
    ", which analogue recorders store with faces too wide or too narrow to be found: "
    "set source.aspect to the shape that the picture is to be seen in, such as 16:9"
)


def examine_camera(config: Config, daemon_source: str | None) -> Finding:
    """Whether frames come; a camera that is in use, or closed by the privacy switch, is left alone.

    Args:
        config: names the camera.
        daemon_source: as ``examine_broker`` gives it.
    """
    uri = config.source.uri
    source = build_source(config.source, SystemClock())
    # The daemon may keep its switch in a folder that systemd has given it, and not us.
    folders = config.device.resolved_state_dir, config.device.resolved_runtime_dir
    if daemon_source in {"paused", "pausing"} or is_switched_on(*folders):
        return Finding("ok", "camera", f"{source.name} is closed by the privacy switch, and was not opened for this")
    if daemon_source == "ok":
        return Finding("ok", "camera", f"{source.name} is in use by the daemon, and gives it frames")

    def take() -> str:
        try:
            source.open()
            frame = source.read()
            if frame is None:
                raise SourceError(f"{source.name} has no frames")
            squeezed = _SQUEEZED if looks_squeezed(frame.width, frame.height) else ""
            return f"{source.name} gives frames of {frame.width} x {frame.height} pixels{squeezed}"
        finally:
            source.close()

    try:
        told = _within(_CAMERA_TIMEOUT_S, take, f"{source.name} does not answer", _wake(uri))
        return Finding("warning" if told.endswith(_SQUEEZED) else "ok", "camera", told)
    except AffectdError as error:
        return Finding("wrong", "camera", str(error), _mend_camera(uri))


def _wake(uri: str) -> str:
    """What helps a source that does not answer at all."""
    if "://" in uri:
        return "see that it is on and can be reached from here"
    if picamera_number(uri) is not None:
        return "see that its cable sits on both sides, and start the machine again"
    is_camera = uri.isdigit() or Path(uri).is_relative_to("/dev")
    return "unplug it and plug it in again" if is_camera else "copy it to a disk of this machine"


def _mend_camera(uri: str) -> str:
    if picamera_number(uri) is not None:
        return "rpicam-hello --list-cameras"
    node = Path(f"/dev/video{uri}" if uri.isdigit() else uri)
    if node.is_relative_to("/dev"):
        if node.exists() and not os.access(node, os.R_OK | os.W_OK):
            return f"sudo usermod -aG video {quote(user_name())}  # then log in again"
        return f"sudo fuser -v {quote(str(node))}" if node.exists() else "ls -l /dev/v4l/by-id /dev/video*"
    return "" if "://" in uri else f"ls -l {quote(uri)}"


def _within(timeout_s: float, action: Callable[[], str], complaint: str, remedy: str) -> str:
    """What ``action`` gives, in a thread of its own, for a hung camera can block for ever. Raises SourceError."""
    results: queue.SimpleQueue[str | AffectdError] = queue.SimpleQueue()

    def run() -> None:
        try:
            results.put(action())
        except AffectdError as error:
            results.put(error)
        except Exception as error:  # noqa: BLE001 an end without an answer would be waited for
            results.put(SourceError(f"it cannot be tried: {type(error).__name__}: {error}"))

    threading.Thread(target=run, name="doctor-camera", daemon=True).start()
    begun_s = time.monotonic()
    try:
        result = results.get(timeout=timeout_s)
    except queue.Empty:
        waited_s = time.monotonic() - begun_s
        raise SourceError(f"{complaint} within {waited_s:.0f} s", remedy) from None
    if isinstance(result, AffectdError):
        raise result
    return result
