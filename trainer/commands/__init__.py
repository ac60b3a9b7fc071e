"""``affectd-train``: one file a verb."""

import argparse
import os
import sys

from device.errors import EXIT_USAGE, run_command
from trainer.commands import card, data, evaluate, fit, predict, recipes, stress

_VERBS = (data, recipes, fit, evaluate, stress, predict, card)


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    # TensorFlow's start-up notes are no news to a user; its errors are.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    parser = argparse.ArgumentParser(prog="affectd-train", description="Train emotion models for affectd.")
    verbs = parser.add_subparsers(metavar="COMMAND")
    for verb in _VERBS:
        verb.register(verbs)
    options = parser.parse_args(arguments)
    if not hasattr(options, "run"):
        parser.print_help(sys.stderr)
        return EXIT_USAGE
    return run_command("affectd-train", lambda: options.run(options))
