"""The scripts of the first boots, run here with programs of the test's own in the place of the system's."""

import hashlib
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from device.errors import UsageError
from device.tools.flash.boot_files import BootPlan, Wifi, scripts
from device.tools.flash.login import Login
from device.tools.flash.packages import Packages
from device.tools.flash.repository import Repository
from device.tools.flash.write import write_boot_files
from tests.device.tools.flash.debs import write_deb

INSTALL = """
while [ $# -gt 0 ]; do case $1 in -o|-g) shift ;; *) kept="$kept $1" ;; esac; shift; done
exec /usr/bin/install $kept"""
"""There is no user affectd here."""
PROGRAMS = {
    "apt-get": "exit 0",
    "chgrp": "exit 0",
    "chpasswd": "cat",
    "curl": 'while [ "$1" != --output ]; do shift; done; echo package >"$2"',
    "dpkg": 'case "$1" in --print-architecture) echo arm64;; esac',
    "dpkg-query": "exit 1",
    "dpkg-deb": 'case "$1" in --field) echo arm64;; *) grep -q package "$2";; esac',
    "systemctl": 'case "$*" in show*) echo watching demo;; esac',
    "systemd-notify": "exit 0",
    "systemd-sysusers": "exit 0",
    "install": INSTALL,
}
# As apt does without a network: update warns, and install finds nothing.
OFFLINE = """case "$*" in
*update*) echo "W: Failed to fetch http://archive/Release  Temporary failure resolving 'archive'";;
*python3-picamera2*) echo "E: Unable to locate package python3-picamera2"; exit 100;;
esac"""
DIGEST = hashlib.sha256(b"package\n").hexdigest()
URI = "rtsp://me:opensesame@porch/stream"
VERIFIER = "scrypt$14$8$5$c2FsdA==$aGFzaA=="
SECRETS = (VERIFIER, "secret", "opensesame", "password:", "let me in")


class Device:
    """A boot partition as `affectd flash` leaves it, and a system in which nothing is this machine's."""

    def __init__(self, folder: Path) -> None:
        self.root, self.boot = folder, folder / "boot"
        for name in ("boot", "bin", "etc/cloud", "etc/systemd/system", "run", "var/cache"):
            (folder / name).mkdir(parents=True)
        (folder / "etc/os-release").write_text("VERSION_CODENAME=trixie\n")
        (self.boot / "config.txt").touch()
        (self.boot / "cmdline.txt").write_text("console=tty1\n")
        for name, text in PROGRAMS.items():
            self.give(name, text)

    def flash(
        self,
        package: Path | str | None,
        uri: str = URI,
        further: tuple[Path, ...] = (),
        repository: Repository | None = None,
    ) -> None:
        config = {"device": {"id": "hall"}, "source": {"uri": uri}}
        digest = DIGEST if isinstance(package, str) else None
        packages = Packages(package, further, digest=digest)
        login = Login("ada", password="let me in")  # noqa: S106
        wifi = Wifi("House", "DE", "a passphrase")
        plan = BootPlan(config=config, wifi=wifi, login=login, repository=repository)
        write_boot_files(plan, self.boot, packages=packages, mqtt_password="secret", page_verifier=VERIFIER)  # noqa: S106
        for name, text in scripts().items():
            for path in ("/etc/", "/run/", "/var/cache", "/var/lib/"):
                text = text.replace(path, f"{self.root}{path}")  # noqa: PLW2901
            (self.boot / "affectd" / name).write_text(text)

    def give(self, program: str, text: str) -> None:
        path = self.root / "bin" / program
        path.write_text(f'#!/bin/sh\necho "{program} $*" >>{self.root}/asked\n{text}\n')
        path.chmod(0o755)

    def run(self, script: str) -> int:
        bash = shutil.which("bash")
        assert bash
        environment = os.environ | {"PATH": f"{self.root / 'bin'}:{os.environ['PATH']}"}
        command = [bash, str(self.boot / "affectd" / script)]
        return subprocess.run(command, env=environment, check=False, capture_output=True, timeout=60).returncode

    @property
    def asked(self) -> list[str]:
        """What was asked of the system."""
        return (self.root / "asked").read_text().splitlines()

    @property
    def status(self) -> str:
        (line,) = (self.boot / "affectd/status.txt").read_text().splitlines()
        return line

    def on_the_partition(self) -> str:
        files = [path for path in self.boot.rglob("*") if path.is_file() and path.suffix not in {".sh", ".deb", ".gpg"}]
        return "".join(path.read_text() for path in files)


