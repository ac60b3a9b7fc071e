"""``affectd flash``: prepares a card so that a Raspberry Pi becomes a sensor at its first boot."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from device import __version__
from device.commands.flash_options import add_options
from device.errors import EXIT_OK, UsageError

if TYPE_CHECKING:
    from device.tools.flash.boot_files import BootPlan, Wifi
    from device.tools.flash.fleet import FleetDevice
    from device.tools.flash.login import Login
    from device.tools.flash.repository import Repository

_SECRETS = (
    "AFFECTD_FLASH_WIFI_PASSPHRASE, AFFECTD_FLASH_MQTT_PASSWORD, AFFECTD_FLASH_PAGE_PASSWORD and "
    "AFFECTD_FLASH_LOGIN_PASSWORD"
)
_STANDS_FOR_ONE = "12345678"


def register(verbs: Any) -> None:
    """Add this verb to the command line."""
    parser = verbs.add_parser(
        "flash",
        help="prepare a card: Raspberry Pi OS on it becomes a sensor at its first boot",
        description="Write cloud-init's files onto the boot partition of a card with Raspberry Pi OS Lite "
        "(64-bit, October 2025 or later). Runs on Linux, macOS and Windows. All arguments are checked first. "
        f"Secrets come from the environment ({_SECRETS}). The command asks for those that are missing, and shows none.",
    )
    add_options(parser)
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    from device.detect.networkfile import read_known_network
    from device.tools.flash.login import read_public_key
    from device.tools.flash.packages import PROCESSOR, Packages, find_packages
    from device.tools.flash.secret_input import ask_secret
    from device.tools.flash.write import require_boot_partition, write_cards

    _refuse_what_says_nothing(options)
    targets = _targets(options)
    packages = Packages(
        options.package or options.package_url,
        find_packages(options.with_packages) if options.with_packages else (),
        read_known_network(options.detector) if options.detector else None,
        options.package_sha256,
        options.processor or PROCESSOR,
    )
    repository = _repository(options)
    values = [_values(options, device) for device, _ in targets]
    _wifi(options, passphrase=_STANDS_FOR_ONE)  # all the rest is checked before anybody types a passphrase
    if options.out is None:
        require_boot_partition(options.boot)
    text = _config_text(options)
    plans = [_plan(one, text, repository=repository) for one in values]
    key = read_public_key(options.ssh_key) if options.ssh_key else None
    user = _user(options)
    for warning in _warnings(options, plans):
        print(f"note: {warning}", file=sys.stderr)
    wifi = _wifi(options, None if options.wifi is None or options.wifi_open else _ask_passphrase(options.wifi))
    mqtt_password = None
    if username := _broker_user(plans):
        mqtt_password = ask_secret(f"MQTT password of {username}", "AFFECTD_FLASH_MQTT_PASSWORD")
    page_verifier = _ask_page_password() if options.page else None
    login = _login(user, key)
    cards = {
        folder: _plan(one, text, None if device.wifi is False else wifi, login, repository)
        for (device, folder), one in zip(targets, values, strict=True)
    }
    for path in write_cards(cards, packages=packages, mqtt_password=mqtt_password, page_verifier=page_verifier):
        print(f"written: {path}")
    _tell_end(options, secret=bool(wifi or mqtt_password or (login and login.password)))
    return EXIT_OK


def _refuse_what_says_nothing(options: argparse.Namespace) -> None:
    """An option that is empty, or that goes with one that is not there. Raises UsageError."""
    for name, value in vars(options).items():
        if value == "" and name != "wifi":  # whose own check says how long a name is
            raise UsageError(f"--{name.replace('_', '-')} is empty", "give it a value, or leave it out")
    for option, given in (("--wifi-country", options.wifi_country), ("--wifi-open", options.wifi_open)):
        if given and options.wifi is None:
            raise UsageError(f"{option} goes with --wifi", "name the network")
    if not (options.package or options.package_url or options.repository):
        raise UsageError("--package, --package-url or --repository is expected", "name where affectd comes from")
    if options.package_sha256 and not options.package_url:
        raise UsageError("--package-sha256 goes with --package-url", "a package that is copied along needs none")


def _targets(options: argparse.Namespace) -> list[tuple["FleetDevice", Path]]:
    """Every device with the folder that it is written to. Raises UsageError, StorageError."""
    from device.tools.flash.fleet import FleetDevice, read_fleet
    from device.tools.flash.write import require_place

    if (options.boot is None) == (options.out is None):
        raise UsageError("BOOT or --out FOLDER is expected, one of them", "BOOT is where the card's bootfs is mounted")
    if options.fleet is None:
        if not options.device_id:
            raise UsageError("--device-id is missing", "give the sensor a name, such as --device-id hall")
        devices = [FleetDevice(options.device_id, options.name or "")]
    elif options.out is None or options.name:
        raise UsageError("--fleet goes with --out FOLDER and without --name", "each device gets a folder in FOLDER")
    else:
        devices = read_fleet(options.fleet)
    if options.out is None:
        return [(devices[0], options.boot)]
    folders = [options.out / device.id if options.fleet else options.out for device in devices]
    for device, folder in zip(devices, folders, strict=True):
        _plan({"device": {"id": device.id}}, None)  # an id may make no folder's name
        require_place(folder)
    return list(zip(devices, folders, strict=True))


def _values(options: argparse.Namespace, device: "FleetDevice") -> dict[str, dict[str, Any]]:
    """What the options say, by section; where a whole configuration is given, only what was named."""
    if options.config is None and not options.mqtt_host:
        raise UsageError("--mqtt-host is missing", "name the broker, or give a whole --config")
    source = device.source or options.source or (None if options.config else "picamera")
    port: int | None = options.mqtt_port
    if port is None and options.mqtt_tls:
        port = 8883
    sections: dict[str, dict[str, Any]] = {
        "device": {"id": device.id, "name": device.name},
        "source": {"uri": source},
        "mqtt": {
            "host": options.mqtt_host,
            "port": port,
            "username": options.mqtt_username,
            "tls": True if options.mqtt_tls else None,
        },
        "overlay": {"enabled": True if options.overlay else None},
        "page": {"enabled": True if options.page else None},
    }
    given = {
        name: {key: value for key, value in keys.items() if value not in {None, ""}} for name, keys in sections.items()
    }
    return {name: keys for name, keys in given.items() if keys}


def _plan(
    values: dict[str, dict[str, Any]],
    text: str | None,
    wifi: "Wifi | None" = None,
    login: "Login | None" = None,
    repository: "Repository | None" = None,
) -> "BootPlan":
    from device.config import parse_config
    from device.tools.flash.boot_files import BootPlan

    import yaml  # isort: skip

    parse_config(yaml.safe_dump(values, sort_keys=False, allow_unicode=True), "the configuration of these options")
    plan = BootPlan(values, wifi, login, text, repository)
    plan.needs()
    return plan


def _repository(options: argparse.Namespace) -> "Repository | None":
    from device.tools.flash.repository import Repository, read_key

    if (options.repository is None) != (options.repository_key is None):
        raise UsageError(
            "--repository goes with --repository-key, and the key with it",
            "`make repo` puts affectd-archive-keyring.gpg beside the packages",
        )
    return Repository(options.repository, read_key(options.repository_key)) if options.repository else None


def _config_text(options: argparse.Namespace) -> str | None:
    from device.config import load_config

    if options.config is None:
        return None
    load_config(options.config)
    return str(options.config.read_text(encoding="utf-8"))


def _wifi(options: argparse.Namespace, passphrase: str | None) -> "Wifi | None":
    from device.tools.flash.boot_files import Wifi

    if options.wifi is None:
        return None
    if options.wifi_country is None:
        raise UsageError("--wifi needs --wifi-country, for the radio stays off without it", "add it, such as DE")
    return Wifi(options.wifi, options.wifi_country.upper(), None if options.wifi_open else passphrase)


def _ask_passphrase(ssid: str) -> str:
    from device.tools.flash.secret_input import ask_secret

    return ask_secret(f"passphrase of the Wi-Fi {ssid}", "AFFECTD_FLASH_WIFI_PASSPHRASE")


def _user(options: argparse.Namespace) -> str | None:
    """Who may log in; asked for where the command does not say. Raises UsageError."""
    from device.tools.flash.login import Login

    if options.no_login:
        if options.user or options.ssh_key:
            raise UsageError("--no-login contradicts --user and --ssh-key", "leave one of them out")
        return None
    user: str | None = options.user
    if user is None and sys.stdin.isatty():
        user = input("name for logging in over SSH (Enter for nobody): ").strip() or None
    elif user is None:
        raise UsageError("nobody could log in", "give --user NAME, or say --no-login")
    if user is not None:
        Login(user, password=_STANDS_FOR_ONE)
    return user


def _ask_page_password() -> str:
    """What the page's password is checked with: the card never holds the password itself. Raises UsageError."""
    from device.page.password import Verifier
    from device.tools.flash.secret_input import ask_secret

    return str(Verifier.of(ask_secret("password of the page", "AFFECTD_FLASH_PAGE_PASSWORD")))


