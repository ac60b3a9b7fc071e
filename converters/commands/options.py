"""Options that several verbs share, and how they print."""

import argparse
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from converters.trained import LabelledFaces, read_faces
from converters.verify import Parity, Thresholds
from device.contract.preprocess import InputSpec

_THRESHOLDS = {
    "max_accuracy_loss": "largest fall of the share of faces that are named right",
    "min_agreement": "least share of faces to which both give the same name",
    "max_mean_difference": "largest mean difference of a score",
    "max_difference": "largest difference of a single score",
}


def add_threshold_options(parser: Any, defaults: str) -> None:
    """Add an option for each of ``Thresholds``; ``defaults`` says in words what holds where one is not given."""
    group = parser.add_argument_group("the gate", defaults)
    for name, what in _THRESHOLDS.items():
        group.add_argument(f"--{name.replace('_', '-')}", type=_share, metavar="SHARE", help=what)


def thresholds_of(options: argparse.Namespace, defaults: Thresholds) -> Thresholds:
    """``defaults`` but for what the command line says."""
    given = {field.name: getattr(options, field.name) for field in fields(Thresholds)}
    return replace(defaults, **{name: value for name, value in given.items() if value is not None})


def in_words(thresholds: Thresholds) -> str:
    """The defaults in words, for ``--help``."""
    return ", ".join(
        f"{field.name.replace('_', '-')} {getattr(thresholds, field.name):g}" for field in fields(Thresholds)
    )


def read_check_faces(path: Path, spec: InputSpec, labels: int) -> LabelledFaces:
    """The faces of an ``.npz``, or of ``check.npz`` in a folder. Raises DataError."""
    return read_faces(path / "check.npz" if path.is_dir() else path, spec, labels)


def print_parity(parity: Parity, labels: tuple[str, ...], first: str, second: str) -> None:
    """A table of what both networks said; ``first`` and ``second`` are what they are called."""
    rows = [
        ("agreement", f"{parity.agreement:.2%} of {parity.faces} faces"),
        ("difference of a score", f"{parity.mean_difference:.2g} in the mean, {parity.largest_difference:.2g} at most"),
    ]
    if parity.reference_accuracy is not None and parity.converted_accuracy is not None:
        rows.insert(0, (f"accuracy, {first}", f"{parity.reference_accuracy:.2%} of {parity.labelled} faces"))
        rows.insert(1, (f"accuracy, {second}", f"{parity.converted_accuracy:.2%}"))
    print_rows(rows)
    if parity.by_label:
        say(f"  {'label':<14}{'faces':>6}{'recall, ' + first:>18}{'recall, ' + second:>18}{'agreement':>12}")
    for index, one in parity.by_label.items():
        recalls = f"{one.reference_recall:>18.2%}{one.converted_recall:>18.2%}"
        say(f"  {labels[index]:<14}{one.faces:>6}{recalls}{one.agreement:>12.2%}")


def print_rows(rows: list[tuple[str, str]]) -> None:
    """Names and what belongs to them, in two columns."""
    for name, value in rows:
        say(f"  {name:<28}{value}")


def say(line: str) -> None:
    """One line on standard output, at once."""
    print(line, flush=True)


def _share(text: str) -> float:
    value = float(text)
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"a share lies between 0 and 1, not {text}")
    return value
