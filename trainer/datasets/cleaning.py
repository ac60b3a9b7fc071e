"""What is left out of training before it begins."""

from typing import Literal

import numpy as np

from device.errors import DataError
from trainer.datasets.duplicates import blank, digests, later_copies
from trainer.datasets.faces import FaceSet, Split
from trainer.datasets.memory import keep


def clean(divided: dict[Split, FaceSet], duplicates: Literal["keep", "drop"]) -> tuple[dict[Split, FaceSet], list[str]]:
    """Leave blank pictures, and exact copies where that is asked, out of the training split.

    Returns:
        The splits, of which only ``train`` may differ, and what was done, in words.
    """
    train = divided["train"]
    if not len(train):
        raise DataError("there is no face to train on", "give data with a training split")
    kept = ~blank(train.images)
    notes = []
    if not kept.all():
        notes.append(f"left out of training as blank (one grey level): {int((~kept).sum()):,}")
    if duplicates == "drop":
        keys = digests(train.images)
        judged = set(digests(divided["validation"].images)) | set(digests(divided["test"].images))
        copies = later_copies(keys) & kept
        leaked = np.array([key in judged for key in keys]) & kept
        notes.append(
            f"left out of training as exact copies: {int((copies | leaked).sum()):,} ({int(copies.sum()):,} of earlier "
            f"faces, {int(leaked.sum()):,} of faces that are judged by)"
        )
        kept &= ~(copies | leaked)
    if kept.all():
        return divided, notes
    return {**divided, "train": train.with_images(keep(train.images, kept), kept)}, notes