def _login(user: str | None, key: str | None) -> "Login | None":
    from device.tools.flash.login import Login
    from device.tools.flash.secret_input import ask_secret

    if user is None:
        return None
    if key:
        return Login(user, ssh_key=key)
    return Login(user, password=ask_secret(f"login password of {user}", "AFFECTD_FLASH_LOGIN_PASSWORD"))


def _broker_user(plans: list["BootPlan"]) -> str | None:
    """Whose password the broker will ask for, be it by an option or by a whole configuration that names no file."""
    settings = [plan.chosen().mqtt for plan in plans]
    return next((mqtt.username for mqtt in settings if mqtt.username and mqtt.password_file is None), None)


def _warnings(options: argparse.Namespace, plans: list["BootPlan"]) -> list[str]:
    """What will be written and may still not be what is meant."""
    from device.tools.flash.packages import version_of

    chosen = [plan.chosen() for plan in plans]
    warnings = []
    if any(config.mqtt.is_local for config in chosen):
        warnings.append("--mqtt-host is the sensor itself, and no broker is installed on it")
    needed = sorted({name for plan in plans for name in plan.needs().split()})
    if needed and options.with_packages is None:
        names = " and ".join(needed)
        warnings.append(f"the first boot needs the internet, to install {names}; else see --with-packages")
    if _broker_user(plans) and not all(config.mqtt.tls for config in chosen):
        warnings.append("the broker's password goes over the network as it is; --mqtt-tls encrypts it")
    version = version_of(options.package) if options.package else None
    if version and version != __version__:
        warnings.append(f"the package is {version}, and this command {__version__}: it may not know all that is set")
    if options.package is None and options.wifi is None:
        warnings.append("the package is fetched over a cable, for no --wifi is named")
    return warnings


def _tell_end(options: argparse.Namespace, *, secret: bool) -> None:
    if options.out is None:
        print("unmount the card, put it into the Pi and power it on; the sensor is there after a few minutes")
    else:
        folder = options.out / "ID" if options.fleet else options.out
        print(f"copy what is in {folder} onto the card's boot partition (bootfs), and overwrite what is there")
    if secret:
        print("until that first boot the card holds secrets that every computer can read")
