"""What apt knows of a newer affectd, from lists as apt keeps them."""

import pytest

from device.system.apt import newest_version

OURS = "Package: affectd\nVersion: {}\nArchitecture: arm64\n"


def write(folder, name, *paragraphs):
    (folder / f"{name}_Packages").write_text("\n".join(paragraphs))


def test_the_highest_version_of_all_lists_is_told_without_its_revision(tmp_path):
    write(tmp_path, "one", OURS.format("0.9.0-1~deb13"), OURS.format("0.10.0-2~deb13"))
    write(tmp_path, "two", "Package: other\nVersion: 7.0-1\n", OURS.format("0.2.0"))
    assert newest_version(lists=tmp_path) == "0.10.0"


def test_another_package_s_version_is_not_ours(tmp_path):
    write(
        tmp_path, "one", "Package: affectd-extras\nVersion: 9.0\n", "Package: other\nVersion: 8.0\nDepends: affectd\n"
    )
    assert newest_version(lists=tmp_path) is None


def test_without_apt_nothing_is_known(tmp_path):
    assert newest_version(lists=tmp_path / "nowhere") is None


@pytest.mark.parametrize("version", ["0.2.0~rc1-1", "x", "1." + "9" * 50, "", "1.2.3 4"])
def test_what_is_no_released_version_is_passed_over(tmp_path, version):
    write(tmp_path, "one", OURS.format(version), OURS.format("0.1.0-1"))
    assert newest_version(lists=tmp_path) == "0.1.0"


def test_a_list_as_long_as_a_distribution_s_is_not_read(tmp_path):
    write(tmp_path, "long", OURS.format("9.0"), "Description: " + "x" * 300_000)
    assert newest_version(lists=tmp_path) is None
