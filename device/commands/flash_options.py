"""The options of ``affectd flash``."""

import argparse
from pathlib import Path


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add all of them, in the order in which the help shows them."""
    _add_targets(parser)
    _add_configuration(parser)
    _add_network(parser)
    _add_packages(parser)
    _add_detector(parser)
    _add_login(parser)


def _add_targets(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "boot", type=Path, nargs="?", metavar="BOOT", help="where the card's boot partition (bootfs) is mounted"
    )
    parser.add_argument(
        "--out",
        type=Path,
        metavar="FOLDER",
        help="write the files into this folder instead; copy what is in it onto bootfs",
    )
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--device-id", metavar="ID", help="the sensor's id, such as hall")
    which.add_argument(
        "--fleet",
        type=Path,
        metavar="FILE.csv",
        help="several sensors, with --out: columns id, name, wifi (yes or no), source; each gets a folder in FOLDER",
    )
    parser.add_argument("--name", metavar="NAME", help="what people call it, in any script, such as Küche")


def _add_configuration(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--config", type=Path, metavar="FILE", help="a whole config.yaml; the options here replace its values"
    )
    parser.add_argument("--mqtt-host", metavar="HOST", help="the broker")
    parser.add_argument("--mqtt-port", type=int, metavar="PORT", help="default: 1883, or 8883 with --mqtt-tls")
    parser.add_argument("--mqtt-username", metavar="NAME", help="if the broker asks for a user and a password")
    parser.add_argument(
        "--mqtt-tls", action="store_true", help="encrypt; the system must know the certificate's authority"
    )
    parser.add_argument("--source", metavar="URI", help="the camera (default: picamera; 0 for USB)")
    parser.add_argument("--overlay", action="store_true", help="show on an attached display what the sensor sees")
    parser.add_argument("--page", action="store_true", help="serve a page in the browser; asks for its password")


def _add_network(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--wifi", metavar="SSID", help="the wireless network; left out: a cable")
    parser.add_argument("--wifi-country", metavar="XX", help="two letters, such as DE; needed with --wifi")
    parser.add_argument("--wifi-open", action="store_true", help="the wireless network has no passphrase")


def _add_packages(parser: argparse.ArgumentParser) -> None:
    package = parser.add_mutually_exclusive_group()
    package.add_argument(
        "--package", type=Path, metavar="FILE.deb", help="affectd's package (~deb13, arm64), copied along"
    )
    package.add_argument("--package-url", metavar="URL", help="https:// address from which the card fetches it instead")
    parser.add_argument(
        "--package-sha256", metavar="HEX", help="of the package at URL; the card installs no other package"
    )
    parser.add_argument(
        "--repository",
        metavar="URL",
        help="a signed apt repository (make repo): the device takes later versions from it by night, and the first too "
        "where no package is named",
    )
    parser.add_argument(
        "--repository-key", type=Path, metavar="FILE.gpg", help="its public key; apt takes nothing without it"
    )
    parser.add_argument(
        "--processor",
        metavar="NAME",
        help="the card's, as Debian calls it (default: arm64, which every Raspberry Pi of today has)",
    )
    parser.add_argument(
        "--with-packages",
        type=Path,
        metavar="FOLDER",
        help="Debian packages that the camera needs, copied along for a device without internet",
    )


def _add_detector(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--detector", type=Path, metavar="FILE.onnx", help="the network YuNet, which then finds faces: copied along"
    )


def _add_login(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--user", metavar="NAME", help="the user who may log in over SSH, with --ssh-key or a password")
    parser.add_argument("--ssh-key", type=Path, metavar="FILE.pub", help="this user's public key")
    parser.add_argument("--no-login", action="store_true", help="nobody may log in")
