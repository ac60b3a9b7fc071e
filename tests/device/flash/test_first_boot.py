"""The script of the first boot, run here with programs of the test's own in the place of the system's."""

import os
import shutil
import subprocess

import pytest

from device.flash.card import CardPlan, Wifi, first_boot_script


@pytest.fixture
def card(tmp_path):
    """A boot partition as `affectd flash` leaves it, and a system beside it in which nothing is this machine's."""
    folder = tmp_path / "boot" / "affectd"
    folder.mkdir(parents=True)
    plan = CardPlan(config={"device": {"id": "hall"}}, package="affectd.deb", wifi=Wifi("House", "DE", "a passphrase"))
    (folder.parent / "network-config").write_text(plan.network_config())
    (folder / "mqtt-password").write_text("secret\n")
    script = first_boot_script().replace("/etc/", f"{tmp_path}/etc/").replace("/var/tmp", str(tmp_path))  # noqa: S108
    (folder / "first-boot.sh").write_text(script)
    (tmp_path / "etc/cloud").mkdir(parents=True)
    return folder


def run(card, tmp_path, package="affectd.deb", *, apt_fails=False):
    """What it has asked the system for."""
    programs = tmp_path / "bin"
    programs.mkdir()
    for name, code in (("apt-get", 100 if apt_fails else 0), ("systemctl", 0), ("curl", 0)):
        (programs / name).write_text(f"#!/bin/sh\necho {name} $* >>{tmp_path}/asked\nexit {code}\n")
        (programs / name).chmod(0o755)
    bash = shutil.which("bash")
    assert bash
    environment = os.environ | {"PATH": f"{programs}:{os.environ['PATH']}"}
    command = [bash, str(card / "first-boot.sh"), package]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    return done.returncode, (tmp_path / "asked").read_text()


def test_secrets_leave_the_partition_for_the_credential_store(card, tmp_path):
    code, _ = run(card, tmp_path)
    assert code == 0
    kept = tmp_path / "etc/credstore/mqtt-password"
    assert kept.read_text() == "secret\n"
    assert kept.stat().st_mode & 0o777 == 0o600
    assert not (card / "mqtt-password").exists()
    left = "".join(path.read_text() for path in card.parent.rglob("*") if path.is_file() and path.suffix != ".sh")
    assert "password" not in left
    assert "House" in left


def test_the_package_is_installed_over_the_configuration_that_is_there(card, tmp_path):
    _, asked = run(card, tmp_path)
    assert f"--force-confold {card}/affectd.deb\n" in asked
    assert "systemctl enable --now affectd.service" in asked


def test_a_package_from_elsewhere_is_fetched_first(card, tmp_path):
    _, asked = run(card, tmp_path, "https://example.org/affectd.deb")
    assert asked.splitlines()[0].startswith("curl ")
    assert f"--force-confold {tmp_path}/affectd.deb\n" in asked


def test_secrets_are_gone_even_where_the_installation_fails(card, tmp_path):
    code, _ = run(card, tmp_path, apt_fails=True)
    assert code == 100
    assert not (card / "mqtt-password").exists()
    assert "password" not in (card.parent / "network-config").read_text()
    assert (tmp_path / "etc/cloud/cloud-init.disabled").exists()
