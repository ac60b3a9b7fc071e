"""What is in the wheel and the sdist."""

import subprocess
from email import message_from_bytes
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("device", "trainer", "converters")
NOT_RELEASED = (".github/", ".gitignore", ".pre-commit-config.yaml")


@pytest.fixture(scope="module")
def tracked() -> set[str]:
    """The files of this tree, as Git knows them."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if listed.returncode != 0:
        pytest.skip("Git does not know this tree")
    return {name for name in listed.stdout.splitlines() if (ROOT / name).is_file()}


def test_the_wheel_has_every_file_of_the_packages_and_none_beside_them(in_wheel, tracked):
    expected = {name for name in tracked if name.split("/")[0] in PACKAGES} | {"device/config.yaml"}
    assert {name for name in in_wheel if ".dist-info/" not in name} == expected


def test_the_wheel_has_the_configuration_that_errors_tell_to_copy(in_wheel):
    assert in_wheel["device/config.yaml"] == (ROOT / "config.yaml").read_bytes()


@pytest.mark.parametrize("package", PACKAGES)
def test_the_wheel_says_that_its_packages_are_typed(in_wheel, package):
    assert f"{package}/py.typed" in in_wheel


def test_the_wheel_has_the_three_commands_and_the_licence(in_wheel):
    by_name = {name.partition(".dist-info/")[2]: data for name, data in in_wheel.items()}
    commands = by_name["entry_points.txt"].decode()
    assert all(f"{name} = " in commands for name in ("affectd", "affectd-train", "affectd-convert"))
    assert by_name["licenses/LICENSE"] == (ROOT / "LICENSE").read_bytes()
    assert message_from_bytes(by_name["METADATA"])["License-Expression"] == "MIT"


def test_the_sdist_has_all_that_is_needed_to_go_on_from_it(in_sdist, tracked):
    expected = {name for name in tracked if not name.startswith(NOT_RELEASED)}
    assert expected - in_sdist == set()


def test_the_sdist_has_nothing_that_was_built_or_is_private(in_sdist, tracked):
    # hatchling adds its own record, and .gitignore, which it reads.
    assert in_sdist - tracked == {"PKG-INFO"}
