"""``affectd flash``: prepares a card so that a Raspberry Pi becomes a sensor at its first boot."""

import argparse
import getpass
import sys
from pathlib import Path
from typing import Any

from device.errors import EXIT_OK, UsageError


def register(verbs: Any) -> None:
    """Add this verb to the command line."""
    parser = verbs.add_parser(
        "flash",
        help="prepare a card: Raspberry Pi OS on it becomes a sensor at its first boot",
        description="Writes cloud-init's files onto the boot partition of a card that holds Raspberry Pi OS (64-bit, "
        "October 2025 or later). Every secret is asked for, and none is shown.",
    )
    parser.add_argument("boot", type=Path, metavar="BOOT", help="where the card's boot partition (bootfs) is mounted")
    parser.add_argument("--device-id", required=True, metavar="ID", help="the sensor's name, such as hall")
    parser.add_argument("--mqtt-host", required=True, metavar="HOST", help="the broker")
    parser.add_argument("--mqtt-port", type=int, metavar="PORT", help="default: 1883, or 8883 with --mqtt-tls")
    parser.add_argument(
        "--mqtt-username", metavar="NAME", help="where the broker asks for one; then for a password too"
    )
    parser.add_argument("--mqtt-tls", action="store_true", help="encrypt, by an authority that the system knows")
    parser.add_argument("--source", default="picamera", metavar="URI", help="the camera (default: picamera; 0 for USB)")
    parser.add_argument("--wifi", metavar="SSID", help="the wireless network; left out: a cable")
    parser.add_argument("--wifi-country", metavar="XX", help="two letters, such as DE; needed with --wifi")
    parser.add_argument("--wifi-open", action="store_true", help="the wireless network has no passphrase")
    package = parser.add_mutually_exclusive_group(required=True)
    package.add_argument(
        "--package", type=Path, metavar="FILE.deb", help="affectd's package (~deb13, arm64), copied along"
    )
    package.add_argument("--package-url", metavar="URL", help="https:// address to fetch it from instead")
    parser.add_argument("--user", metavar="NAME", help="who may log in over SSH; left out: nobody")
    parser.add_argument("--ssh-key", type=Path, metavar="FILE.pub", help="this user's public key")
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    from device.tools.flash.boot_files import BootPlan
    from device.tools.flash.write import write_boot_files

    if options.package_url and not options.package_url.startswith("https://"):
        raise UsageError(f"--package-url {options.package_url!r} is no https:// address")
    wifi = _wifi(options)
    mqtt_password = _ask(f"MQTT password of {options.mqtt_username}") if options.mqtt_username else None
    plan = BootPlan(
        config=_config(options),
        wifi=wifi,
        user=options.user,
        ssh_key=_ssh_key(options),
    )
    package = options.package or options.package_url
    for path in write_boot_files(plan, options.boot, package=package, mqtt_password=mqtt_password):
        print(f"written: {path}")
    print("unmount the card, put it into the Pi and power it on; the sensor is there after a few minutes")
    if wifi or mqtt_password:
        print("until that first boot the card holds secrets that every computer can read")
    return EXIT_OK


def _config(options: argparse.Namespace) -> dict[str, dict[str, Any]]:
    from device.config import parse_config

    mqtt: dict[str, Any] = {"host": options.mqtt_host}
    port = options.mqtt_port or (8883 if options.mqtt_tls else None)
    mqtt |= {"port": port} if port else {}
    mqtt |= {"username": options.mqtt_username} if options.mqtt_username else {}
    mqtt |= {"tls": True} if options.mqtt_tls else {}
    config = {"device": {"id": options.device_id}, "source": {"uri": options.source}, "mqtt": mqtt}
    import yaml

    parse_config(yaml.safe_dump(config, sort_keys=False), "the configuration of these options")
    return config


def _wifi(options: argparse.Namespace) -> Any:
    from device.tools.flash.boot_files import Wifi

    if options.wifi is None:
        return None
    if options.wifi_country is None:
        raise UsageError(
            "--wifi needs --wifi-country, for the radio stays off without it", "add --wifi-country DE, say"
        )
    passphrase = None if options.wifi_open else _ask(f"passphrase of the Wi-Fi {options.wifi}")
    return Wifi(options.wifi, options.wifi_country.upper(), passphrase)


def _ssh_key(options: argparse.Namespace) -> str | None:
    if options.ssh_key is None:
        return None
    text = options.ssh_key.read_text(encoding="utf-8").strip()
    if "PRIVATE KEY" in text or not text.startswith(("ssh-", "ecdsa-", "sk-")) or "\n" in text:
        raise UsageError(f"--ssh-key {options.ssh_key} is no public key", "name the file that ends in .pub")
    return str(text)


def _ask(what: str) -> str:
    """A secret from the keyboard, not shown; from the first line of stdin where that is a pipe."""
    answer = getpass.getpass(f"{what}: ") if sys.stdin.isatty() else sys.stdin.readline().rstrip("\r\n")
    if not answer:
        raise UsageError(f"no {what} was given", "type it when asked")
    return answer
