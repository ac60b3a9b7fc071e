"""What the overlay needs."""

import os
from importlib.util import find_spec
from shlex import quote

from device.overlay.displays import connected, drivers_to_try, explain_kmsdrm, explain_no_display, may_read_keys
from device.overlay.settings import OverlaySettings
from device.system.user import user_name
from device.tools.finding import Finding

_OVERLAY_PACKAGES = {"pygame-ce": "pygame", "Pillow": "PIL"}


def examine_overlay(settings: OverlaySettings, daemon_source: str | None) -> Finding:
    """Whether there is a display to show anything on; without one the daemon does its work all the same.

    Args:
        settings: the section ``overlay``.
        daemon_source: as ``examine_broker`` gives it.
    """
    if missing := [name for name, module in _OVERLAY_PACKAGES.items() if find_spec(module) is None]:
        told = f"{' and '.join(missing)} not installed: nothing is shown"
        return Finding("warning", "overlay", told, "pip install 'affectd[overlay]'")
    drivers = drivers_to_try(settings.driver, os.environ)
    if not drivers:
        return Finding("warning", "overlay", explain_no_display(), "ls /sys/class/drm")
    if drivers[0] != "kmsdrm":
        return Finding("ok", "overlay", f"a window on the desktop, by {drivers[0]}")
    if daemon_source is not None:
        told = "a bare console's display, which the running daemon may hold: it says in its log whether it does"
        return Finding("ok", "overlay", told, "journalctl -u affectd -g overlay -n 5")
    return _examine_console()


def _examine_console() -> Finding:
    if fault := explain_kmsdrm():
        return Finding("warning", "overlay", fault, "ls -l /dev/dri; grep . /sys/class/drm/card*-*/status; id")
    if not may_read_keys():
        told = f"{connected()[0]}, but no key will be heard: {user_name()} may not read any keyboard"
        command = f"sudo usermod -aG input {quote(user_name())}  # then log in again"
        return Finding("warning", "overlay", told, command)
    return Finding("ok", "overlay", f"the whole of {connected()[0]}, by kmsdrm")
