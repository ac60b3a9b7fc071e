"""The Debian packages are made of what was tested, each file by its SHA-256."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
RELEASES = {"deb12": "3.11", "deb13": "3.13"}
PINNED = re.compile(r"^([a-z0-9-]+)==(\S+?)(?: ;(.*?))?(?: \\)?$", re.MULTILINE)


def locked(release: str) -> dict[str, str]:
    text = (ROOT / f"systemd/debian/requirements-{release}.txt").read_text()
    return {name: version for name, version, _ in PINNED.findall(text)}


def as_constrained(release: str) -> dict[str, str]:
    """What constraints.txt says for this release's Python, and what the release says in its place."""
    marks = {"python_full_version": f"{RELEASES[release]}.0", "python_version": RELEASES[release]}
    found = {}
    for line in (ROOT / "constraints.txt").read_text().splitlines():
        requirement = Requirement(line)
        if requirement.marker is None or requirement.marker.evaluate(marks):
            found[requirement.name.lower()] = str(next(iter(requirement.specifier)).version)
    own = ROOT / f"systemd/debian/constraints-{release}.txt"
    return found | {name: version for name, version, _ in PINNED.findall(own.read_text() if own.exists() else "")}


@pytest.mark.parametrize("release", RELEASES)
def test_each_package_has_the_version_that_was_tested_and_its_digests(release):
    versions = locked(release)
    assert versions.items() <= as_constrained(release).items()
    text = (ROOT / f"systemd/debian/requirements-{release}.txt").read_text()
    entries = re.split(r"^(?=[a-z0-9])", text, flags=re.MULTILINE)[1:]
    assert len(entries) == len(versions)
    assert all(re.search(r"--hash=sha256:[0-9a-f]{64}", entry) for entry in entries)


@pytest.mark.parametrize("release", RELEASES)
def test_nothing_that_the_device_needs_is_forgotten(release):
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    wanted = [*project["dependencies"], *extras["overlay"], *extras["page"]]
    names = {Requirement(line).name.lower() for line in wanted}
    assert {name.replace("_", "-").replace(".", "-") for name in names} <= locked(release).keys()
