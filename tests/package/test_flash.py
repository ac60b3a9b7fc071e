"""A card by `affectd flash` makes a sensor of Debian 13, with Raspberry Pi OS's settings of cloud-init."""

import shutil
import time
from typing import Any

import pytest

from device.tools.flash.boot_files import BootPlan, Wifi
from device.tools.flash.login import Login
from device.tools.flash.packages import Packages
from device.tools.flash.write import write_boot_files
from tests.package.roots import Root, cut_power, processor, require_package

pytestmark = pytest.mark.slow

# As the images of Raspberry Pi OS have it in /etc/cloud/cloud.cfg.d.
CLOUD_CONFIG = """
datasource_list: [NoCloud, None]
datasource: {NoCloud: {seedfrom: "file:///boot/firmware"}}
"""

CONFIG: dict[str, dict[str, Any]] = {
    "device": {"id": "hall"},
    "source": {"uri": "demo", "loop": True},
    "mqtt": {"username": "hall"},
}
WIFI = Wifi("House", "DE", "a passphrase")
MOVED = Wifi("House", "DE", "another passphrase")

SCRIPT = """
exec 2>&1
status=/boot/firmware/affectd/status.txt
for _ in $(seq 1500); do grep -qs ', and said at first: \\| not installed yet' $status && break; sleep 0.2; done
sleep 1
echo "== status"; cat $status
echo "== installing"; systemctl status affectd-install --no-pager; journalctl -u affectd-install --no-pager -o cat
echo "== service"; systemctl is-enabled affectd; systemctl show affectd -p ActiveState,StatusText
echo "== device"; hostname; id ada; cat /home/ada/.ssh/authorized_keys; cat /etc/affectd/config.yaml
echo "== password"; stat -c '%U %a' /etc/credstore /etc/credstore/mqtt-password; cat /etc/credstore/mqtt-password
echo "== network"; stat -c '%U %a' /etc/netplan/*; cat /etc/netplan/*
echo "== key read by all"
grep -rlsF KEY --exclude={check,told} / --exclude-dir={proc,sys,dev,opt,usr} | xargs -r ls -l | grep '^.......r'
echo "== cloud-init"; ls /etc/cloud/cloud-init.disabled; cloud-init status
echo "== end"
"""


class Card:
    """A system that was never started, and a card's boot partition for it."""

    def __init__(self, folder, package, repository=None, further=()) -> None:
        self.package = package
        self.repository = repository
        self.further = further
        self.boot_folder = folder / "firmware"
        self.boot_folder.mkdir()
        for name in ("cmdline.txt", "config.txt"):
            (self.boot_folder / name).write_text("\n")
        self.root = Root("deb13")
        (self.root.path / "etc/cloud/cloud-init.disabled").unlink()
        (self.root.path / "etc/cloud/cloud.cfg.d/99_raspberry-pi.cfg").write_text(CLOUD_CONFIG)
        (self.root.path / "boot/firmware").mkdir(parents=True)
        self.flash(WIFI)

    def flash(self, wifi: Wifi) -> None:
        self.key = wifi.key or ""
        login = Login("ada", ssh_key="ssh-ed25519 AAAA ada")
        plan = BootPlan(config=CONFIG, wifi=wifi, login=login, repository=self.repository)
        packages = Packages(self.package, self.further, processor=processor())
        write_boot_files(plan, self.boot_folder, packages=packages, mqtt_password="secret")  # noqa: S106

    @property
    def copy(self):
        return self.boot_folder / "affectd" / self.package.name

    @property
    def partition(self) -> str:
        files = [
            path
            for path in self.boot_folder.rglob("*")
            if path.is_file() and path.suffix not in {".deb", ".sh", ".gpg"}
        ]
        return "".join(path.read_text() for path in files)

    @property
    def bind(self) -> str:
        return f"--bind={self.boot_folder}:/boot/firmware"

    def boot(self, more: str = "") -> dict[str, str]:
        # What an earlier boot said is not this one's.
        (self.boot_folder / "affectd/status.txt").unlink(missing_ok=True)
        told = self.root.boot(SCRIPT.replace("KEY", self.key) + more, self.bind)
        for heading, body in told.items():
            print(f"== {heading}\n{body}")
        return told


@pytest.fixture
def card(tmp_path):
    new = Card(tmp_path, require_package("deb13"))
    yield new
    new.root.remove()


def require_sensor(card: Card, told: dict[str, str]) -> None:
    assert "affectd is installed, and said at first: " in told["status"]
    assert told["service"].startswith("enabled\n")
    assert "ActiveState=active" in told["service"]
    assert "watching demo" in told["service"]
    assert not list((card.root.path / "etc/systemd/system").rglob("affectd-install.service"))
    assert "/etc/cloud/cloud-init.disabled" in told["cloud-init"]
    assert "disabled" in told["cloud-init"]


def require_secrets_kept(card: Card, told: dict[str, str]) -> None:
    assert told["password"].splitlines() == ["root 700", "root 600", "secret"]
    assert told["network"].startswith("root 600")
    assert card.key in told["network"]
    assert told["key read by all"].strip() == ""
    assert not any(secret in card.partition for secret in (card.key, "secret", "id: hall"))


def test_the_first_boot_makes_a_sensor(card):
    told = card.boot()
    require_sensor(card, told)
    require_secrets_kept(card, told)
    assert told["device"].startswith("hall\n")
    assert "ssh-ed25519 AAAA ada" in told["device"]
    assert "id: hall" in told["device"]


def test_a_package_that_is_missing_or_damaged_at_first_is_installed_at_the_boot_at_which_it_is_there(card):
    card.copy.unlink()
    told = card.boot()
    assert "there is no affectd_*.deb in the folder affectd" in told["status"]
    assert "Status: " in told["installing"]
    assert "there is no affectd_*.deb" in told["installing"]
    require_secrets_kept(card, told)
    card.copy.write_bytes(card.package.read_bytes()[:1_000_000])
    assert "is damaged: copy it again" in card.boot()["status"]
    shutil.copy(card.package, card.copy)
    told = card.boot()
    require_sensor(card, told)
    require_secrets_kept(card, told)


def test_a_card_that_is_flashed_again_before_it_was_installed_takes_what_is_new(card):
    card.copy.unlink()
    require_secrets_kept(card, card.boot())
    card.flash(MOVED)
    told = card.boot()
    require_sensor(card, told)
    require_secrets_kept(card, told)


# What is there first of the secrets, of what is unpacked, of what is unpacked whole, and of the end of the set-up.
SIGNS = (
    *("etc/credstore", "opt/affectd/lib", "opt/affectd/bin/affectd"),
    "etc/systemd/system/multi-user.target.wants/affectd.service",
)


def exists(card: Card, sign: str) -> bool:
    """Also as a link, whose end is elsewhere from here."""
    path = card.root.path / sign
    return path.exists() or path.is_symlink()


@pytest.mark.parametrize("sign", SIGNS)
def test_a_power_cut_is_made_up_for_at_the_next_boot(card, sign):
    machine = card.root.start(card.bind)
    deadline_s = time.monotonic() + 300
    while not exists(card, sign) and time.monotonic() < deadline_s and machine.poll() is None:
        time.sleep(0.05)
    time.sleep(0.2)
    cut_power(machine)
    assert exists(card, sign)
    assert not (card.root.path / "etc/cloud/cloud-init.disabled").exists()
    told = card.boot()
    require_sensor(card, told)
    require_secrets_kept(card, told)
