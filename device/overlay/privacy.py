"""Faces that nobody can recognise: what is left of each is a handful of colours."""

import math
from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from device.overlay.scene import Scene
from device.records import RelativeBox

REACH = 1.9
"""Side of what is blurred over side of the box: hair, ears and chin lie outside a detector's box, and faces move."""
CELLS = 8
"""Colours across that side, so about four across the face: too few for a person or a program to recognise anyone."""
HOLD_S = 1.5
"""How long a place stays blurred after its face was last known there: it may only have turned away."""

_SOLID = 0.86
"""Share of the ellipse's radius that is wholly covered; it becomes thinner from there to its edge."""

Pixels = NDArray[np.uint8]


class Veil:
    """Remembers where faces were until a moment ago."""

    def __init__(self) -> None:
        self._last: dict[int, tuple[float, RelativeBox]] = {}

    def boxes(self, scene: Scene, now_s: float) -> tuple[RelativeBox, ...]:
        """All places to blur in the picture of ``scene``, drawn at ``now_s``, seconds."""
        kept = {track_id: (at_s, box) for track_id, (at_s, box) in self._last.items() if now_s - at_s <= HOLD_S}
        self._last = kept | {face.track_id: (now_s, face.box) for face in scene.faces}
        return (*(box for _, box in self._last.values()), *scene.unconfirmed)


def blur_faces(bgr: Pixels, boxes: Sequence[RelativeBox]) -> Pixels:
    """A copy of uint8 (height, width, 3) in which every box, with a wide margin, is beyond recognition.

    Every place becomes the mean colours of about ``CELLS`` x ``CELLS`` cells, which move with the face, and is drawn
    smoothly from those alone: nothing finer is left to bring back.
    """
    blurred = bgr.copy()
    for box in boxes:
        _blur(bgr, blurred, box)
    return blurred


def _blur(source: Pixels, target: Pixels, box: RelativeBox) -> None:
    height, width = source.shape[:2]
    # The longer side counts: the box of a face that is half out of the picture is cut at its edge.
    half = max(1.0, box.w * width, box.h * height) * REACH / 2
    centre_x, centre_y = (box.x + box.w / 2) * width, (box.y + box.h / 2) * height
    left, right = max(0, math.floor(centre_x - half)), min(width, math.ceil(centre_x + half))
    top, bottom = max(0, math.floor(centre_y - half)), min(height, math.ceil(centre_y + half))
    cells_w = max(1, round(CELLS * (right - left) / (2 * half)))
    cells_h = max(1, round(CELLS * (bottom - top) / (2 * half)))
    cells = cv2.resize(source[top:bottom, left:right], (cells_w, cells_h), interpolation=cv2.INTER_AREA)
    smooth = cv2.resize(cells, (right - left, bottom - top), interpolation=cv2.INTER_LINEAR)
    across = (np.arange(left, right, dtype=np.float32) + 0.5 - centre_x) / half
    down = (np.arange(top, bottom, dtype=np.float32) + 0.5 - centre_y) / half
    distance = np.sqrt(across[None, :] ** 2 + down[:, None] ** 2)
    cover = np.clip((1.0 - distance) / (1.0 - _SOLID), 0.0, 1.0)[..., None]
    under = target[top:bottom, left:right]
    under[:] = (under + (smooth.astype(np.float32) - under) * cover + 0.5).astype(np.uint8)
