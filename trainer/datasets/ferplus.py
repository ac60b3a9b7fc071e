"""FER+: ten people's votes on each face of FER-2013, ``fer2013new.csv``, joined by row.

Barsoum, Zhang, Canton Ferrer, Zhang: "Training Deep Networks for Facial Expression Recognition with Crowd-Sourced Label
Distribution", ICMI 2016.
"""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from device.errors import DataError
from trainer.datasets.fer2013 import SPLIT_OF_USAGE, csv_rows

COLUMN_OF_EMOTION = {
    "angry": "anger",
    "disgust": "disgust",
    "fear": "fear",
    "happy": "happiness",
    "sad": "sadness",
    "surprise": "surprise",
    "neutral": "neutral",
}
_WHERE = "use fer2013new.csv of microsoft/FERPlus, whose rows stand in the order of fer2013.csv"


def read_ferplus(path: Path, labels: tuple[str, ...], splits: NDArray[np.str_]) -> NDArray[np.float32]:
    """Read the votes on ``labels`` for faces whose splits, in order, are ``splits``.

    Votes for contempt, unknown and "not a face" are left out.

    Returns:
        float32 (n, labels), counts of votes; a row may be all zero.

    Raises:
        DataError: when the rows do not match the faces', or a count is none.
    """
    columns = tuple(COLUMN_OF_EMOTION[label] for label in labels)
    votes: list[list[float]] = []
    for line, row in csv_rows(path, ("Usage", *columns)):
        usage = row["Usage"].strip()
        if len(votes) >= len(splits) or SPLIT_OF_USAGE.get(usage) != splits[len(votes)]:
            expected = splits[len(votes)] if len(votes) < len(splits) else "no further row"
            raise DataError(f"{path}:{line}: Usage is {usage!r} where the faces have {expected}", _WHERE)
        counts = [row[column].strip() for column in columns]
        if not all(count.isdigit() for count in counts):
            raise DataError(f"{path}:{line}: votes are whole numbers, found {', '.join(counts)}", _WHERE)
        votes.append([float(count) for count in counts])
    if len(votes) != len(splits):
        raise DataError(f"{path} has {len(votes)} rows for {len(splits)} faces", _WHERE)
    return np.array(votes, np.float32)
