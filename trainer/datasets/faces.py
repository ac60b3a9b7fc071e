"""The one form that every reader of data gives and everything behind it takes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from device.errors import DataError

Split = Literal["train", "validation", "test"]
SPLITS: tuple[Split, ...] = ("train", "validation", "test")


@dataclass(frozen=True, slots=True, eq=False)
class FaceSet:
    """Faces of one split, with what is known of each.

    Attributes:
        images: uint8 (n, height, width, 1).
        label_names: the labels, in the order of their indices.
        labels: int64 (n,), each an index into ``label_names``.
        votes: float32 (n, labels), how many people chose each label; None where nobody voted.
        names: where each face came from, such as ``fer2013.csv:123`` or a path; None where it is not known.
        groups: what the data says of the people shown, a column's name to its value for each face, str (n,).
        digests: of each picture as the data has it, uint8 (n, 16), see ``trainer.datasets.pictures.digest``; None where
            that is not known.
    """

    images: NDArray[np.uint8]
    label_names: tuple[str, ...]
    labels: NDArray[np.int64]
    votes: NDArray[np.float32] | None = None
    names: tuple[str, ...] | None = None
    groups: Mapping[str, NDArray[np.str_]] = field(default_factory=dict)
    digests: NDArray[np.uint8] | None = None

    def __post_init__(self) -> None:
        count = len(self.images)
        if self.images.ndim != 4 or self.images.shape[-1] != 1 or self.images.dtype != np.uint8:
            raise DataError(f"faces are uint8 (n, height, width, 1), not {self.images.dtype} {self.images.shape}")
        if self.labels.shape != (count,):
            raise DataError(f"{count} faces have labels of shape {self.labels.shape}")
        if self.votes is not None and self.votes.shape != (count, len(self.label_names)):
            raise DataError(f"{count} faces have votes of shape {self.votes.shape}")
        if self.names is not None and len(self.names) != count:
            raise DataError(f"{count} faces have {len(self.names)} names")
        if self.digests is not None and len(self.digests) != count:
            raise DataError(f"{count} faces have {len(self.digests)} digests")
        for column, values in self.groups.items():
            if values.shape != (count,):
                raise DataError(f"{count} faces have values of shape {values.shape} in the group {column}")

    def __len__(self) -> int:
        return len(self.images)

    def take(self, index: NDArray[np.int64] | NDArray[np.bool_]) -> "FaceSet":
        """The faces at ``index``, positions or a mask; their pixels are copied."""
        return self.with_images(self.images[index], index)

    def with_images(self, images: NDArray[np.uint8], index: NDArray[np.int64] | NDArray[np.bool_]) -> "FaceSet":
        """What is known of the faces at ``index``, with ``images`` for their pixels."""
        votes = None if self.votes is None else self.votes[index]
        names = None
        if self.names is not None:
            names = tuple(self.names[position] for position in np.arange(len(self))[index])
        groups = {column: values[index] for column, values in self.groups.items()}
        digests = None if self.digests is None else self.digests[index]
        return FaceSet(images, self.label_names, self.labels[index], votes, names, groups, digests)


def majority(votes: NDArray[np.float32]) -> NDArray[np.int64]:
    """The label that more than half of the votes on the known labels agree on, else -1; int64 (n,).

    This is FER+'s majority (Barsoum et al., "Training Deep Networks for Facial Expression Recognition with
    Crowd-Sourced Label Distribution", 2016), taken over the seven emotions alone.
    """
    best = votes.argmax(axis=1)
    clear = votes.max(axis=1) * 2 > votes.sum(axis=1)
    return np.where(clear, best, -1).astype(np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class DataSet:
    """Faces of three splits, and what is known of where they came from.

    Attributes:
        form: what was recognised, in words.
        train, validation, test: the faces; a split that the data has not is empty.
        splits: split to what it is called in the data, or how it came about: ``PublicTest``, ``test/``,
            ``10% of train/ for test, seed 1``; no two are called alike. Splits without faces are missing.
        notes: what a reader of results should know, a sentence each.
        files: name to SHA-256: of a file's bytes, of a folder's names and sizes.
        skipped: pictures that could not be read, ``name: reason`` each.
    """

    form: str
    train: FaceSet
    validation: FaceSet
    test: FaceSet
    splits: Mapping[Split, str]
    notes: tuple[str, ...] = ()
    files: Mapping[str, str] = field(default_factory=dict)
    skipped: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if len(set(self.splits.values())) != len(self.splits):
            raise DataError(f"splits are told apart by their names, and they are {', '.join(self.splits.values())}")

    def faces_of(self, split: Split) -> FaceSet:
        """The faces of one split."""
        return {"train": self.train, "validation": self.validation, "test": self.test}[split]
