"""Who has the camera, where it does not open: most often the service."""

import errno
import fcntl
import os
import struct
import subprocess
from pathlib import Path

from device.errors import SourceError

# linux/videodev2.h: struct v4l2_requestbuffers, and what asks with it for no buffers of a camera's. It changes nothing
# for whoever does not stream, and is refused with EBUSY while another program does.
_REQUEST_BUFFERS = struct.pack("=IIIIB3x", 0, 1, 1, 0, 0)
_VIDIOC_REQBUFS = 0xC0145608
_SYSTEMCTL_TIMEOUT_S = 5.0


def explain_busy(error: SourceError, uri: str) -> SourceError:
    """``error``, or where another program has the camera an error that says which, and how to stop it.

    Args:
        error: what opening the camera raised.
        uri: the setting ``source.uri``.
    """
    if not ("busy" in error.reason.lower() or _is_streaming(_node(uri))):
        return error
    services = _running_services()
    if services:
        names = " ".join(services)
        return SourceError(
            f"the camera {uri} is busy: the service {names} is running and holds it",
            f"stop it with `sudo systemctl stop {names}`, and start it again afterwards",
        )
    return SourceError(
        f"the camera {uri} is busy: another program holds it",
        "stop that one; affectd's service stops with `sudo systemctl stop affectd`",
    )


def _node(uri: str) -> Path:
    return Path(f"/dev/video{uri}" if uri.isascii() and uri.isdigit() else uri)


def _is_streaming(node: Path) -> bool:
    """Whether another program has a V4L2 camera's buffers; OpenCV does not say why it opens none."""
    if not node.is_char_device():
        return False
    try:
        descriptor = os.open(node, os.O_RDWR | os.O_NONBLOCK)
    except OSError as error:
        return error.errno == errno.EBUSY
    try:
        fcntl.ioctl(descriptor, _VIDIOC_REQBUFS, _REQUEST_BUFFERS)
    except OSError as error:
        return error.errno == errno.EBUSY
    finally:
        os.close(descriptor)
    return False


def _running_services() -> list[str]:
    """The units ``affectd`` and ``affectd@...`` that run here; none where there is no systemd."""
    command = ["systemctl", "list-units", "--plain", "--no-legend", "--state=active,activating", "affectd*.service"]
    try:
        answer = subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=_SYSTEMCTL_TIMEOUT_S, errors="replace"
        )
    except (OSError, subprocess.TimeoutExpired):
        return []
    if answer.returncode:
        return []
    return [line.split()[0].removesuffix(".service") for line in answer.stdout.splitlines() if line.strip()]
