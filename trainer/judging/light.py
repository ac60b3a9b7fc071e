"""Dark, middling and light faces as groups: what can be compared where data says nothing of who is shown.

A face's grey level comes from light, camera, make-up and skin together. So a gap here says that something is unequal,
and not what.
"""

from dataclasses import replace

import numpy as np

from trainer.datasets.faces import FaceSet
from trainer.judging.groups import SMALL_GROUP

ATTRIBUTE = "grey level"
THIRDS = ("darkest third", "middle third", "lightest third")


def mark_light(faces: FaceSet) -> FaceSet:
    """``faces`` grouped by the mean grey of the middle of the picture, where the face is; as they are if they are few.

    Groups are thirds, so that each has enough faces, and the levels at which they part are this set's own.
    """
    if len(faces) < len(THIRDS) * SMALL_GROUP:
        return faces
    height, width = faces.images.shape[1:3]
    middle = faces.images[:, height // 4 : height - height // 4, width // 4 : width - width // 4]
    rank = middle.mean(axis=(1, 2, 3)).argsort(kind="stable").argsort(kind="stable")
    return replace(faces, groups={**faces.groups, ATTRIBUTE: np.array(THIRDS)[rank * len(THIRDS) // len(faces)]})
