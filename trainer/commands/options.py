"""Options that the verbs share which hold a model against faces."""

import argparse
from pathlib import Path
from typing import Any

from device.errors import UsageError


def add_model_and_data(parser: Any, limit_help: str) -> None:
    """Add the model, the data set, people's votes, and a limit to how many faces are taken."""
    parser.add_argument("model", type=Path, metavar="MODEL", help="a .keras or .tflite file, or a training's folder")
    parser.add_argument("data", type=Path, metavar="DATA", help="the data set, as for `affectd-train fit`")
    parser.add_argument("--ferplus", type=Path, metavar="CSV", help="FER+'s fer2013new.csv: people's votes")
    parser.add_argument("--limit", type=int, metavar="N", help=limit_help)


def check_limit(options: argparse.Namespace) -> None:
    """Raises UsageError where ``--limit`` leaves no face."""
    if options.limit is not None and options.limit < 1:
        raise UsageError(f"--limit wants at least 1 face, not {options.limit}")
