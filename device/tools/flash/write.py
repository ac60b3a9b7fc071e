"""Puts a plan onto the boot partition of a card."""

import shutil
from pathlib import Path

from device.contract.files import write_atomically
from device.errors import StorageError, UsageError
from device.tools.flash.boot_files import CONFIG_NAME, FOLDER, PASSWORD_NAME, URL_NAME, BootPlan, scripts, with_country

_MARKS = ("cmdline.txt", "config.txt")


def write_boot_files(plan: BootPlan, boot: Path, *, package: Path | str, mqtt_password: str | None) -> list[Path]:
    """Write all files; returns them. Files that the image brought for the same purpose are replaced.

    Args:
        plan: what the card says.
        boot: the boot partition, as it is mounted here.
        package: a Debian package to copy along, or the address that it is fetched from.
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
    if isinstance(package, Path):
        _require_package(package)
    folder = boot / FOLDER
    folder.mkdir(exist_ok=True)
    for earlier in (folder / PASSWORD_NAME, folder / "status.txt"):
        earlier.unlink(missing_ok=True)
    written = {folder / name: text for name, text in scripts().items()}
    written |= {
        folder / CONFIG_NAME: plan.config_yaml(),
        boot / "user-data": plan.user_data(),
        boot / "network-config": plan.network_config(),
        boot / "meta-data": plan.meta_data(),
    }
    if mqtt_password:
        written[folder / PASSWORD_NAME] = f"{mqtt_password}\n"
    if plan.wifi:
        cmdline = boot / "cmdline.txt"
        written[cmdline] = with_country(cmdline.read_text(encoding="utf-8"), plan.wifi.country)
    package_copy = _put_package(package, folder)
    for path, text in written.items():
        write_atomically(path, text.encode())
    return [*written, package_copy]


def _put_package(package: Path | str, folder: Path) -> Path:
    """Put it into the folder, or its address, in the place of an earlier one."""
    copy = folder / (package.name if isinstance(package, Path) else URL_NAME)
    for earlier in (*folder.glob("affectd*.deb"), folder / URL_NAME):
        if earlier != copy:
            earlier.unlink(missing_ok=True)
    if isinstance(package, str):
        write_atomically(copy, f"{package}\n".encode())
    elif not (copy.exists() and copy.samefile(package)):
        shutil.copyfile(package, copy)
    return copy


def _require_package(package: Path) -> None:
    try:
        with package.open("rb") as file:
            magic = file.read(8)
    except OSError as error:
        raise UsageError(f"--package {package} cannot be read: {error.strerror}", "build one with: make deb") from error
    if magic != b"!<arch>\n":
        raise UsageError(f"--package {package} is no Debian package", "name a file affectd_*_arm64.deb")
