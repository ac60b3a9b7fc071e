"""FER+: ten people's votes on each face of FER-2013, ``fer2013new.csv``, joined by row.

Barsoum, Zhang, Canton Ferrer, Zhang: "Training Deep Networks for Facial Expression Recognition with Crowd-Sourced Label
Distribution", ICMI 2016.
"""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from device.errors import DataError
from trainer.datasets.classes import ClassMap
from trainer.datasets.fer2013 import SPLIT_OF_USAGE
from trainer.datasets.rows import csv_rows

COLUMN_OF_EMOTION = {
    "angry": "anger",
    "disgust": "disgust",
    "fear": "fear",
    "happy": "happiness",
    "sad": "sadness",
    "surprise": "surprise",
    "neutral": "neutral",
}
EMOTION_COLUMNS = tuple(COLUMN_OF_EMOTION.values())
OTHER_COLUMNS = ("contempt", "unknown", "NF")
"""Votes for a further emotion, for none that can be recognised, and for "not a face"."""
VOTE_COLUMNS = (
    "neutral", "happiness", "surprise", "sadness", "anger", "disgust", "fear", *OTHER_COLUMNS
)  # fmt: skip
"""In the file's order."""
_WHERE = "use fer2013new.csv of microsoft/FERPlus, whose rows stand in the order of fer2013.csv"


def read_votes(path: Path, splits: NDArray[np.str_]) -> dict[str, NDArray[np.float32]]:
    """Read the votes for faces whose splits, in order, are ``splits``.

    Returns:
        Each column's name to counts of votes, float32 (n,).

    Raises:
        DataError: when the rows do not match the faces', or a count is none.
    """
    columns = (*EMOTION_COLUMNS, *OTHER_COLUMNS)
    counts = _read(path, columns, EMOTION_COLUMNS, splits)
    return {column: counts[:, index] for index, column in enumerate(columns)}


def votes_on_labels(votes: Mapping[str, NDArray[np.float32]], classes: ClassMap) -> NDArray[np.float32]:
    """Sum the columns that mean one label; columns that mean none are left out. float32 (n, labels)."""
    count = len(next(iter(votes.values())))
    summed = np.zeros((count, len(classes.labels)), np.float32)
    for column, counts in votes.items():
        index = classes.index_of.get(column.casefold())
        if index is not None:
            summed[:, index] += counts
    return summed


def _read(
    path: Path, columns: tuple[str, ...], needed: tuple[str, ...], splits: NDArray[np.str_]
) -> NDArray[np.float32]:
    """Counts of the ``columns``, float32 (n, columns); those not ``needed`` may be missing and are zero then."""
    votes: list[list[float]] = []
    for line, row in csv_rows(path, ("Usage", *needed)):
        usage = row["Usage"].strip()
        if len(votes) >= len(splits) or SPLIT_OF_USAGE.get(usage) != splits[len(votes)]:
            expected = splits[len(votes)] if len(votes) < len(splits) else "no further row"
            raise DataError(f"{path}:{line}: Usage is {usage!r} where the faces have {expected}", _WHERE)
        counts = [row.get(column, "0").strip() for column in columns]
        if not all(count.isdigit() for count in counts):
            raise DataError(f"{path}:{line}: votes are whole numbers, found {', '.join(counts)}", _WHERE)
        votes.append([float(count) for count in counts])
    if len(votes) != len(splits):
        raise DataError(f"{path} has {len(votes)} rows for {len(splits)} faces", _WHERE)
    return np.array(votes, np.float32)
