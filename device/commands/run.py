"""``affectd run``: the daemon."""

import argparse
from typing import Any

from device.commands.options import add_config_option


def register(verbs: Any) -> None:
    """Add this verb to the command line."""
    parser = verbs.add_parser("run", help="watch a camera and publish emotion events until told to stop")
    add_config_option(parser)
    parser.add_argument(
        "--source", metavar="URI", help="instead of the configuration's: a camera, stream, file or folder"
    )
    parser.add_argument(
        "--overlay",
        action="store_true",
        help="show what is seen on an attached display; h at the display tells the keys",
    )
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    # Not at the top: the other verbs need none of OpenCV and the interpreter behind these.
    from device.app import run
    from device.config import load_config, with_overlay, with_source
    from device.log import set_up_logging

    config = load_config(options.config)
    if options.source is not None:
        config = with_source(config, options.source)
    if options.overlay:
        config = with_overlay(config)
    set_up_logging(config.log.level)
    return run(config)
