"""``affectd-train``: one file a verb."""

import os
from collections.abc import Sequence

from device.cli import run_program
from trainer.commands import card, data, evaluate, fit, predict, recipes, stress

_VERBS = (data, recipes, fit, evaluate, stress, predict, card)
COMMAND_LINE = ("affectd-train", "Train emotion models for affectd.", _VERBS)
"""What it is called, what it is for, and its verbs."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    # TensorFlow's start-up notes are no news to a user; its errors are.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    return run_program(*COMMAND_LINE, arguments)
