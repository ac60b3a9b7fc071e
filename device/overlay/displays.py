"""Which displays this machine has, how to reach them, and why one cannot be reached."""

import errno
import fcntl
import os
from collections.abc import Mapping
from pathlib import Path

from device.overlay.settings import Driver

SYS_DRM = Path("/sys/class/drm")
DEV_DRI = Path("/dev/dri")

_SET_MASTER = 0x641E  # DRM_IOCTL_SET_MASTER of drm.h, _IO('d', 0x1e)
_DROP_MASTER = 0x641F
_NO_DISPLAY_HERE = "this machine has no display: no desktop (WAYLAND_DISPLAY, DISPLAY) and no /dev/dri"


def drivers_to_try(driver: Driver, environment: Mapping[str, str], sys_drm: Path = SYS_DRM) -> list[str]:
    """SDL's names of the drivers that may work here, the likeliest first; none where there is no display.

    Args:
        driver: the configuration's; anything but ``auto`` is taken at its word.
        environment: ``SDL_VIDEODRIVER`` there, SDL's own variable, decides where the configuration does not.
        sys_drm: where the kernel lists displays.
    """
    if driver != "auto":
        return [driver]
    if forced := environment.get("SDL_VIDEODRIVER"):
        return [forced]
    found = []
    if environment.get("WAYLAND_DISPLAY"):
        found.append("wayland")
    if environment.get("DISPLAY"):
        found.append("x11")
    if _connectors(sys_drm):
        found.append("kmsdrm")
    return found


def connected(sys_drm: Path = SYS_DRM) -> tuple[str, ...]:
    """The connectors that a display is plugged into, such as ``card1-HDMI-A-1``."""
    return tuple(path.name for path in _connectors(sys_drm) if _status(path) == "connected")


def adapter_with_display(sys_drm: Path = SYS_DRM) -> int | None:
    """The number of the first graphics card with a display; a Raspberry Pi has further ones that only compute."""
    for connector in connected(sys_drm):
        number = connector.partition("-")[0].removeprefix("card")
        if number.isdigit():
            return int(number)
    return None


def explain_no_display() -> str:
    """Why there is no driver to try."""
    return _NO_DISPLAY_HERE


def explain_kmsdrm(sys_drm: Path = SYS_DRM, dev_dri: Path = DEV_DRI) -> str | None:
    """Why a bare console's display cannot be had, which SDL does not tell; None where nothing speaks against it.

    Asks for the display for a moment, as its program would, and gives it back.
    """
    if not _connectors(sys_drm):
        return _NO_DISPLAY_HERE
    number = adapter_with_display(sys_drm)
    if number is None:
        return "no display is plugged in"
    card = dev_dri / f"card{number}"
    try:
        descriptor = os.open(card, os.O_RDWR | os.O_CLOEXEC)
    except PermissionError:
        return f"no permission for {card}; add the user to the groups video, render and input"
    except OSError as error:
        return f"{card} cannot be opened: {error.strerror}"
    try:
        fcntl.ioctl(descriptor, _SET_MASTER)
        fcntl.ioctl(descriptor, _DROP_MASTER)
    except OSError as error:
        if error.errno in (errno.EBUSY, errno.EACCES, errno.EPERM):
            return f"another program holds the display ({card}), a desktop say; run affectd in that desktop"
    finally:
        os.close(descriptor)
    return None


def may_read_keys(dev_input: Path = Path("/dev/input")) -> bool:
    """Whether a bare console's keyboards may be read; True where there is none."""
    devices = list(dev_input.glob("event*"))
    return not devices or any(os.access(device, os.R_OK) for device in devices)


def _connectors(sys_drm: Path) -> list[Path]:
    return sorted(sys_drm.glob("card*-*"))


def _status(connector: Path) -> str:
    try:
        return (connector / "status").read_text().strip()
    except OSError:
        return ""
