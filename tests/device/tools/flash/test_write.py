"""A card is written whole, or is as it was: full, locked or pulled out in the middle."""

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from device.errors import StorageError
from device.tools.flash.boot_files import BootPlan, Wifi
from device.tools.flash.login import Login
from device.tools.flash.packages import Packages
from device.tools.flash.write import write_boot_files, write_cards
from tests.device.tools.flash.boot_folder import boot, files
from tests.device.tools.flash.debs import write_deb

__all__ = ["boot"]

WIFI = Wifi("House", "DE", "correct horse")
LOGIN = Login("ada", password="let me in")  # noqa: S106


def plan(device: str) -> BootPlan:
    return BootPlan({"device": {"id": device}}, wifi=WIFI, login=LOGIN)


def package(folder: Path, name: str, size: int = 1000) -> Path:
    return write_deb(folder / name, name.encode() * size, Package=name.partition("_")[0])


@pytest.fixture
def earlier(boot, tmp_path):
    """A card that was made for another sensor, and not started yet."""
    packages = Packages(package(tmp_path, "affectd_1.deb"), (package(tmp_path, "python3-picamera2_1.deb"),), b"network")
    write_boot_files(plan("hall"), boot, packages=packages, mqtt_password="the first")  # noqa: S106
    (boot / "affectd/status.txt").write_text("earlier\n")
    return boot


@pytest.fixture
def packages(tmp_path):
    return Packages(package(tmp_path, "affectd_2.deb"), (package(tmp_path, "python3-picamera2_2.deb"),), b"another")


def write(boot, packages) -> list[Path]:
    return write_boot_files(plan("shop"), boot, packages=packages, mqtt_password="the second")  # noqa: S106


class Filling:
    """``os.fsync`` of a card that is full after so many files."""

    def __init__(self, room: int) -> None:
        self.room = room

    def __call__(self, _descriptor: int) -> None:
        self.room -= 1
        if self.room < 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize("made_before", [False, True])
def test_a_card_that_fills_up_at_any_file_is_as_it_was(boot, packages, made_before, request, monkeypatch):
    if made_before:
        request.getfixturevalue("earlier")
    before, folders = files(boot), sorted(boot.rglob("*"))
    for room in range(11):
        monkeypatch.setattr("device.tools.flash.staging.os.fsync", Filling(room))
        with pytest.raises(StorageError, match="No space left on device; is the card locked, or full"):
            write(boot, packages)
        assert (files(boot), sorted(boot.rglob("*"))) == (before, folders)
    monkeypatch.setattr("device.tools.flash.staging.os.fsync", Filling(50))
    write(boot, packages)
    assert b"id: shop" in files(boot)["affectd/config.yaml"]


def test_a_fleet_that_fills_the_disk_leaves_nothing_of_any_card(tmp_path, packages, monkeypatch):
    plans = {tmp_path / "out" / name: plan(name) for name in ("hall", "shop", "tower")}
    for room in (0, 12, 29):
        monkeypatch.setattr("device.tools.flash.staging.os.fsync", Filling(room))
        with pytest.raises(StorageError, match=r"out cannot be written: No space left on device"):
            write_cards(plans, packages=packages)
        assert not (tmp_path / "out").exists()
    monkeypatch.setattr("device.tools.flash.staging.os.fsync", Filling(50))
    write_cards(plans, packages=packages)
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"hall", "shop", "tower"}


def test_a_fleet_s_room_is_asked_for_before_anything_is_written(tmp_path, packages, monkeypatch):
    plans = {tmp_path / "out" / name: plan(name) for name in ("hall", "shop", "tower")}
    monkeypatch.setattr("device.tools.flash.write.shutil.disk_usage", lambda _: _Usage(free=2_500_000))
    with pytest.raises(StorageError, match="has room for 2 MB, and 3 MB are to be written"):
        write_cards(plans, packages=packages)
    assert not (tmp_path / "out").exists()


def test_what_an_earlier_card_s_making_or_first_boot_left_goes(earlier, packages):
    write(earlier, packages)
    names = set(files(earlier))
    assert {"affectd/affectd_2.deb", "affectd/packages/python3-picamera2_2.deb"} < names
    assert not {"affectd/affectd_1.deb", "affectd/packages/python3-picamera2_1.deb", "affectd/status.txt"} & names
    assert files(earlier)["affectd/mqtt-password"] == b"the second\n"
    write_boot_files(BootPlan({"device": {"id": "shop"}}), earlier, packages=Packages(packages.affectd))
    left = set(files(earlier))
    assert not {name for name in left if name.rpartition("/")[2] in {"mqtt-password", "login", "detector.onnx"}}


def test_the_package_that_is_there_already_is_not_written_again(earlier, packages, monkeypatch):
    write(earlier, packages)
    there = (earlier / "affectd/affectd_2.deb").stat()
    monkeypatch.setattr("device.tools.flash.write.shutil.disk_usage", lambda _: _Usage(free=1_000_001))
    write(earlier, packages)
    assert (earlier / "affectd/affectd_2.deb").stat().st_ino == there.st_ino
    # Also where it is the card's own.
    own = Packages(earlier / "affectd/affectd_2.deb", packages.further)
    write(earlier, own)
    assert (earlier / "affectd/affectd_2.deb").stat().st_ino == there.st_ino


def test_one_of_the_same_size_and_another_content_is(earlier, packages):
    write(earlier, packages)
    changed = bytes(reversed(packages.affectd.read_bytes()[-1000:]))
    packages.affectd.write_bytes(packages.affectd.read_bytes()[:-1000] + changed)
    write(earlier, packages)
    assert (earlier / "affectd/affectd_2.deb").read_bytes().endswith(changed)


class _Usage:
    def __init__(self, free: int) -> None:
        self.free = free


@pytest.fixture
def mount(boot):
    """Puts a file system of its own at the boot partition's folder, with what is in it."""
    if os.geteuid() != 0 or sys.platform != "linux":
        pytest.skip("mounts file systems, which root alone can")
    content = files(boot)

    def mount(options: str) -> None:
        done = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(boot)], capture_output=True, text=True, check=False
        )
        if done.returncode != 0:
            pytest.skip(f"may mount nothing here: {done.stderr}")
        for name, data in content.items():
            (boot / name).write_bytes(data)

    yield mount
    subprocess.run(["umount", str(boot)], check=False, capture_output=True)


def test_a_file_system_that_is_full_is_told_in_one_line_and_as_it_was(boot, packages, mount):
    mount("size=8m,nr_inodes=14")
    before = files(boot)
    with pytest.raises(StorageError, match="No space left on device; is the card locked, or full") as raised:
        write(boot, packages)
    assert "\n" not in str(raised.value)
    assert (files(boot), sorted(path.name for path in boot.iterdir())) == (before, ["cmdline.txt", "config.txt"])


def test_a_locked_card_is_told_in_one_line(boot, packages, mount):
    mount("size=8m")
    before = files(boot)
    subprocess.run(["mount", "-o", "remount,ro", str(boot)], check=True)
    with pytest.raises(StorageError, match="Read-only file system; is the card locked, or full"):
        write(boot, packages)
    assert files(boot) == before


def test_a_card_that_is_pulled_out_in_the_middle_is_told_in_one_line(boot, packages, monkeypatch):
    def gone(_descriptor: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr("device.tools.flash.staging.os.fsync", gone)
    with pytest.raises(StorageError, match="Input/output error"):
        write(boot, packages)
