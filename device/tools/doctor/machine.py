"""The computer itself: its folders, disk, clock and heat."""

import os
import shutil
from pathlib import Path
from shlex import quote

from device.config import Config
from device.system.clock import SystemClock
from device.system.telemetry import SYSFS, read_temperature_c, read_throttling
from device.system.user import user_name
from device.tools.finding import Finding

_WARM_C, _HOT_C = 70.0, 80.0
_LITTLE_DISK_MB = 100


def examine_permissions(config: Config) -> Finding:
    """Whether what must survive a restart can be written."""
    folder = config.device.resolved_state_dir
    existing = _nearest_existing(folder)
    if existing.is_dir() and os.access(existing, os.W_OK | os.X_OK):
        return Finding("ok", "permissions", f"{folder} can be written")
    user = user_name()
    command = f"sudo install -d -m 700 -o {quote(user)} {quote(str(folder))}"
    return Finding("wrong", "permissions", f"{existing} cannot be written by {user}: no event would survive", command)


def examine_disk(folder: Path) -> Finding:
    """Whether there is room for the events that wait for the broker."""
    existing = _nearest_existing(folder)
    free_mb = shutil.disk_usage(existing).free // 1_000_000
    if free_mb < _LITTLE_DISK_MB:
        command = "sudo journalctl --vacuum-size=50M && sudo apt-get clean"
        return Finding("wrong", "disk", f"{free_mb} MB free at {existing}, expected {_LITTLE_DISK_MB} or more", command)
    return Finding("ok", "disk", f"{free_mb} MB free at {existing}")


def examine_clock() -> Finding:
    """Whether the time of day was set from outside."""
    clock = SystemClock()
    if clock.state() == "synced":
        return Finding("ok", "clock", f"synchronised, {clock.now():%Y-%m-%d %H:%M:%S} UTC")
    told = f"not synchronised, {clock.now():%Y-%m-%d %H:%M:%S} UTC; events are marked so"
    return Finding("warning", "clock", told, "sudo timedatectl set-ntp true")


def examine_temperature(sysfs: Path = SYSFS) -> Finding:
    """How warm the processor is, and whether something holds it back."""
    throttling = read_throttling(sysfs)
    held_back = f", now {' and '.join(throttling.now).replace('_', ' ')}" if throttling and throttling.now else ""
    if held_back and throttling and "under_voltage" in throttling.now:
        command = "vcgencmd get_throttled  # use the power supply made for this board"
        return Finding("wrong", "temperature", f"the supply's voltage is too low{held_back}", command)
    celsius = read_temperature_c(sysfs)
    if celsius is None:
        return Finding("ok", "temperature", "not known on this machine")
    told = f"{celsius:.0f} °C{held_back}"
    command = "vcgencmd measure_temp  # fit a heat sink or a fan, or lower source.fps"
    if celsius >= _HOT_C:
        return Finding("wrong", "temperature", f"{told}, expected below {_HOT_C:.0f}", command)
    return (
        Finding("warning", "temperature", told, command) if celsius >= _WARM_C else Finding("ok", "temperature", told)
    )


def _nearest_existing(folder: Path) -> Path:
    return next(path for path in (folder, *folder.absolute().parents) if path.exists())
