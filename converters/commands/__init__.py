"""``affectd-convert``: one file a verb."""

import argparse
import sys
from collections.abc import Sequence

from converters.commands import compare, edgetpu, inspect, onnx, tflite, upgrade, verify
from device.errors import EXIT_USAGE, run_command

_VERBS = (tflite, verify, compare, inspect, edgetpu, onnx, upgrade)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    parser = argparse.ArgumentParser(prog="affectd-convert", description="Turn trained networks into model files.")
    verbs = parser.add_subparsers(metavar="COMMAND")
    for verb in _VERBS:
        verb.register(verbs)
    options = parser.parse_args(arguments)
    if not hasattr(options, "run"):
        parser.print_help(sys.stderr)
        return EXIT_USAGE
    return run_command("affectd-convert", lambda: options.run(options))
