"""Faces that are judged by although their photograph was there to train on."""

from dataclasses import replace

import numpy as np

from trainer.datasets.duplicates import near_copies
from trainer.datasets.faces import FaceSet

ATTRIBUTE = "photograph"
NEW, KNOWN = "not in training", "also in training"


def mark_known(faces: FaceSet, training: FaceSet) -> FaceSet:
    """``faces`` grouped by whether their photograph, or a crop of it, is among ``training`` too.

    As they are where none is.
    """
    known = np.zeros(len(faces), bool)
    known[[copy.first for copy in near_copies(faces.images, training.images)]] = True
    if not known.any():
        return faces
    return replace(faces, groups={**faces.groups, ATTRIBUTE: np.where(known, KNOWN, NEW)})
