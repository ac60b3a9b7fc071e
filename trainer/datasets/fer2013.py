"""Kaggle's ``fer2013.csv`` (``emotion,pixels,Usage``) and its sibling ``icml_face_data.csv``: a row per face."""

import csv
import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from device.contract.labels import EMOTIONS
from device.errors import DataError
from trainer.datasets.faces import FaceSet, Split

SIDE = 48
SPLIT_OF_USAGE: dict[str, Split] = {"Training": "train", "PublicTest": "validation", "PrivateTest": "test"}
COLUMNS = ("emotion", "pixels", "Usage")
_WHERE = "get fer2013.csv again from Kaggle's 'challenges-in-representation-learning' competition"

Progress = Callable[[int, int], None]
"""Called with how much is done, and of how much."""


def read_fer2013(path: Path, progress: Progress | None = None) -> tuple[FaceSet, NDArray[np.str_]]:
    """Read every row of the CSV.

    Returns:
        All faces in the file's order, and the split of each (``train``, ``validation``, ``test``), str (n,).

    Raises:
        DataError: naming the line, what was expected and what stands there.
    """
    images: list[NDArray[np.uint8]] = []
    labels: list[int] = []
    splits: list[str] = []
    names: list[str] = []
    for line, row in csv_rows(path, COLUMNS, progress):
        labels.append(_label(path, line, row["emotion"]))
        splits.append(_split(path, line, row["Usage"]))
        names.append(f"{path.name}:{line}")
        images.append(_pixels(path, line, row["pixels"]))
    if not images:
        raise DataError(f"{path} has a header and no rows", _WHERE)
    return FaceSet(np.stack(images), EMOTIONS, np.array(labels, np.int64), names=tuple(names)), np.array(splits)


def csv_rows(
    path: Path, columns: tuple[str, ...], progress: Progress | None = None
) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield (line number, row) of a CSV that has ``columns``; spaces around names are forgiven.

    Raises:
        DataError: when the file is missing, is no CSV, or lacks a column or a cell.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            size = path.stat().st_size
            rows = _split_lines(file)
            _, cells = next(rows, (1, []))
            header = _header(path, cells, columns)
            done = 0
            for line, row in rows:
                if len(row) != len(header):
                    raise DataError(f"{path}:{line}: expected {len(header)} cells, found {len(row)}")
                yield line, dict(zip(header, row, strict=True))
                done += sum(map(len, row)) + len(row)
                if progress is not None and done < size:
                    progress(done, size)
            if progress is not None:
                progress(size, size)
    except (UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path} is not a CSV file ({error})") from error
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}", "check the path given") from error


def _header(path: Path, cells: list[str], columns: tuple[str, ...]) -> list[str]:
    header = [name.strip() for name in cells]
    missing = [name for name in columns if name not in header]
    if missing:
        found = ", ".join(header[:12]) or "nothing"
        raise DataError(f"{path}:1: the columns {', '.join(missing)} are missing; found {found}")
    return header


def _split_lines(lines: Iterator[str]) -> Iterator[tuple[int, list[str]]]:
    """Yield (line number, cells); the general reader, five times slower, takes over at the first quote."""
    for number, text in enumerate(lines, 1):
        if '"' in text:
            csv.field_size_limit(sys.maxsize)
            reader = csv.reader(_chain(text, lines))
            for row in reader:
                if row:
                    yield number - 1 + reader.line_num, row
            return
        if text.strip():
            if "\0" in text:
                raise csv.Error("line contains NUL")
            yield number, text.rstrip("\r\n").split(",")


def _chain(first: str, rest: Iterator[str]) -> Iterator[str]:
    yield first
    yield from rest


def _label(path: Path, line: int, text: str) -> int:
    if text.strip().isdigit() and int(text) < len(EMOTIONS):
        return int(text)
    named = ", ".join(f"{index} {name}" for index, name in enumerate(EMOTIONS))
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
