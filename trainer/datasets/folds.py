"""Cross-validation inside the training split: folds that no photograph is on both sides of."""

import re
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from device.errors import DataError, UsageError
from trainer.datasets.duplicates import digests, near_copies
from trainer.datasets.faces import DataSet

_MOST_FOLDS = 100


@dataclass(frozen=True, slots=True)
class Fold:
    """One of several equal parts of the training split.

    Attributes:
        number: which, from 1.
        count: how many there are.
    """

    number: int
    count: int

    def __post_init__(self) -> None:
        if not (2 <= self.count <= _MOST_FOLDS and 1 <= self.number <= self.count):
            raise UsageError(
                f"a fold is K of N with K from 1 to N and N from 2 to {_MOST_FOLDS}, not {self}",
                "write --fold 1/5 for the first of five",
            )

    def __str__(self) -> str:
        return f"{self.number}/{self.count}"

    @classmethod
    def parse(cls, text: str) -> "Fold":
        """``K/N`` as a fold. Raises UsageError for anything else."""
        if not (found := re.fullmatch(r"([0-9]{1,3})/([0-9]{1,3})", text)):
            raise UsageError(f"a fold is written K/N, not {text!r}", "write --fold 1/5 for the first of five")
        return cls(int(found[1]), int(found[2]))


def hold_out(data: DataSet, fold: Fold) -> DataSet:
    """``data`` with ``fold`` of its training split in the place of its validation split, which is left out.

    A fold is chosen by the faces' pixels, so that neither order nor seed moves a face to another one. Near copies of
    a face, and theirs, are all in one fold (see ``near_copies``).

    Raises:
        DataError: no face is left on one of the two sides.
    """
    held = folds_of(data.train.images, fold.count) == fold.number - 1
    if held.all() or not held.any():
        raise DataError(f"fold {fold} has {held.sum()} of {len(held)} faces", "give more faces, or ask for fewer folds")
    name = data.splits["train"]
    splits = {**data.splits, "train": f"{name} without fold {fold}", "validation": f"fold {fold} of {name}"}
    return replace(data, train=data.train.take(~held), validation=data.train.take(held), splits=splits)


def folds_of(images: NDArray[np.uint8], count: int) -> NDArray[np.int64]:
    """The fold, from 0, of each picture, uint8 (n, height, width, 1); int64 (n,)."""
    keys = [int.from_bytes(digest, "big") for digest in digests(images)]
    groups = _groups(images)
    least: dict[int, int] = {}
    for group, key in zip(groups, keys, strict=True):
        least[group] = min(key, least.get(group, key))
    return np.array([least[group] % count for group in groups], np.int64)


def _groups(images: NDArray[np.uint8]) -> list[int]:
    """A number for each picture, the same for all that near copies join, directly or over others."""
    above = list(range(len(images)))

    def top(position: int) -> int:
        while above[position] != position:
            above[position] = above[above[position]]
            position = above[position]
        return position

    for pair in near_copies(images, images):
        above[top(pair.first)] = top(pair.second)
    return [top(position) for position in range(len(images))]
