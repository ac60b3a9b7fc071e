"""Where a card's first boot gets packages from: the card, an address, a repository, Debian."""

import pytest

from device.errors import UsageError
from device.tools.flash.packages import Packages
from device.tools.flash.repository import Repository
from tests.device.tools.flash.debs import write_deb
from tests.device.tools.flash.first_boot import OFFLINE

REPOSITORY = Repository("http://hub/affectd", b"\xc6 a key")


def test_a_package_from_elsewhere_is_fetched_first(device):
    device.flash("https://example.org/affectd.deb")
    assert device.run("install.sh") == 0
    programs = [line.split()[0] for line in device.asked]
    assert programs.index("curl") < programs.index("apt-get")
    fetched = device.root / "var/cache/affectd-install"
    assert f"--force-confold {fetched}" in "\n".join(device.asked)
    assert not fetched.exists()


def test_an_address_that_does_not_answer_is_told(device):
    device.flash("https://example.org/affectd.deb")
    device.give("curl", "echo 'curl: (6) Could not resolve host: example.org' >&2; exit 6")
    assert device.run("install.sh") == 1
    assert "https://example.org/affectd.deb cannot be fetched: curl: (6) Could not resolve host" in device.status


def test_what_the_camera_needs_is_installed_from_the_network_after_affectd(device, package):
    device.flash(package, uri="picamera")
    assert device.run("install.sh") == 0
    asked = [line for line in device.asked if line.startswith("apt-get ")]
    assert str(package.name) in asked[0]
    assert asked[1] == "apt-get update"
    assert asked[2].endswith("python3-picamera2")
    assert "--no-install-recommends" in asked[2]
    assert device.asked.index("systemctl restart affectd.service") > device.asked.index(asked[2])
    assert "affectd is installed, and said at first" in device.status


def test_what_the_camera_needs_is_installed_from_the_card_without_a_network(device, package, tmp_path):
    further = write_deb(tmp_path / "python3-picamera2_1_all.deb", Package="python3-picamera2", Architecture="all")
    device.flash(package, uri="picamera", further=(further,))
    assert device.run("install.sh") == 0
    asked = [line for line in device.asked if line.startswith("apt-get ")]
    assert "apt-get update" not in asked
    assert asked[1].endswith(f"{device.boot / 'affectd/packages' / further.name} python3-picamera2")


def test_a_card_with_a_repository_hands_it_to_apt_with_its_key(device, package):
    device.flash(package, repository=REPOSITORY)
    assert device.run("install.sh") == 0
    source = (device.root / "etc/apt/sources.list.d/affectd.sources").read_text()
    assert "URIs: http://hub/affectd\nSuites: trixie\n" in source
    keyring = device.root / "etc/apt/keyrings/affectd-archive-keyring.gpg"
    assert keyring.read_bytes() == REPOSITORY.key
    assert "origin=affectd" in (device.root / "etc/apt/apt.conf.d/52affectd").read_text()
    asked = [line for line in device.asked if line.startswith("apt-get ")]
    assert asked[0].endswith(package.name)
    assert asked[-1].endswith("unattended-upgrades")


def test_a_card_with_a_repository_alone_gets_affectd_from_there(device, package):
    device.flash(package)
    device.flash(None, repository=REPOSITORY)
    device.give("dpkg-query", "echo installed")
    assert device.run("install.sh") == 0
    asked = [line for line in device.asked if line.startswith("apt-get ")]
    assert asked[0] == "apt-get update"
    assert asked[1].endswith("--force-confold affectd")
    assert "affectd is installed" in device.status


def test_a_repository_that_is_not_signed_by_the_key_is_told(device):
    device.flash(None, repository=REPOSITORY)
    refusal = "E: The repository 'http://hub/affectd trixie InRelease' is not signed."
    device.give("apt-get", f'case "$*" in update) echo "{refusal}";; *) echo "E: Unable to locate"; exit 100;; esac')
    assert device.run("install.sh") == 1
    assert f"affectd is not installed yet: {refusal}; it is tried again" in device.status


