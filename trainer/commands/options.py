"""Options that verbs share."""

import argparse
from pathlib import Path
from typing import Any

from device.errors import UsageError


def add_model_and_data(parser: Any, limit_help: str) -> None:
    """Add the model, the data set, people's votes, and a limit to how many faces are taken."""
    add_model(parser)
    parser.add_argument("data", type=Path, metavar="DATA", help="the data set, as for `affectd-train fit`")
    add_reading(parser)
    parser.add_argument("--limit", type=int, metavar="N", help=limit_help)


def add_model(parser: Any) -> None:
    """Add the model, and what describes one that does not describe itself."""
    parser.add_argument(
        "model",
        type=Path,
        metavar="MODEL",
        help="a training's folder, a .keras or .tflite file, or somebody else's .tflite, .onnx, .keras or .h5",
    )
    parser.add_argument(
        "--describe",
        type=Path,
        metavar="YAML",
        help="labels and input of somebody else's model (default: the YAML of its name beside it)",
    )


def add_reading(parser: Any) -> None:
    """Add how a data set is to be read, where it does not say so itself."""
    parser.add_argument(
        "--ferplus", type=Path, metavar="CSV", help="FER+'s fer2013new.csv: people's votes, joined by row"
    )
    parser.add_argument(
        "--codes", metavar="NAME,NAME", help="what the codes 0, 1, … mean, where it is not FER-2013's order"
    )
    parser.add_argument(
        "--find-faces", action="store_true", help="the pictures are photographs: crop the largest face of each"
    )


def add_person(parser: Any) -> None:
    """Add who is shown, where a column says it."""
    parser.add_argument(
        "--person", metavar="COLUMN", help="of a CSV of paths: who is shown, so that none is in two splits"
    )


def add_changes(parser: Any) -> None:
    """Add what is to be other than a recipe says."""
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        dest="changes",
        metavar="KEY=VALUE",
        help="instead of the recipe's value, as in optimizer.learning_rate=0.05; may be given again",
    )


def codes_of(options: argparse.Namespace) -> tuple[str, ...] | None:
    """The names in ``--codes``; None without it. Raises UsageError for fewer than two."""
    if options.codes is None:
        return None
    names = tuple(name.strip() for name in options.codes.split(",") if name.strip())
    if len(names) < 2 or len(set(names)) < len(names):
        raise UsageError(
            f"--codes names each code once, in order, not {options.codes!r}", "as in --codes angry,happy,sad"
        )
    return names


def check_limit(options: argparse.Namespace) -> None:
    """Raises UsageError where ``--limit`` leaves no face."""
    if options.limit is not None and options.limit < 1:
        raise UsageError(f"--limit wants at least 1 face, not {options.limit}")
