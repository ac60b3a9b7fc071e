"""What the first boot of a card installs: Debian packages that are copied along, or where they come from."""

import re
from dataclasses import dataclass
from pathlib import Path

from device.errors import UsageError
from device.tools.flash.control_file import read_control

PROCESSOR = "arm64"
"""Of every Raspberry Pi with a 64-bit system, as Debian calls it."""
_RELEASE = "deb13"
_RELEASE_IN = re.compile(r"~(deb\d+)")


@dataclass(frozen=True, slots=True)
class Packages:
    """What the first boot installs.

    Attributes:
        affectd: a Debian package to copy along, or the address that it is fetched from; None where apt gets it.
        further: Debian packages that the source needs, for a device without a network.
        detector: the file of a network that finds faces.
        digest: the SHA-256 of the package at an address, in hexadecimal: what the device fetches is run as root.
        processor: the card's, as Debian calls it.
    """

    affectd: Path | str | None
    further: tuple[Path, ...] = ()
    detector: bytes | None = None
    digest: str | None = None
    processor: str = PROCESSOR

    def __post_init__(self) -> None:
        for path in self.further:
            _require_processor(path, read_control(path), self.processor)
        if isinstance(self.affectd, Path):
            _require_affectd(self.affectd, self.processor)
        if not isinstance(self.affectd, str):
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


def find_packages(folder: Path) -> tuple[Path, ...]:
    """The Debian packages in ``folder``. Raises UsageError where there are none."""
    found = tuple(sorted(folder.glob("*.deb")))
    if not found:
        raise UsageError(f"--with-packages {folder} holds no .deb file", "docs/start-pi.md says how to fetch them")
    return found


def version_of(package: Path) -> str | None:
    """Which version of affectd is in ``package``; None where that cannot be told."""
    told = (read_control(package) or _told_by_name(package)).get("version", "")
    match = re.match(r"[0-9.]+", told)
    return match[0] if match else None


def _require_affectd(package: Path, processor: str) -> None:
    """Make sure that it is ours, and one for the card's system. Raises UsageError."""
    control = read_control(package)
    fields = _told_by_name(package) if control is None else control
    if control is not None and control.get("package") != "affectd":
        raise UsageError(f"--package {package.name} is {control.get('package')}, not affectd", "name affectd's .deb")
    release = _RELEASE_IN.search(fields.get("version", ""))
    if release and release[1] != _RELEASE:
        raise UsageError(
            f"--package {package.name} is for {release[1]}, and Raspberry Pi OS of today is {_RELEASE}",
            f"take the one for {_RELEASE} and {processor}",
        )
    _require_processor(package, fields, processor)


def _require_processor(package: Path, fields: dict[str, str] | None, processor: str) -> None:
    made_for = (fields or {}).get("architecture", "all")
    if made_for not in {"all", processor}:
        raise UsageError(
            f"{package.name} is for the processor {made_for}, and the card's is {processor}",
            f"take the one for {processor}",
        )


def _told_by_name(package: Path) -> dict[str, str]:
    """What `make deb` puts into a package's name, for one whose own words cannot be read."""
    match = re.fullmatch(r"affectd_([^_]+)_([a-z0-9]+)\.deb", package.name)
    return {"version": match[1], "architecture": match[2]} if match else {}