@pytest.fixture
def package(tmp_path):
    return write_deb(tmp_path / "affectd_1_arm64.deb")


@pytest.fixture
def device(tmp_path, package):
    device = Device(tmp_path / "device")
    device.flash(package)
    return device


def test_secrets_leave_the_partition_for_where_only_root_reads(device):
    assert all(secret in device.on_the_partition() for secret in SECRETS)
    assert device.run("first-boot.sh") == 0
    kept = device.root / "etc/credstore/mqtt-password"
    assert kept.read_text() == "secret\n"
    assert kept.stat().st_mode & 0o777 == 0o600
    assert kept.parent.stat().st_mode & 0o777 == 0o700
    assert not any(secret in device.on_the_partition() for secret in SECRETS)
    assert "House" in device.on_the_partition()


def test_the_hash_of_the_page_s_password_goes_to_the_service_alone(device):
    device.run("first-boot.sh")
    assert device.run("install.sh") == 0
    kept = device.root / "var/lib/affectd/page-password"
    assert kept.read_text() == f"{VERIFIER}\n"
    assert kept.stat().st_mode & 0o777 == 0o600
    assert not (device.root / "etc/credstore/affectd-page-password").exists()
    assert (
        f"install -o affectd -g affectd -m 600 {device.root}/etc/credstore/affectd-page-password {kept}" in device.asked
    )
    assert "systemctl enable --now affectd-page-change.path" in device.asked


def test_the_configuration_is_put_where_the_daemon_reads_it(device):
    device.run("first-boot.sh")
    assert "id: hall" in (device.root / "etc/affectd/config.yaml").read_text()


def test_installing_is_handed_to_a_unit_that_outlives_this_start(device):
    device.run("first-boot.sh")
    assert (device.root / "etc/systemd/system/affectd-install.service").exists()
    assert "systemctl --no-reload enable affectd-install.service" in device.asked
    assert device.asked[-1] == "systemctl --no-block start affectd-install.service"


@pytest.mark.parametrize("commands", range(2, 34, 4))
def test_a_power_cut_after_any_command_is_made_up_for_at_the_next_start(device, commands):
    path = device.boot / "affectd/first-boot.sh"
    whole = path.read_text()
    path.write_text(f"set -T; trap '[ $((++done_so_far)) -le {commands} ] || kill -9 $$' DEBUG\n{whole}")
    assert device.run("first-boot.sh") == -9
    path.write_text(whole)
    assert device.run("first-boot.sh") == 0
    assert (device.root / "etc/credstore/mqtt-password").read_text() == "secret\n"
    assert "id: hall" in (device.root / "etc/affectd/config.yaml").read_text()
    assert not any(secret in device.on_the_partition() for secret in SECRETS)


def test_nothing_is_installed_before_the_secrets_are_safe(device):
    device.run("first-boot.sh")
    assert not any("apt-get" in line or "dpkg" in line for line in device.asked)


def test_the_package_is_installed_over_the_configuration_and_all_that_was_for_it_goes(device):
    device.run("first-boot.sh")
    assert device.run("install.sh") == 0
    (apt,) = [line for line in device.asked if line.startswith("apt-get ")]
    assert apt.endswith("--force-confold " + str(device.boot / "affectd/affectd_1_arm64.deb"))
    assert "systemctl enable --now affectd.service" in device.asked
    assert (device.root / "etc/cloud/cloud-init.disabled").exists()
    assert not (device.root / "etc/systemd/system/affectd-install.service").exists()
    assert device.status.endswith("Z affectd is installed, and said at first: watching demo")


