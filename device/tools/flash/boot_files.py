"""What goes onto a card's boot partition, as text."""

import hashlib
import re
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from device.config import Config, parse_config, sample_config
from device.errors import UsageError
from device.tools.config_file import flattened, with_values
from device.tools.flash.login import Login
from device.tools.flash.repository import NEEDED, Repository

BOOT_FOLDER = "/boot/firmware"
"""Where Raspberry Pi OS has the boot partition."""
FOLDER = "affectd"
"""The folder on it with the package, the scripts and, until the first boot, the configuration and the password."""
PASSWORD_NAME = "mqtt-password"  # noqa: S105 the name of a file, not what is in it
LOGIN_NAME = "login"
PAGE_PASSWORD_NAME = "page-password"  # noqa: S105 the name of a file, not what is in it
NEEDS_NAME = "needs"
PACKAGES_NAME = "packages"
"""The folder with further packages, for a device without a network."""
CONFIG_NAME = "config.yaml"
URL_NAME = "package-url"
DETECTOR_NAME = "detector.onnx"
LICENCE_NAME = "yunet-licence.txt"
SCRIPT_NAMES = ("first-boot.sh", "install.sh", "affectd-install.service")
"""What the first boot runs, and what goes on with that at the next ones."""

_HOST_LABEL = re.compile(r"[a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?")
_COUNTRY = re.compile(r"[A-Z]{2}")
_NEEDED_BY_SOURCE = {"picamera": "python3-picamera2"}


@dataclass(frozen=True, slots=True)
class Wifi:
    """A wireless network.

    Attributes:
        ssid: its name, 1 to 32 bytes.
        country: two capital letters (ISO 3166), which decide what radio channels are allowed.
        passphrase: 8 to 63 printable characters of ASCII; None for an open network.
    """

    ssid: str
    country: str
    passphrase: str | None = field(repr=False)

    def __post_init__(self) -> None:
        if not 1 <= len(self.ssid.encode()) <= 32:
            raise UsageError(f"--wifi {self.ssid!r} is no name of a network: 1 to 32 bytes are expected")
        if not _COUNTRY.fullmatch(self.country):
            raise UsageError(f"--wifi-country {self.country!r}: two capital letters are expected, such as DE")
        phrase = self.passphrase
        if phrase is not None and not (8 <= len(phrase) <= 63 and phrase.isascii() and phrase.isprintable()):
            raise UsageError(
                "the Wi-Fi passphrase has 8 to 63 printable characters of ASCII", "ask who runs the network"
            )

    @property
    def key(self) -> str | None:
        """The network's key, 64 hexadecimal digits (IEEE 802.11i, annex H.4): it opens this network alone."""
        if self.passphrase is None:
            return None
        return hashlib.pbkdf2_hmac("sha1", self.passphrase.encode(), self.ssid.encode(), 4096, 32).hex()


@dataclass(frozen=True, slots=True)
class BootPlan:
    """All that a card is to say.

    Attributes:
        config: keys of config.yaml that differ from the defaults; ``device.id`` is among them.
        wifi: None for a cable.
        login: None for nobody.
        config_text: the configuration's whole text, which ``config`` goes over; None takes the one that ships.
        repository: where later versions come from; None for nowhere.
    """

    config: dict[str, dict[str, Any]]
    wifi: Wifi | None = None
    login: Login | None = None
    config_text: str | None = None
    repository: Repository | None = None

    def __post_init__(self) -> None:
        Config.model_validate(self.config)
        if not _HOST_LABEL.fullmatch(self.host):
            raise UsageError(
                f"--device-id {self.config['device']['id']!r} does not make a host's name", "use letters, digits and -"
            )

    @property
    def host(self) -> str:
        """The device's name in its network."""
        return str(self.config["device"]["id"]).replace("_", "-")

    def config_yaml(self) -> str:
        """The daemon's configuration: every key with its comment."""
        text = self.config_text
        if text is None:
            text = sample_config().read_text(encoding="utf-8")
        return with_values(text, flattened(self.config), CONFIG_NAME)

    def chosen(self) -> Config:
        """What the daemon makes of it."""
        return parse_config(self.config_yaml(), CONFIG_NAME)

    def needs(self) -> str:
        """The file ``needs``: the Debian packages that source and repository ask for, one a line."""
        names = [NEEDED] if self.repository else []
        return "".join(f"{name}\n" for name in (*self.camera_needs(), *names))

    def camera_needs(self) -> list[str]:
        """The Debian packages that the configured source asks for."""
        kind = self.chosen().source.uri.split(":")[0]
        return [_NEEDED_BY_SOURCE[kind]] if kind in _NEEDED_BY_SOURCE else []

    def user_data(self) -> str:
        """The file ``user-data``; no secret is in it, since cloud-init keeps copies."""
        # cloud-init runs bootcmd at every start, so that a start which the power cut short is made up for.
        begin = [["bash", f"{BOOT_FOLDER}/{FOLDER}/{SCRIPT_NAMES[0]}"]]
        data: dict[str, Any] = {
            "hostname": self.host,
            "manage_etc_hosts": True,
            "bootcmd": [["rfkill", "unblock", "wifi"], *begin] if self.wifi else begin,
        }
        if self.login:
            data["users"] = [self.login.as_user_data()]
            data["ssh_pwauth"] = self.login.password is not None
            # Raspberry Pi OS has it and leaves it off; its own key for that, enable_ssh, is not in cloud-init's schema.
            data["runcmd"] = [["sh", "-c", "systemctl enable --now ssh.service || true"]]
        return "#cloud-config\n" + yaml.safe_dump(data, sort_keys=False)

    def network_config(self) -> str:
        """The file ``network-config``: a cable where there is one, and the wireless network with its key."""
        network: dict[str, Any] = {"version": 2, "ethernets": {"eth0": {"dhcp4": True, "optional": True}}}
        if self.wifi:
            access = {"password": self.wifi.key} if self.wifi.key else {}
            network["wifis"] = {
                "wlan0": {
                    "dhcp4": True,
                    "optional": True,
                    "regulatory-domain": self.wifi.country,
                    "access-points": {self.wifi.ssid: access},
                }
            }
        return yaml.safe_dump({"network": network}, sort_keys=False)

    def meta_data(self) -> str:
        """The file ``meta-data``: local, since no network is needed, and new to a system that was started before."""
        return yaml.safe_dump({"dsmode": "local", "instance-id": f"affectd-{self.host}-{uuid.uuid4()}"})


def scripts() -> dict[str, str]:
    """What the card runs, by the file's name."""
    return {name: Path(__file__).with_name(name).read_text(encoding="utf-8") for name in SCRIPT_NAMES}


def with_country(cmdline: str, country: str) -> str:
    """The kernel's command line with the Wi-Fi country, without which a Pi keeps its radio off."""
    words = [word for word in cmdline.split() if not word.startswith("cfg80211.ieee80211_regdom=")]
    return " ".join([*words, f"cfg80211.ieee80211_regdom={country}"]) + "\n"
