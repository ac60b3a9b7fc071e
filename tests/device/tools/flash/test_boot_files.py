"""What a card says, and what it must not."""

import hashlib

import pytest
import yaml

from device.config import parse_config, sample_config
from device.errors import UsageError
from device.tools.flash.boot_files import BootPlan, Wifi, scripts, with_country
from device.tools.flash.login import Login

CONFIG = {"device": {"id": "hall"}, "source": {"uri": "picamera"}, "mqtt": {"host": "hub", "username": "hall"}}
PASSPHRASE = "correct horse battery"
PRINTABLE = "".join(map(chr, range(0x20, 0x7F)))


@pytest.fixture
def plan() -> BootPlan:
    return BootPlan(config=CONFIG, wifi=Wifi("House", "DE", PASSPHRASE))


def test_every_start_begins_the_installing_until_it_is_done(plan):
    assert plan.user_data().startswith("#cloud-config\n")
    data = yaml.safe_load(plan.user_data())
    assert data["hostname"] == "hall"
    assert data["bootcmd"][-1] == ["bash", "/boot/firmware/affectd/first-boot.sh"]
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
    plan = BootPlan(config=CONFIG, login=Login("ada", ssh_key="ssh-ed25519 AAAA ada"))
    data = yaml.safe_load(plan.user_data())
    (user,) = data["users"]
    assert (user["name"], user["lock_passwd"], user["ssh_authorized_keys"]) == ("ada", True, ["ssh-ed25519 AAAA ada"])
    assert data["ssh_pwauth"] is False
    assert "systemctl enable --now ssh.service" in str(data["runcmd"])


def test_a_login_with_a_password_keeps_it_out_of_what_cloud_init_copies():
    plan = BootPlan(config=CONFIG, login=Login("ada", password="open sesame"))  # noqa: S106
    data = yaml.safe_load(plan.user_data())
    assert data["ssh_pwauth"] is True
    assert data["users"][0]["lock_passwd"] is False
    assert "open sesame" not in plan.user_data() + repr(plan)


@pytest.mark.parametrize(
    ("login", "told"),
    [
        ({"user": "Ada", "password": "x"}, "small letters"),
        ({"user": "root", "password": "x"}, "a user of that name itself"),
        ({"user": "affectd", "ssh_key": "ssh-rsa A"}, "a user of that name itself"),
        ({"user": "ada"}, "no way to log in"),
        ({"user": "ada", "password": "two\nlines"}, "no keyboard types"),
    ],
)
def test_a_login_that_cannot_be_is_refused(login, told):
    with pytest.raises(UsageError, match=told):
        Login(**login)


def test_the_configuration_on_the_card_is_the_whole_commented_file_with_the_chosen_values(plan):
    text = plan.config_yaml()
    chosen = parse_config(text, "card")
    assert (chosen.device.id, chosen.source.uri, chosen.mqtt.host) == ("hall", "picamera", "hub")
    comments = [line for line in text.splitlines() if line.lstrip().startswith("#")]
    shipped = sample_config().read_text(encoding="utf-8").splitlines()
    assert comments == [line for line in shipped if line.lstrip().startswith("#")]


def test_a_configuration_of_the_maker_s_own_goes_to_the_card_with_what_the_command_says_over_it():
    plan = BootPlan(
        config={"device": {"id": "hall"}}, config_text="# mine\ndevice:\n  id: other\nheat:\n  slowest_fps: 3.0\n"
    )
    assert plan.config_yaml() == "# mine\ndevice:\n  id: hall\nheat:\n  slowest_fps: 3.0\n"


@pytest.mark.parametrize(
    ("uri", "needs"),
    [("picamera", "python3-picamera2\n"), ("picamera:1", "python3-picamera2\n"), ("0", ""), ("demo", "")],
)
def test_a_source_that_needs_a_package_says_which(uri, needs):
    assert BootPlan(config=CONFIG | {"source": {"uri": uri}}).needs() == needs


@pytest.mark.parametrize(
    ("ssid", "country", "passphrase", "told"),
    [
        ("", "DE", PASSPHRASE, "no name of a network"),
        ("ä" * 17, "DE", PASSPHRASE, "1 to 32 bytes"),
        ("House", "Germany", PASSPHRASE, "two capital letters"),
        ("House", "DE", "short", "8 to 63 printable characters"),
        ("House", "DE", "with a\ttab", "8 to 63 printable characters"),
        ("House", "DE", "größer als acht", "8 to 63 printable characters"),
    ],
)
def test_a_network_that_cannot_be_is_refused(ssid, country, passphrase, told):
    with pytest.raises(UsageError, match=told) as raised:
        Wifi(ssid, country, passphrase)
    assert passphrase not in str(raised.value)


ODD_NAMES = (
    *('A house\'s "net"', "back\\slash; semi, comma", "#no: comment", " spaces ", "{[*&!|>%@`"),
    *("🏠" * 8, "ä" * 16, "x" * 32, "true", "0123", "1e3", "~", "65;66;67;", "=="),
)


@pytest.mark.parametrize("ssid", ODD_NAMES)
def test_a_network_may_have_any_name_of_32_bytes(ssid):
    plan = BootPlan(config=CONFIG, wifi=Wifi(ssid, "DE", PASSPHRASE))
    assert list(yaml.safe_load(plan.network_config())["network"]["wifis"]["wlan0"]["access-points"]) == [ssid]


@pytest.mark.parametrize("passphrase", [PRINTABLE[:63], PRINTABLE[-63:]])
def test_a_passphrase_may_have_every_printable_character(passphrase):
    key = hashlib.pbkdf2_hmac("sha1", passphrase.encode("ascii"), b"House", 4096, 32).hex()
    assert Wifi("House", "DE", passphrase).key == key


def test_a_login_password_may_have_every_printable_character():
    assert Login("ada", password=PRINTABLE).password == PRINTABLE


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
