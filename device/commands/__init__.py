"""``affectd``: one file a verb."""

import argparse
import sys

from device import __version__
from device.commands import aim, check, demo, doctor, flash, homeassistant, model, pause, run, schema, snapshot, watch
from device.errors import EXIT_USAGE, run_command

_VERBS = (run, check, doctor, aim, watch, pause, snapshot, model, flash, homeassistant, schema, demo)


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    parser = argparse.ArgumentParser(prog="affectd", description="An emotion sensor: camera in, MQTT out.")
    parser.add_argument("--version", action="version", version=f"affectd {__version__}")
    verbs = parser.add_subparsers(metavar="COMMAND")
    for verb in _VERBS:
        verb.register(verbs)
    options = parser.parse_args(arguments)
    if not hasattr(options, "run"):
        parser.print_help(sys.stderr)
        return EXIT_USAGE
    return run_command("affectd", lambda: options.run(options))