def test_what_fails_is_told_in_one_line_and_tried_again(device):
    device.run("first-boot.sh")
    device.give("apt-get", "echo Reading; echo 'E: Could not get lock'; echo and so on; exit 100")
    assert device.run("install.sh") == 1
    assert "not installed yet: E: Could not get lock; it is tried again" in device.status
    assert not (device.root / "etc/cloud/cloud-init.disabled").exists()
    assert (device.root / "etc/systemd/system/affectd-install.service").exists()
    device.give("apt-get", "exit 0")
    assert device.run("install.sh") == 0
    assert "affectd is installed" in device.status


def test_a_package_for_another_release_is_told_by_what_it_lacks(device):
    needs = "affectd : Depends: python3 (< 3.12~) but 3.13.5-1 is to be installed"
    device.give("apt-get", f"echo ' {needs}'; echo 'E: Unable to correct problems'; exit 100")
    assert device.run("install.sh") == 1
    assert f"not installed yet: {needs}; it is tried again" in device.status


def test_a_package_for_another_processor_is_told_before_anything_is_installed(device):
    device.give("dpkg-deb", 'case "$1" in --field) echo amd64;; esac')
    assert device.run("install.sh") == 1
    assert "is for another processor, amd64, and this system is arm64: copy the right one there" in device.status
    assert not any(line.startswith("apt-get ") for line in device.asked)


def test_what_a_power_cut_interrupted_is_finished_first(device):
    device.run("install.sh")
    asked = [line.split()[0] for line in device.asked]
    assert asked.index("dpkg") < asked.index("apt-get")
    assert "dpkg --force-confold --configure -a" in device.asked


def test_a_package_that_is_missing_or_damaged_is_named_and_taken_once_it_is_there(device, package):
    copy = device.boot / "affectd" / package.name
    copy.unlink()
    assert device.run("install.sh") == 1
    assert "there is no affectd_*.deb in the folder affectd" in device.status
    copy.write_bytes(b"!<arch>\n")
    assert device.run("install.sh") == 1
    assert f"{package.name} is damaged: copy it again" in device.status
    later = copy.with_name("affectd_2_arm64.deb")
    shutil.copy(package, later)
    assert device.run("install.sh") == 0
    assert any(line.startswith("apt-get ") and line.endswith(str(later)) for line in device.asked)


def test_the_same_fault_is_written_to_the_card_once(device):
    device.give("apt-get", "echo 'E: no'; exit 100")
    device.run("install.sh")
    then = "2020-01-01T00:00:00Z"
    (device.boot / "affectd/status.txt").write_text(device.status.replace(device.status.split()[0], then) + "\n")
    device.run("install.sh")
    assert device.status.startswith(then)


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


def test_the_login_s_password_is_set_once_cloud_init_has_made_the_user_and_then_forgotten(device):
    device.run("first-boot.sh")
    kept = device.root / "etc/credstore/affectd-login"
    assert kept.read_text() == "ada:let me in\n"
    assert kept.stat().st_mode & 0o777 == 0o600
    device.give("chpasswd", f"cat >{device.root}/set")
    assert device.run("install.sh") == 0
    assert (device.root / "set").read_text() == "ada:let me in\n"
    assert not kept.exists()


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


REPOSITORY = Repository("http://hub/affectd", b"\xc6 a key")


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


def test_a_package_of_any_name_is_found_by_the_first_boot(device, tmp_path):
    device.flash(write_deb(tmp_path / "download (1).deb"))
    assert device.run("install.sh") == 0
    assert any(line.endswith("affectd/affectd.deb") for line in device.asked)


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


def test_a_camera_s_password_in_the_configuration_is_read_by_root_and_the_service_alone(device):
    device.run("first-boot.sh")
    config = device.root / "etc/affectd/config.yaml"
    assert "opensesame" in config.read_text()
    assert config.stat().st_mode & 0o777 == 0o600
    assert device.run("install.sh") == 0
    assert config.stat().st_mode & 0o777 == 0o640
    steps = [line.partition(" ")[0] for line in device.asked]
    assert steps.index("systemd-sysusers") < steps.index("chgrp") < steps.index("apt-get")
    assert f"chgrp affectd {config}" in device.asked
