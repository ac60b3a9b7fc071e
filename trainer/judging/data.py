"""The faces to judge a model by, split by split."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from trainer.datasets.faces import FaceSet, Split

BOTH_TESTS = 7178
"""PublicTest and PrivateTest of FER-2013 together, as folder forms of it hold them in ``test``."""

_POOLED = (
    f"the split {{split}} has {BOTH_TESTS:,} faces, as FER-2013's folder form has: PublicTest and PrivateTest pooled, "
    "so its figure compares with neither"
)


@dataclass(frozen=True, slots=True, eq=False)
class JudgedData:
    """A data set as it is judged by.

    Attributes:
        splits: each side that has faces, with the data set's own word for it.
        notes: what a reader must know of the data, sentences.
    """

    splits: dict[Split, tuple[str, FaceSet]]
    notes: tuple[str, ...] = ()


def read_data(path: Path, ferplus: Path | None) -> JudgedData:
    """The data set at ``path``; FER+'s votes joined where ``ferplus`` is given.

    Raises:
        DataError: it cannot be used.
    """
    from trainer.datasets.fer2013 import SPLIT_OF_USAGE, read_fer2013
    from trainer.datasets.ferplus import read_ferplus

    faces, splits = read_fer2013(path)
    if ferplus is not None:
        faces = FaceSet(faces.images, faces.label_names, faces.labels, read_ferplus(ferplus, faces.label_names, splits))
    sides = {side: (word, faces.take(splits == side)) for word, side in SPLIT_OF_USAGE.items() if side in set(splits)}
    return JudgedData(sides, pooling_notes(sides))


def pooling_notes(splits: dict[Split, tuple[str, FaceSet]]) -> tuple[str, ...]:
    """What to say of splits that hold both of FER-2013's test sets."""
    return tuple(_POOLED.format(split=word) for word, faces in splits.values() if len(faces) == BOTH_TESTS)


def sample(faces: FaceSet, limit: int | None, seed: int = 1) -> FaceSet:
    """At most ``limit`` of ``faces``, drawn with ``seed``, in their order."""
    if limit is None or limit >= len(faces):
        return faces
    return faces.take(np.sort(np.random.default_rng(seed).choice(len(faces), limit, replace=False)))
