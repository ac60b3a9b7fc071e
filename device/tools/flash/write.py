"""Puts a plan onto the boot partition of a card, or into a folder whose contents go there."""

import os
import re
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from device.errors import StorageError
from device.tools.flash.boot_files import (
    CONFIG_NAME,
    DETECTOR_NAME,
    FOLDER,
    LICENCE_NAME,
    LOGIN_NAME,
    NEEDS_NAME,
    PACKAGES_NAME,
    PAGE_PASSWORD_NAME,
    PASSWORD_NAME,
    URL_NAME,
    BootPlan,
    scripts,
    with_country,
)
from device.tools.flash.packages import Packages
from device.tools.flash.repository import KEY_NAME, SOURCE_NAME, UPGRADES_NAME, upgrades
from device.tools.flash.staging import Staging

_MARKS = ("cmdline.txt", "config.txt")
_FIRST_IMAGE_WITH_CLOUD_INIT = "2025-10-01"
_ROOM_BYTES = 1_000_000  # for everything but packages


def require_boot_partition(boot: Path) -> None:
    """Make sure that ``boot`` takes the files and that what starts from it reads them.

    Raises:
        StorageError: it is no boot partition of a Raspberry Pi, or of an image without cloud-init.
    """
    if not boot.is_dir() or not all((boot / name).exists() for name in _MARKS):
        raise StorageError(
            f"{boot} is no boot partition of a Raspberry Pi: {' and '.join(_MARKS)} are expected in it",
            "write Raspberry Pi OS onto the card first, plug it in again, and name the folder it is mounted at",
        )
    issue = boot / "issue.txt"
    told = issue.read_text(encoding="utf-8", errors="replace") if issue.exists() else ""
    dated = re.search(r"reference (\d{4}-\d\d-\d\d)", told)
    if dated and dated[1] < _FIRST_IMAGE_WITH_CLOUD_INIT:
        raise StorageError(
            f"the image on {boot} is of {dated[1]}, and images before October 2025 do not read these files",
            "write a newer Raspberry Pi OS Lite (64-bit) onto the card",
        )


def require_place(folder: Path) -> None:
    """Make sure that ``folder`` is there or can be made, without making it. Raises StorageError."""
    there = _nearest(folder)
    if not there.is_dir():
        raise StorageError(f"{folder} cannot be made: {there} is no folder")
    if not os.access(there, os.W_OK | os.X_OK):
        raise StorageError(f"{folder} cannot be made: {there} cannot be written")


def write_cards(
    plans: Mapping[Path, BootPlan],
    *,
    packages: Packages,
    mqtt_password: str | None = None,
    page_verifier: str | None = None,
) -> list[Path]:
    """Write all files of all cards; returns them. Files that the image brought for the same purpose are replaced.

    All are written beside their places first. What starts the first boot's work takes its place last.

    Args:
        plans: what each card says, by its boot partition as it is mounted here, or any other folder.
        packages: what is installed.
        mqtt_password: the broker's.
        page_verifier: what the page's password is checked with.

    Raises:
        StorageError: there is no room, or nothing can be written; all is as it was.
    """
    where = Path(os.path.commonpath(list(plans)))
    secrets = {PASSWORD_NAME: mqtt_password, PAGE_PASSWORD_NAME: page_verifier}
    try:
        _require_room(where, [boot / FOLDER for boot in plans], packages.files)
        with Staging() as staging:
            for boot, plan in plans.items():
                _stage_packages(packages, boot / FOLDER, staging)
                if plan.repository:
                    staging.write(boot / FOLDER / KEY_NAME, plan.repository.key)
                for path, text in _texts(plan, boot, secrets).items():
                    staging.write(path, text.encode())
            for boot in plans:
                for path in _earlier(boot / FOLDER, staging.places):
                    path.unlink(missing_ok=True)
            staging.put_in_place()
            return staging.places
    except OSError as error:
        raise StorageError(f"{where} cannot be written: {error.strerror}", "is the card locked, or full?") from error


