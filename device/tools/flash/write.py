"""Puts a plan onto the boot partition of a card, or into a folder whose contents go there."""

import re
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from device.errors import StorageError, UsageError
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
from device.tools.flash.staging import Staging

_MARKS = ("cmdline.txt", "config.txt")
_FIRST_IMAGE_WITH_CLOUD_INIT = "2025-10-01"
_ROOM_BYTES = 1_000_000  # for everything but packages


@dataclass(frozen=True, slots=True)
class Packages:
    """What the first boot installs.

    Attributes:
        affectd: a Debian package to copy along, or the address that it is fetched from.
        further: Debian packages that the source needs, for a device without a network.
        detector: the file of a network that finds faces.
        digest: the SHA-256 of the package at an address, in hexadecimal: what the device fetches is run as root.
    """

    affectd: Path | str
    further: tuple[Path, ...] = ()
    detector: bytes | None = None
    digest: str | None = None

    def __post_init__(self) -> None:
        for path in self.files:
            _require_package(path)
        if isinstance(self.affectd, Path):
            return
        if not self.affectd.startswith("https://"):
            raise UsageError(f"--package-url {self.affectd!r} is no https:// address")
        if not re.fullmatch(r"[0-9a-f]{64}", self.digest or ""):
            raise UsageError(
                "--package-url needs --package-sha256, 64 hexadecimal digits by which the device knows the package",
                "sha256sum prints those of a file; SHA256SUMS beside the packages has them",
            )

    @property
    def files(self) -> tuple[Path, ...]:
        """Those that are copied along."""
        return (*((self.affectd,) if isinstance(self.affectd, Path) else ()), *self.further)


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


def find_packages(folder: Path) -> tuple[Path, ...]:
    """The Debian packages in ``folder``. Raises UsageError where there are none."""
    found = tuple(sorted(folder.glob("*.deb")))
    if not found:
        raise UsageError(f"--with-packages {folder} holds no .deb file", "docs/start-pi.md says how to fetch them")
    return found


def require_release(package: Path) -> None:
    """Make sure that ``package`` is for Raspberry Pi OS (64-bit), by its name as `make deb` gives it.

    Raises:
        UsageError: it is for another Debian or another processor.
    """
    release, processor = re.search(r"~(deb\d+)", package.name), re.search(r"_([a-z0-9]+)\.deb$", package.name)
    if (release and release[1] != "deb13") or (processor and processor[1] != "arm64"):
        raise UsageError(
            f"--package {package.name} is not for Raspberry Pi OS (64-bit) of today", "take the one for deb13 and arm64"
        )


def write_boot_files(
    plan: BootPlan,
    boot: Path,
    *,
    packages: Packages,
    mqtt_password: str | None = None,
    page_verifier: str | None = None,
) -> list[Path]:
    """Write all files; returns them. Files that the image brought for the same purpose are replaced.

    All are written beside their places first. What starts the first boot's work takes its place last.

    Args:
        plan: what the card says.
        boot: the boot partition as it is mounted here, or any other folder.
        packages: what is installed.
        mqtt_password: the broker's.
        page_verifier: what the page's password is checked with.

    Raises:
        StorageError: ``boot`` has no room, or cannot be written; it is as it was.
    """
    folder = boot / FOLDER
    secrets = {PASSWORD_NAME: mqtt_password, PAGE_PASSWORD_NAME: page_verifier}
    try:
        with Staging() as staging:
            _require_room(folder, packages.files)
            _stage_packages(packages, folder, staging)
            for path, text in _texts(plan, boot, secrets).items():
                staging.write(path, text.encode())
            for path in _earlier(folder, staging.places):
                path.unlink(missing_ok=True)
            staging.put_in_place()
            return staging.places
    except OSError as error:
        raise StorageError(f"{boot} cannot be written: {error.strerror}", "is the card locked, or full?") from error


def _texts(plan: BootPlan, boot: Path, secrets: Mapping[str, str | None]) -> Mapping[Path, str]:
    folder, login = boot / FOLDER, plan.login
    texts = {folder / name: text for name, text in scripts().items()}
    texts |= {folder / CONFIG_NAME: plan.config_yaml(), folder / NEEDS_NAME: plan.needs()}
    texts |= {folder / name: f"{secret}\n" for name, secret in secrets.items() if secret}
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
    own = {packages.affectd: folder / packages.affectd.name} if isinstance(packages.affectd, Path) else {}
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
    names = (PASSWORD_NAME, PAGE_PASSWORD_NAME, LOGIN_NAME, URL_NAME, DETECTOR_NAME, LICENCE_NAME, "status.txt")
    packages = (*folder.glob("affectd*.deb"), *folder.glob(f"{PACKAGES_NAME}/*.deb"))
    return [path for path in (*(folder / name for name in names), *packages) if path not in set(wanted)]


def _require_room(folder: Path, files: Iterable[Path]) -> None:
    there = {path.name: path.stat().st_size for path in folder.glob("**/*.deb")}
    copied = [path for path in files if there.get(path.name) != path.stat().st_size]
    needed = sum(path.stat().st_size for path in copied) + _ROOM_BYTES
    free = shutil.disk_usage(folder.parent).free
    if free < needed:
        raise StorageError(
            f"{folder.parent} has room for {free / 1e6:.0f} MB, and {needed / 1e6:.0f} MB are to be written",
            "give the package by --package-url, or make the boot partition larger",
        )


def _require_package(package: Path) -> None:
    try:
        with package.open("rb") as file:
            magic = file.read(8)
    except OSError as error:
        raise UsageError(f"{package} cannot be read: {error.strerror}", "affectd's own is made by: make deb") from error
    if magic != b"!<arch>\n":
        raise UsageError(f"{package} is no Debian package", "name affectd's .deb, or copy it again")
