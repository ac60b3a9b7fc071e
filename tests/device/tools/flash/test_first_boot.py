"""The scripts of the first boots, run here with programs of the test's own in the place of the system's."""

import shutil

import pytest

from tests.device.tools.flash.debs import write_deb
from tests.device.tools.flash.first_boot import SECRETS, VERIFIER


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


def test_the_login_s_password_is_set_once_cloud_init_has_made_the_user_and_then_forgotten(device):
    device.run("first-boot.sh")
    kept = device.root / "etc/credstore/affectd-login"
    assert kept.read_text() == "ada:let me in\n"
    assert kept.stat().st_mode & 0o777 == 0o600
    device.give("chpasswd", f"cat >{device.root}/set")
    assert device.run("install.sh") == 0
    assert (device.root / "set").read_text() == "ada:let me in\n"
    assert not kept.exists()


def test_a_package_of_any_name_is_found_by_the_first_boot(device, tmp_path):
    device.flash(write_deb(tmp_path / "download (1).deb"))
    assert device.run("install.sh") == 0
    assert any(line.endswith("affectd/affectd.deb") for line in device.asked)


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