def write_boot_files(plan: BootPlan, boot: Path, **options: Any) -> list[Path]:
    """Write all files of one card; see `write_cards`."""
    return write_cards({boot: plan}, **options)


def _texts(plan: BootPlan, boot: Path, secrets: Mapping[str, str | None]) -> Mapping[Path, str]:
    folder, login = boot / FOLDER, plan.login
    texts = {folder / name: text for name, text in scripts().items()}
    texts |= {folder / CONFIG_NAME: plan.config_yaml(), folder / NEEDS_NAME: plan.needs()}
    texts |= {folder / name: f"{secret}\n" for name, secret in secrets.items() if secret}
    if plan.repository:
        texts |= {folder / SOURCE_NAME: plan.repository.source(), folder / UPGRADES_NAME: upgrades()}
    if login and login.password:
        texts[folder / LOGIN_NAME] = f"{login.user}:{login.password}\n"
    cmdline = boot / "cmdline.txt"
    if plan.wifi and cmdline.exists():
        texts[cmdline] = with_country(cmdline.read_text(encoding="utf-8"), plan.wifi.country)
    return texts | {
        boot / "network-config": plan.network_config(),
        boot / "meta-data": plan.meta_data(),
        boot / "user-data": plan.user_data(),
    }


def _places(packages: Packages, folder: Path) -> dict[Path, Path]:
    """Where each package goes, by its file here."""
    own = {}
    if isinstance(packages.affectd, Path):
        # The first boot looks for such a name.
        name = packages.affectd.name
        own[packages.affectd] = folder / (name if re.fullmatch(r"affectd.*\.deb", name) else "affectd.deb")
    return own | {path: folder / PACKAGES_NAME / path.name for path in packages.further}


def _stage_packages(packages: Packages, folder: Path, staging: Staging) -> None:
    for source, place in _places(packages, folder).items():
        staging.copy(place, source)
    if isinstance(packages.affectd, str):
        staging.write(folder / URL_NAME, f"{packages.affectd}\n{packages.digest}\n".encode())
    if packages.detector is not None:
        staging.write(folder / DETECTOR_NAME, packages.detector)
        staging.write(folder / LICENCE_NAME, Path(__file__).with_name(LICENCE_NAME).read_bytes())


def _earlier(folder: Path, wanted: Iterable[Path]) -> list[Path]:
    """What another card's making, or a first boot, has left there."""
    secrets = (PASSWORD_NAME, PAGE_PASSWORD_NAME, LOGIN_NAME)
    sources = (URL_NAME, SOURCE_NAME, UPGRADES_NAME, KEY_NAME)
    names = (*secrets, *sources, DETECTOR_NAME, LICENCE_NAME, "status.txt")
    packages = (*folder.glob("affectd*.deb"), *folder.glob(f"{PACKAGES_NAME}/*.deb"))
    return [path for path in (*(folder / name for name in names), *packages) if path not in set(wanted)]


def _require_room(where: Path, folders: Iterable[Path], files: Iterable[Path]) -> None:
    sizes = {path.name: path.stat().st_size for path in files}
    needed = 0
    for folder in folders:
        there = {path.name: path.stat().st_size for path in folder.glob("**/*.deb")}
        needed += _ROOM_BYTES + sum(size for name, size in sizes.items() if there.get(name) != size)
    free = shutil.disk_usage(_nearest(where)).free
    if free < needed:
        raise StorageError(
            f"{where} has room for {free / 1e6:.0f} MB, and {needed / 1e6:.0f} MB are to be written",
            "give the package by --package-url, or make the boot partition larger",
        )


def _nearest(folder: Path) -> Path:
    """What is there of it: itself, or what it would be made in."""
    return next(one for one in (folder, *folder.absolute().parents) if one.exists())
