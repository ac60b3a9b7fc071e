"""Kaggle's ``fer2013.csv``: a row per face, ``emotion,pixels,Usage``."""

import csv
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from device.contract.labels import EMOTIONS
from device.errors import DataError
from trainer.datasets.faces import FaceSet, Split

SIDE = 48
SPLIT_OF_USAGE: dict[str, Split] = {"Training": "train", "PublicTest": "validation", "PrivateTest": "test"}
_COLUMNS = ("emotion", "pixels", "Usage")
_WHERE = "get fer2013.csv again from Kaggle's 'challenges-in-representation-learning' competition"


def read_fer2013(path: Path) -> tuple[FaceSet, NDArray[np.str_]]:
    """Read every row of the CSV.

    Returns:
        All faces in the file's order, and the split of each (``train``, ``validation``, ``test``), str (n,).

    Raises:
        DataError: naming the line, what was expected and what stands there.
    """
    images: list[NDArray[np.uint8]] = []
    labels: list[int] = []
    splits: list[str] = []
    for line, row in csv_rows(path, _COLUMNS):
        labels.append(_label(path, line, row["emotion"]))
        images.append(_pixels(path, line, row["pixels"]))
        splits.append(_split(path, line, row["Usage"]))
    if not images:
        raise DataError(f"{path} has a header and no rows", _WHERE)
    stacked = np.stack(images).reshape(-1, SIDE, SIDE, 1)
    return FaceSet(stacked, EMOTIONS, np.array(labels, np.int64)), np.array(splits)


def csv_rows(path: Path, columns: tuple[str, ...]) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield (line number, row) of a CSV that has ``columns``; spaces around names are forgiven.

    Raises:
        DataError: when the file is missing, is no CSV, or lacks a column or a cell.
    """
    csv.field_size_limit(sys.maxsize)
    try:
        with path.open(newline="", encoding="utf-8") as file:
            reader = csv.reader(file)
            header = [name.strip() for name in next(reader, [])]
            missing = [name for name in columns if name not in header]
            if missing:
                found = ", ".join(header[:12]) or "nothing"
                raise DataError(f"{path}:1: the columns {', '.join(missing)} are missing; found {found}")
            for row in reader:
                if len(row) != len(header):
                    raise DataError(f"{path}:{reader.line_num}: expected {len(header)} cells, found {len(row)}")
                yield reader.line_num, dict(zip(header, row, strict=True))
    except (UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path} is not a CSV file ({error})") from error
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}", "check the path given") from error


def _label(path: Path, line: int, text: str) -> int:
    if text.strip().isdigit() and int(text) < len(EMOTIONS):
        return int(text)
    named = ", ".join(f"{index} {name}" for index, name in enumerate(EMOTIONS))
    raise DataError(f"{path}:{line}: emotion is {text!r}, expected one of {named}", _WHERE)


def _pixels(path: Path, line: int, text: str) -> NDArray[np.uint8]:
    try:
        values = np.array(text.split(), dtype=np.int64)
    except (ValueError, OverflowError) as error:
        raise DataError(f"{path}:{line}: pixels are not whole numbers ({error})", _WHERE) from error
    if len(values) != SIDE * SIDE:
        raise DataError(f"{path}:{line}: expected {SIDE * SIDE} pixels (48 x 48), found {len(values)}", _WHERE)
    if values.min() < 0 or values.max() > 255:
        raise DataError(f"{path}:{line}: pixels lie between 0 and 255, found {values.min()} to {values.max()}", _WHERE)
    return values.astype(np.uint8)


def _split(path: Path, line: int, text: str) -> Split:
    try:
        return SPLIT_OF_USAGE[text.strip()]
    except KeyError:
        raise DataError(
            f"{path}:{line}: Usage is {text!r}, expected one of {', '.join(SPLIT_OF_USAGE)}", _WHERE
        ) from None