def test_what_the_card_brings_is_taken_though_the_rest_comes_from_the_network(device, package, tmp_path):
    further = write_deb(tmp_path / "python3-picamera2_1_all.deb", Package="python3-picamera2", Architecture="all")
    device.flash(package, uri="picamera", further=(further,), repository=REPOSITORY)
    device.give(
        "apt-get",
        f'[ -e {device.root}/known ] || case "$*" in update) touch {device.root}/known;; *unatt*) exit 100;; esac',
    )
    assert device.run("install.sh") == 0
    asked = [line for line in device.asked if line.startswith("apt-get ")]
    assert asked[2] == "apt-get update"
    assert asked[3].endswith(f"{further.name} python3-picamera2 unattended-upgrades")


def test_a_card_that_is_flashed_again_without_a_repository_has_none(device, package):
    device.flash(package, repository=REPOSITORY)
    device.flash(package)
    assert not list((device.boot / "affectd").glob("*.sources"))
    assert not list((device.boot / "affectd").glob("*.gpg"))


def test_a_camera_s_package_that_is_not_to_be_had_is_named_and_tried_again_while_affectd_runs(device, package):
    device.flash(package, uri="picamera")
    device.give("apt-get", OFFLINE)
    assert device.run("install.sh") == 1
    said = "affectd is installed, and python3-picamera2, which the card asks for, is not: W: Failed to fetch http://archive"
    assert said in device.status
    assert "systemctl enable --now affectd.service" in device.asked
    assert not (device.root / "etc/cloud/cloud-init.disabled").exists()
    device.give("apt-get", "exit 0")
    assert device.run("install.sh") == 0
    assert "affectd is installed, and said at first" in device.status


def test_a_camera_s_package_comes_though_another_mirror_does_not_answer(device, package):
    device.flash(package, uri="picamera")
    device.give("apt-get", 'case "$*" in *update*) echo "E: The repository http://other is gone"; exit 100;; esac')
    assert device.run("install.sh") == 0
    assert "affectd is installed, and said at first" in device.status


def test_a_package_that_is_missing_every_minute_is_not_written_to_the_card_every_minute(device, package):
    device.flash(package, uri="picamera")
    device.give("apt-get", OFFLINE)
    device.run("install.sh")
    written = (device.boot / "affectd/status.txt").stat()
    device.run("install.sh")
    assert (device.boot / "affectd/status.txt").stat().st_mtime_ns == written.st_mtime_ns


def test_what_the_camera_needs_and_is_there_is_not_installed_again(device, package):
    device.flash(package, uri="picamera")
    device.give("dpkg-query", "echo installed")
    assert device.run("install.sh") == 0
    assert len([line for line in device.asked if line.startswith("apt-get ")]) == 1


def test_a_fetched_package_comes_by_https_alone_and_is_the_one_that_the_card_was_made_for(device):
    device.flash("https://example.org/affectd.deb")
    device.run("first-boot.sh")
    device.give("curl", 'while [ "$1" != --output ]; do shift; done; echo "another package" >"$2"')
    assert device.run("install.sh") == 1
    assert "is not the package that the card was made for: it has another SHA-256" in device.status
    assert not any(line.startswith(("apt-get", "dpkg ")) for line in device.asked)
    asked = next(line for line in device.asked if line.startswith("curl "))
    assert "--proto =https --proto-redir =https" in asked
    assert not list((device.root / "var/cache/affectd-install").iterdir())


def test_an_address_without_a_digest_installs_nothing(device):
    device.flash("https://example.org/affectd.deb")
    (device.boot / "affectd/package-url").write_text("https://example.org/affectd.deb\n")
    device.run("first-boot.sh")
    assert device.run("install.sh") == 1
    assert "package-url has no SHA-256" in device.status
    assert not any(line.startswith(("curl", "apt-get")) for line in device.asked)


@pytest.mark.parametrize("digest", [None, "", "abc", "g" * 64, "A" * 64])
def test_a_card_is_not_made_for_an_address_without_a_digest(digest):
    with pytest.raises(UsageError, match="needs --package-sha256"):
        Packages("https://example.org/affectd.deb", digest=digest)
