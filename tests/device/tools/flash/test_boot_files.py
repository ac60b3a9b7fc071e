"""What a card says, and what it must not."""

import pytest
import yaml

from device.errors import UsageError
from device.tools.flash.boot_files import BootPlan, Wifi, scripts, with_country

CONFIG = {"device": {"id": "hall"}, "source": {"uri": "picamera"}, "mqtt": {"host": "hub", "username": "hall"}}
PASSPHRASE = "correct horse battery"


@pytest.fixture
def plan() -> BootPlan:
    return BootPlan(config=CONFIG, wifi=Wifi("House", "DE", PASSPHRASE))


def test_every_start_begins_the_installing_until_it_is_done(plan):
    assert plan.user_data().startswith("#cloud-config\n")
    data = yaml.safe_load(plan.user_data())
    assert data["hostname"] == "hall"
    assert data["bootcmd"][-1] == ["bash", "/boot/firmware/affectd/first-boot.sh"]
    assert yaml.safe_load(plan.config_yaml()) == CONFIG
    assert "users" not in data


def test_the_wireless_network_comes_with_its_country_and_its_key(plan):
    wlan = yaml.safe_load(plan.network_config())["network"]["wifis"]["wlan0"]
    assert wlan["regulatory-domain"] == "DE"
    assert len(wlan["access-points"]["House"]["password"]) == 64


def test_no_passphrase_is_written_anywhere(plan):
    assert PASSPHRASE not in plan.user_data() + plan.network_config() + repr(plan)


def test_the_key_is_the_one_that_the_standard_gives():
    # IEEE 802.11i, annex H.4.3, the first of its test vectors.
    key = Wifi("IEEE", "US", "password").key
    assert key == "f42c6fc52df0ebef9ebb4b90b38a5f902e83fe1b135a70e23aed762e9710a12e"


def test_with_a_cable_there_is_no_wireless_network():
    plan = BootPlan(config=CONFIG)
    assert list(yaml.safe_load(plan.network_config())["network"]) == ["version", "ethernets"]
    assert "rfkill" not in plan.user_data()


def test_an_open_network_has_no_key():
    plan = BootPlan(config=CONFIG, wifi=Wifi("Cafe", "FR", None))
    assert yaml.safe_load(plan.network_config())["network"]["wifis"]["wlan0"]["access-points"] == {"Cafe": {}}


def test_somebody_with_a_key_may_log_in_and_nobody_with_a_password():
    plan = BootPlan(config=CONFIG, user="ada", ssh_key="ssh-ed25519 AAAA ada")
    data = yaml.safe_load(plan.user_data())
    (user,) = data["users"]
    assert (user["name"], user["lock_passwd"], user["ssh_authorized_keys"]) == ("ada", True, ["ssh-ed25519 AAAA ada"])
    assert data["ssh_pwauth"] is False


@pytest.mark.parametrize(
    ("ssid", "country", "passphrase", "told"),
    [
        ("", "DE", PASSPHRASE, "no name of a network"),
        ("ä" * 17, "DE", PASSPHRASE, "1 to 32 bytes"),
        ("House", "Germany", PASSPHRASE, "two capital letters"),
        ("House", "DE", "short", "8 to 63 characters"),
    ],
)
def test_a_network_that_cannot_be_is_refused(ssid, country, passphrase, told):
    with pytest.raises(UsageError, match=told) as raised:
        Wifi(ssid, country, passphrase)
    assert passphrase not in str(raised.value)


def test_a_device_whose_name_is_no_host_s_is_refused():
    with pytest.raises(UsageError, match="does not make a host's name"):
        BootPlan(config=CONFIG | {"device": {"id": "-hall-"}})
    assert BootPlan(config=CONFIG | {"device": {"id": "up_stairs"}}).host == "up-stairs"


def test_the_country_is_on_the_kernel_s_command_line_once():
    line = with_country("console=tty1 cfg80211.ieee80211_regdom=GB rootwait\n", "DE")
    assert line == "console=tty1 rootwait cfg80211.ieee80211_regdom=DE\n"


def test_a_card_that_is_written_again_is_a_new_one_to_a_system_that_was_started_before(plan):
    assert yaml.safe_load(plan.meta_data())["dsmode"] == "local"
    assert plan.meta_data() != plan.meta_data()


def test_the_scripts_are_bash_s_and_the_unit_runs_one_of_them():
    texts = scripts()
    assert texts["first-boot.sh"].startswith("#!/bin/bash\n")
    assert texts["install.sh"].startswith("#!/bin/bash\n")
    assert "ExecStart=/bin/bash /boot/firmware/affectd/install.sh\n" in texts["affectd-install.service"]
