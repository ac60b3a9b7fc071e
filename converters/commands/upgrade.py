"""``affectd-convert upgrade``: model files of an earlier affectd."""

import argparse
from pathlib import Path
from typing import Any

from converters.commands.options import say
from converters.upgrade import upgrade
from device.contract import container
from device.contract.files import check_folder, write_atomically
from device.contract.model_card import SCHEMA
from device.errors import EXIT_OK


def register(verbs: Any) -> None:
    """Add this verb to the command line."""
    parser = verbs.add_parser(
        "upgrade",
        help="bring the card of an earlier model file up to date",
        description="Bring a model file's card up to today's schema. The network does not change. Needs no TensorFlow.",
    )
    parser.add_argument("model", type=Path, metavar="MODEL.tflite", help="a model file of an earlier affectd")
    parser.add_argument("--out", type=Path, metavar="FILE", help="the file to write (default: the same file)")
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    out: Path = options.out or options.model
    check_folder(out)
    data, found = upgrade(container.read_bytes(options.model), str(options.model))
    if found == SCHEMA and out == options.model:
        say(f"{options.model} has schema {SCHEMA} already")
        return EXIT_OK
    write_atomically(out, data)
    say(f"wrote {out}: schema {found} became {SCHEMA}")
    return EXIT_OK
