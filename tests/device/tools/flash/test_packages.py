"""What a card is given to install is for its system, by the package's own words, whatever its file is called."""

import shutil
import subprocess

import pytest

from device.errors import UsageError
from device.tools.flash import control_file
from device.tools.flash.control_file import read_control
from device.tools.flash.packages import Packages, version_of
from tests.device.tools.flash.debs import archive, tar, write_deb


@pytest.mark.parametrize("kind", ["", ".gz", ".xz"])
def test_a_package_s_own_words_are_read_whatever_they_are_compressed_by(tmp_path, kind):
    package = write_deb(tmp_path / "a.deb", kind=kind, Architecture="amd64")
    assert read_control(package) == {
        "package": "affectd",
        "version": "1-1~deb13",
        "architecture": "amd64",
        "description": "none",
    }


def test_what_dpkg_makes_is_read(tmp_path):
    if not shutil.which("dpkg-deb"):
        pytest.skip("needs dpkg-deb")
    (tmp_path / "tree/DEBIAN").mkdir(parents=True)
    control = "Package: affectd\nVersion: 2-1~deb13\nArchitecture: arm64\nMaintainer: a <a@b>\nDescription: none\n"
    (tmp_path / "tree/DEBIAN/control").write_text(control)
    for options in (["-Zxz"], ["-Zgzip"], ["-Znone"], ["-Zzstd", "--no-uniform-compression"]):
        command = ["dpkg-deb", *options, "--build", str(tmp_path / "tree"), str(tmp_path / "a.deb")]
        subprocess.run(command, check=True, capture_output=True)
        assert version_of(tmp_path / "a.deb") == "2"


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"Version": "1-1~deb12"}, "is for deb12, and Raspberry Pi OS of today is deb13"),
        ({"Architecture": "amd64"}, "is for the processor amd64, and the card's is arm64"),
        ({"Architecture": "armhf"}, "is for the processor armhf, and the card's is arm64"),
        ({"Package": "effectd"}, "is effectd, not affectd"),
    ],
)
@pytest.mark.parametrize("name", ["affectd.deb", "affectd_1-1~deb13_arm64.deb"])
def test_one_for_another_system_is_refused_though_its_name_says_nothing_of_it(tmp_path, name, fields, told):
    with pytest.raises(UsageError, match=told):
        Packages(write_deb(tmp_path / name, **fields))


def test_a_right_one_is_taken_though_it_was_renamed(tmp_path):
    package = write_deb(tmp_path / "affectd_1-1~deb12_amd64.deb")
    assert Packages(package).files == (package,)


def test_a_card_in_another_machine_takes_that_processor_s(tmp_path):
    package = write_deb(tmp_path / "affectd.deb", Architecture="amd64")
    assert Packages(package, processor="amd64").files == (package,)


@pytest.mark.parametrize("name", ["affectd_1-1~deb12_arm64.deb", "affectd_1-1~deb13_amd64.deb"])
def test_where_the_words_cannot_be_read_the_name_counts(tmp_path, name):
    package = write_deb(tmp_path / name, kind=".zst")
    assert read_control(package) is None
    with pytest.raises(UsageError, match=r"take the one for (deb13 and )?arm64"):
        Packages(package)
    assert Packages(write_deb(tmp_path / "affectd_3.1-1~deb13_arm64.deb", kind=".zst"))
    assert version_of(tmp_path / "affectd_3.1-1~deb13_arm64.deb") == "3.1"


def test_further_packages_are_for_the_card_s_processor_or_for_all(tmp_path):
    own = write_deb(tmp_path / "affectd.deb")
    for each in ("all", "arm64"):
        Packages(own, (write_deb(tmp_path / "b.deb", Package="python3-picamera2", Architecture=each),))
    with pytest.raises(UsageError, match=r"b\.deb is for the processor amd64"):
        Packages(own, (write_deb(tmp_path / "b.deb", Package="python3-picamera2", Architecture="amd64"),))


WHOLE = {"control.tar": tar(b"Package: affectd\n"), "data.tar.xz": b"files"}
DAMAGED = {
    "empty": archive({}),
    "only files": archive({"data.tar.xz": b"files"}),
    "no files": archive({"control.tar": WHOLE["control.tar"]}),
    "the other way round": archive(dict(reversed(WHOLE.items()))),
    "cut off": archive(WHOLE)[:-3],
    "cut off in a head": archive(WHOLE)[:90],
    "no control": archive(WHOLE | {"control.tar": tar(b"", "./md5sums")}),
    "no archive": archive(WHOLE | {"control.tar": b"x" * 1000}),
    "no gzip": archive({"control.tar.gz": b"x" * 1000, "data.tar.xz": b"files"}),
    "no xz": archive({"control.tar.xz": b"x" * 1000, "data.tar.xz": b"files"}),
    "no text": archive(WHOLE | {"control.tar": tar(b"Package: \xff\n")}),
    "a negative size": archive(WHOLE).replace(f"{len(WHOLE['control.tar']):<10}".encode(), b"-1        "),
    "a large control": archive(WHOLE | {"control.tar": tar(b"Package: affectd\n" + b" x\n" * 30_000)}),
    "many parts": archive({f"_{number}": b"" for number in range(10)} | WHOLE),
}


@pytest.mark.parametrize("data", DAMAGED.values(), ids=DAMAGED)
def test_what_is_not_whole_is_told_in_a_line(tmp_path, data):
    (tmp_path / "a.deb").write_bytes(data)
    with pytest.raises(UsageError, match=r"a\.deb is a damaged Debian package; copy it again"):
        read_control(tmp_path / "a.deb")


@pytest.mark.attack
@pytest.mark.parametrize("kind", [".gz", ".xz"])
def test_a_bomb_is_not_unpacked(tmp_path, kind, monkeypatch):
    monkeypatch.setattr(control_file, "_MOST_BYTES", 100_000)
    bomb = write_deb(tmp_path / "a.deb", kind=kind, Padding="x" * 200_000)
    assert bomb.stat().st_size < 5000
    with pytest.raises(UsageError, match="is a damaged Debian package"):
        read_control(bomb)
