"""Puts a plan onto the boot partition of a card."""

import shutil
from pathlib import Path

from device.contract.files import write_atomically
from device.errors import StorageError, UsageError
from device.flash.card import FOLDER, PASSWORD_NAME, SCRIPT_NAME, CardPlan, first_boot_script, with_country

_MARKS = ("cmdline.txt", "config.txt")


def write_card(plan: CardPlan, boot: Path, *, package: Path | None, mqtt_password: str | None) -> list[Path]:
    """Write all files; returns them. Files that the image brought for the same purpose are replaced.

    Args:
        plan: what the card says.
        boot: the boot partition, as it is mounted here.
        package: a Debian package to copy along; None where the plan names an address.
        mqtt_password: the broker's.

    Raises:
        UsageError: ``package`` is no Debian package.
        StorageError: ``boot`` is not there, cannot be written, or is no boot partition of a Raspberry Pi.
        OSError: the partition is full.
    """
    if not boot.is_dir() or not all((boot / name).exists() for name in _MARKS):
        raise StorageError(
            f"{boot} is no boot partition of a Raspberry Pi: {' and '.join(_MARKS)} are expected in it",
            "write Raspberry Pi OS onto the card first, plug it in again, and name the folder it is mounted at",
        )
    if package is not None:
        _require_package(package)
    folder = boot / FOLDER
    folder.mkdir(exist_ok=True)
    written = {
        folder / SCRIPT_NAME: first_boot_script(),
        boot / "user-data": plan.user_data(),
        boot / "network-config": plan.network_config(),
    }
    if not (boot / "meta-data").exists():
        written[boot / "meta-data"] = f"instance-id: affectd-{plan.host}\n"
    if mqtt_password:
        written[folder / PASSWORD_NAME] = f"{mqtt_password}\n"
    if plan.wifi:
        cmdline = boot / "cmdline.txt"
        written[cmdline] = with_country(cmdline.read_text(encoding="utf-8"), plan.wifi.country)
    if package is not None:
        shutil.copyfile(package, folder / package.name)
    for path, text in written.items():
        write_atomically(path, text.encode())
    return [*written, *([folder / package.name] if package else [])]


def _require_package(package: Path) -> None:
    try:
        with package.open("rb") as file:
            magic = file.read(8)
    except OSError as error:
        raise UsageError(f"--package {package} cannot be read: {error.strerror}", "build one with: make deb") from error
    if magic != b"!<arch>\n":
        raise UsageError(f"--package {package} is no Debian package", "name a file affectd_*_arm64.deb")
