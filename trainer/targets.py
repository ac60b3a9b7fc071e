"""What a network is to learn from a set of faces, and what its choice is held against."""

import numpy as np
from numpy.typing import NDArray

from device.errors import DataError
from trainer.datasets.faces import FaceSet, majority
from trainer.recipe import Recipe


def training_set(faces: FaceSet, recipe: Recipe) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """Faces and the distribution each is to give.

    Blank faces (a single grey level) are left out, and so are faces without a vote where votes are learnt.

    Returns:
        uint8 (n, height, width, 1) and float32 (n, labels), rows adding up to 1.
    """
    pixels = faces.images.reshape(len(faces), -1)
    usable = pixels.max(axis=1) > pixels.min(axis=1)
    if recipe.targets == "votes":
        usable &= _votes(faces).sum(axis=1) > 0
    kept = faces.take(usable)
    if not len(kept):
        raise DataError("no face is left to train on; expected a data set with pictures of faces in its training split")
    if recipe.targets == "votes":
        votes = _votes(kept)
        return kept.images, votes / votes.sum(axis=1, keepdims=True)
    return kept.images, np.eye(len(kept.label_names), dtype=np.float32)[kept.labels]


def reference_labels(faces: FaceSet, recipe: Recipe) -> NDArray[np.int64]:
    """The label each face is held against by the recipe's metric, -1 where it has none; int64 (n,)."""
    return majority(_votes(faces)) if recipe.metric == "majority" else faces.labels


def _votes(faces: FaceSet) -> NDArray[np.float32]:
    if faces.votes is None:
        raise DataError("this recipe learns people's votes, and the data has none", "give FER+'s file with --ferplus")
    return faces.votes
