"""Kaggle's ``fer2013.csv`` (``emotion,pixels,Usage``) and its sibling ``icml_face_data.csv``: a row per face."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from device.errors import DataError
from trainer.datasets.codes import CODES
from trainer.datasets.faces import Split
from trainer.datasets.rows import Progress, csv_rows

SIDE = 48
SPLIT_OF_USAGE: dict[str, Split] = {"Training": "train", "PublicTest": "validation", "PrivateTest": "test"}
COLUMNS = ("emotion", "pixels", "Usage")
_WHERE = "get fer2013.csv again from Kaggle's 'challenges-in-representation-learning' competition"


@dataclass(frozen=True, slots=True, eq=False)
class Fer2013:
    """The rows, in the file's order.

    Attributes:
        images: uint8 (n, 48, 48, 1).
        classes: each face's class by its name, str (n,).
        splits: each face's split, str (n,).
        names: ``fer2013.csv:2`` and so on, by line.
        coded: whether the column ``emotion`` holds codes, not words.
    """

    images: NDArray[np.uint8]
    classes: NDArray[np.str_]
    splits: NDArray[np.str_]
    names: tuple[str, ...]
    coded: bool


def read_fer2013(path: Path, codes: Sequence[str] | None = None, progress: Progress | None = None) -> Fer2013:
    """Read every row; ``codes`` says what 0, 1, … mean where it is not FER-2013's order.

    Raises:
        DataError: naming the line, what was expected and what stands there.
    """
    known = tuple(codes or CODES)
    images: list[NDArray[np.uint8]] = []
    classes: list[str] = []
    splits: list[str] = []
    names: list[str] = []
    coded = False
    for line, row in csv_rows(path, COLUMNS, progress):
        text = row["emotion"].strip()
        coded = coded or text.lstrip("-").isdigit()
        classes.append(_class(path, line, text, known))
        splits.append(_split(path, line, row["Usage"]))
        names.append(f"{path.name}:{line}")
        images.append(_pixels(path, line, row["pixels"]))
    if not images:
        raise DataError(f"{path} has a header and no rows", _WHERE)
    return Fer2013(np.stack(images), np.array(classes), np.array(splits), tuple(names), coded)


def _class(path: Path, line: int, text: str, codes: tuple[str, ...]) -> str:
    if text.isdigit() and int(text) < len(codes):
        return codes[int(text)]
    if text and not text.lstrip("-").replace(".", "", 1).isdigit():
        return text  # a word, which the recipe's classes are to know
    named = ", ".join(f"{index} {name}" for index, name in enumerate(codes))
    raise DataError(f"{path}:{line}: emotion is {text!r}, expected one of {named}", _WHERE)


def _pixels(path: Path, line: int, text: str) -> NDArray[np.uint8]:
    """One row's pixels, uint8 (48, 48, 1)."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", DeprecationWarning)  # NumPy 1 only warns of what is no number
            values = np.fromstring(text, np.int64, sep=" ")
    except (ValueError, DeprecationWarning) as error:
        raise DataError(f"{path}:{line}: pixels are not whole numbers ({error})", _WHERE) from error
    if len(values) != SIDE * SIDE:
        raise DataError(f"{path}:{line}: expected {SIDE * SIDE} pixels (48 x 48), found {len(values)}", _WHERE)
    if values.min() < 0 or values.max() > 255:
        raise DataError(f"{path}:{line}: pixels lie between 0 and 255, found {values.min()} to {values.max()}", _WHERE)
    return values.astype(np.uint8).reshape(SIDE, SIDE, 1)


def _split(path: Path, line: int, text: str) -> Split:
    try:
        return SPLIT_OF_USAGE[text.strip()]
    except KeyError:
        raise DataError(
            f"{path}:{line}: Usage is {text!r}, expected one of {', '.join(SPLIT_OF_USAGE)}", _WHERE
        ) from None
