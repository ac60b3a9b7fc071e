"""``affectd-convert sign``: a detached signature, by which a device knows who made a file."""

import argparse
import getpass
import sys
import time
from pathlib import Path
from typing import Any

from converters.commands.options import say
from converters.signing import SecretKey
from device.contract.files import check_folder, write_atomically
from device.contract.minisign import SUFFIX
from device.errors import EXIT_OK


def register(verbs: Any) -> None:
    """Add this verb to the command line."""
    parser = verbs.add_parser(
        "sign",
        help="sign a model file or package, for devices that trust the key",
        description="Write FILE.minisig, which `affectd model install` and minisign verify. Needs no TensorFlow.",
    )
    parser.add_argument("file", type=Path, metavar="FILE", help="a model file, a package, any file")
    parser.add_argument("--key", type=Path, required=True, metavar="KEY", help="the secret key, of minisign -G")
    parser.add_argument("--comment", metavar="TEXT", help="is signed too (default: the file's name and the time)")
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    out = options.file.with_name(options.file.name + SUFFIX)
    check_folder(out)
    data = options.file.read_bytes()
    key = SecretKey.parse(options.key.read_text(encoding="utf-8"), _ask_password)
    comment = options.comment or f"timestamp:{time.time():.0f}\tfile:{options.file.name}\thashed"
    write_atomically(out, key.sign(data, " ".join(comment.split("\n"))).encode("utf-8"))
    say(f"wrote {out}, by the key {key.id[::-1].hex().upper()}")
    return EXIT_OK


def _ask_password() -> str:
    """From the keyboard, not shown; from the first line of stdin where that is a pipe."""
    return getpass.getpass("password of the key: ") if sys.stdin.isatty() else sys.stdin.readline().rstrip("\r\n")
