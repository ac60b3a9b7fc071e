"""What apt knows of newer packages, read from its lists: no program is run, and nothing is asked over the network."""

import re
from pathlib import Path

from device.contract.files import read_limited
from device.errors import AffectdError

APT_LISTS = Path("/var/lib/apt/lists")
"""Where apt keeps what its repositories have."""

_LARGEST_LIST_BYTES = 262_144
"""Debian's own lists are many times as long, and have no package of ours."""
_MOST_LISTS = 500
_VERSION = re.compile(r"(?:[0-9]+:)?([0-9]+(?:\.[0-9]+)*)(?:-[^\s]*)?")


def newest_version(package: str = "affectd", lists: Path = APT_LISTS) -> str | None:
    """The highest version, without Debian's revision, that apt's small lists have of ``package``; None without any."""
    found: list[str] = []
    try:
        paths = sorted(lists.glob("*_Packages"))[:_MOST_LISTS]
    except OSError:
        return None
    for path in paths:
        try:
            text = read_limited(path, _LARGEST_LIST_BYTES).decode(errors="replace")
        except (OSError, AffectdError):
            continue
        found += _versions(text, package)
    return max(found, key=_parts, default=None)


def _versions(text: str, package: str) -> list[str]:
    versions = []
    for paragraph in text.split("\n\n"):
        fields = dict(re.findall(r"^(Package|Version): *(\S+)$", paragraph, re.MULTILINE))
        match = _VERSION.fullmatch(fields.get("Version", ""))
        if fields.get("Package") == package and match and len(match[1]) <= 32:
            versions.append(match[1])
    return versions


def _parts(version: str) -> list[int]:
    return [int(part) for part in version.split(".")]
