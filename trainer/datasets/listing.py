"""What a data set holds, before its classes have become labels: the one form that every reader of a form gives."""

import hashlib
import os
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from device.errors import DataError
from trainer.datasets.faces import Split

_SPLIT_OF_NAME: dict[str, Split] = {
    **dict.fromkeys(("train", "training"), "train"),
    **dict.fromkeys(("val", "valid", "validation", "dev", "publictest"), "validation"),
    **dict.fromkeys(("test", "testing", "privatetest"), "test"),
}


@dataclass(frozen=True, slots=True, eq=False)
class Listing:
    """Faces with the data's own words, in the data's own order.

    Attributes:
        form: what was recognised, in words.
        classes: each face's class, str (n,), as the data writes it.
        splits: each face's split, str (n,): ``train``, ``validation``, ``test``, or empty where the data has none.
        names: where each face came from.
        words: split to its name in the data.
        official: whether the splits are published ones, of which none is to be taken for another.
        pixels: uint8 (n, 48, 48, 1), for forms that hold them.
        paths: the pictures' files, for the other forms.
        boxes: where the face is in its picture, x, y, width and height in pixels, float64 (n, 4); None where the
            pictures are faces.
        people: who is shown, str (n,), empty where that is not known; None where the data does not say.
        unlabelled: splits that hold pictures without a class, which therefore are not cut from others.
        groups: column to its value for each face.
        votes: column to counts, float32 (n,).
        empty: classes, as ``split/class``, that hold no picture.
        files: name to SHA-256, of the bytes of a file or of the names and sizes in a folder.
        notes: what a reader of results should know.
    """

    form: str
    classes: NDArray[np.str_]
    splits: NDArray[np.str_]
    names: tuple[str, ...]
    words: Mapping[Split, str]
    official: bool
    pixels: NDArray[np.uint8] | None = None
    paths: tuple[Path, ...] | None = None
    boxes: NDArray[np.float64] | None = None
    people: NDArray[np.str_] | None = None
    unlabelled: frozenset[Split] = frozenset()
    groups: Mapping[str, NDArray[np.str_]] = field(default_factory=dict)
    votes: Mapping[str, NDArray[np.float32]] | None = None
    empty: tuple[str, ...] = ()
    files: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        count = len(self.names)
        held = self.pixels if self.pixels is not None else self.paths
        if held is None or not count == len(self.classes) == len(self.splits) == len(held):
            raise DataError(
                f"{self.form}: {count} faces have {len(self.classes)} classes and {len(self.splits)} splits"
            )

    def __len__(self) -> int:
        return len(self.names)

    def take(self, kept: NDArray[np.int64]) -> Self:
        """The faces at the positions ``kept``."""
        return replace(
            self,
            classes=self.classes[kept],
            splits=self.splits[kept],
            names=tuple(self.names[position] for position in kept),
            pixels=None if self.pixels is None else self.pixels[kept],
            paths=None if self.paths is None else tuple(self.paths[position] for position in kept),
            boxes=None if self.boxes is None else self.boxes[kept],
            people=None if self.people is None else self.people[kept],
            groups={column: values[kept] for column, values in self.groups.items()},
            votes=None if self.votes is None else {column: votes[kept] for column, votes in self.votes.items()},
        )


def split_of(name: str) -> Split | None:
    """The split that a folder or a cell called ``name`` means, in any of the words in use; None for another word."""
    return _SPLIT_OF_NAME.get(name.strip().casefold())


def file_digest(path: Path) -> str:
    """SHA-256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def listing_digest(entries: Iterable[tuple[str, int]]) -> str:
    """SHA-256 over sorted (name, bytes): tells folders apart without reading every picture."""
    digest = hashlib.sha256()
    for name, size in sorted(entries):
        digest.update(f"{name}\0{size}\n".encode(errors="surrogateescape"))
    return digest.hexdigest()


def printable(name: str) -> str:
    """A file's name as text that can be written: bytes that are no UTF-8 are shown by their numbers."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def composed(name: str) -> str:
    """A class's name with its accents joined to their letters, as all systems but macOS's file names have them."""
    return unicodedata.normalize("NFC", printable(name))
