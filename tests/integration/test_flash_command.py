"""The verb ``flash``, as somebody types it with a card in the reader."""

import os
import pty
import subprocess
import sys

import pytest
import yaml

from tests.device.tools.flash.debs import write_deb
from tests.integration.processes import ROOT, call_affectd

pytestmark = pytest.mark.integration

OPTIONS = ("--device-id", "hall", "--mqtt-host", "hub", "--mqtt-username", "hall", "--wifi", "House", "--no-login")
SECRETS = b"a passphrase\na passphrase\nsecret\nsecret\n"


@pytest.fixture
def boot(tmp_path):
    folder = tmp_path / "bootfs"
    folder.mkdir()
    (folder / "config.txt").write_text("arm_64bit=1\n")
    (folder / "cmdline.txt").write_text("console=tty1 rootwait\n")
    return folder


@pytest.fixture
def package(tmp_path):
    return write_deb(tmp_path / "affectd_1_arm64.deb")


def flash(*arguments, secrets=SECRETS):
    """With the secrets typed at a terminal; everything that was shown there."""
    master, slave = pty.openpty()
    command = [sys.executable, "-m", "device", "flash", *arguments]
    process = subprocess.Popen(command, cwd=ROOT, stdin=slave, stdout=slave, stderr=slave, start_new_session=True)
    os.close(slave)
    shown = b""
    for secret in secrets.splitlines(keepends=True):
        while not shown.rstrip(b" ").endswith(b":"):
            shown += os.read(master, 4096)
        os.write(master, secret)
        shown += b"\n"
    while True:
        try:
            shown += os.read(master, 4096)
        except OSError:
            break
    return process.wait(60), shown.decode()


def test_a_card_is_prepared_and_no_secret_is_shown(boot, package):
    code, shown = flash(str(boot), *OPTIONS, "--wifi-country", "DE", "--package", str(package))
    assert code == 0, shown
    assert "a passphrase" not in shown
    assert "secret\r" not in shown
    assert yaml.safe_load((boot / "user-data").read_text())["hostname"] == "hall"
    assert (boot / "affectd/mqtt-password").read_text() == "secret\n"
    assert (boot / "affectd" / package.name).read_bytes() == package.read_bytes()
    assert (boot / "cmdline.txt").read_text() == "console=tty1 rootwait cfg80211.ieee80211_regdom=DE\n"


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda boot, _: (boot / "config.txt").unlink(), "is no boot partition of a Raspberry Pi"),
        (lambda _, package: package.write_bytes(b"PK"), "is no Debian package"),
    ],
)
def test_what_cannot_work_is_refused_and_nothing_is_written(boot, package, spoil, told):
    spoil(boot, package)
    answer = call_affectd(
        "flash", str(boot), "--device-id", "hall", "--mqtt-host", "hub", "--no-login", "--package", str(package)
    )
    assert answer.returncode in {2, 74}
    assert told in answer.stderr
    assert not (boot / "user-data").exists()


def test_a_wireless_network_without_a_country_is_refused_before_anything_is_asked(boot, package):
    answer = call_affectd("flash", str(boot), *OPTIONS, "--package", str(package))
    assert answer.returncode == 2
    assert "--wifi needs --wifi-country" in answer.stderr
