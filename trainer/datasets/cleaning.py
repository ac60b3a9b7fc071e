"""What is left out of training before it begins."""

from typing import Literal

import numpy as np

from device.errors import DataError
from trainer.datasets.duplicates import blank, digests, later_copies
from trainer.datasets.faces import FaceSet, Split
from trainer.datasets.memory import keep


def clean(divided: dict[Split, FaceSet], duplicates: Literal["keep", "drop"]) -> tuple[dict[Split, FaceSet], list[str]]:
    """Leave blank pictures, and exact copies where that is asked, out of the training side.

    Returns:
        The sides, of which only ``train`` may differ, and what was done, in words.
    """
    train = divided["train"]
    if not len(train):
        raise DataError("there is no face to train on", "give data with a training side")
    kept = ~blank(train.images)
    notes = []
    if not kept.all():
        notes.append(f"{int((~kept).sum())} blank training pictures (one grey level) were left out")
    if duplicates == "drop":
        keys = digests(train.images)
        judged = set(digests(divided["validation"].images)) | set(digests(divided["test"].images))
        copies = later_copies(keys) & kept
        leaked = np.array([key in judged for key in keys]) & kept
        notes.append(
            f"{int((copies | leaked).sum())} training faces were left out as exact copies: {int(copies.sum())} of "
            f"earlier ones, {int(leaked.sum())} of faces that are judged by"
        )
        kept &= ~(copies | leaked)
    if kept.all():
        return divided, notes
    return {**divided, "train": train.with_images(keep(train.images, kept), kept)}, notes
