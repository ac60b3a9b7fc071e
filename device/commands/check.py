"""``affectd check``: whether a configuration and its model are fit to run."""

import argparse
from typing import Any

from device.commands.options import add_config_option
from device.errors import EXIT_OK


def register(verbs: Any) -> None:
    """Add this verb to the command line."""
    parser = verbs.add_parser("check", help="check a configuration and its model, and say what is wrong")
    add_config_option(parser)
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    from device.config import load_config
    from device.preflight import try_out

    config = load_config(options.config)
    print(f"ok: configuration {options.config} of device {config.device.resolved_id}")
    for sound in try_out(config):
        print(f"ok: {sound}", flush=True)
    return EXIT_OK
