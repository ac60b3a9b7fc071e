"""Faces that nobody can recognise: what is left of each is a handful of colours."""

import math
from collections.abc import Sequence
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from device.overlay.canvas import Rect, frame_of
from device.overlay.scene import Scene
from device.records import RelativeBox

REACH = 1.9
"""Side of what is blurred over side of the box: hair, ears and chin lie outside a detector's box, and faces move."""
CELLS = 8
"""Colours across that side, so about four across the face: too few for a person or a program to recognise anyone."""
HOLD_S = 1.5
"""How long a place stays blurred after its face was last known there: it may only have turned away."""
LOOSE_HOLD_S = 0.5
"""The same for what does not count as a face yet: a new face is often found in every other picture only."""

_SOLID = 0.86
"""Share of the ellipse's radius that is wholly covered; it becomes thinner from there to its edge."""

Pixels = NDArray[np.uint8]


class Veil:
    """Remembers where faces were until a moment ago, also those that did not count yet."""

    def __init__(self) -> None:
        self._last: dict[int, tuple[float, RelativeBox]] = {}
        self._loose: dict[RelativeBox, float] = {}

    def boxes(self, scene: Scene, now_s: float) -> tuple[RelativeBox, ...]:
        """All places to blur in the picture of ``scene``, drawn at ``now_s``, seconds."""
        kept = {track_id: (at_s, box) for track_id, (at_s, box) in self._last.items() if now_s - at_s <= HOLD_S}
        self._last = kept | {face.track_id: (now_s, face.box) for face in scene.faces}
        held = {box: at_s for box, at_s in self._loose.items() if now_s - at_s <= LOOSE_HOLD_S}
        self._loose = held | dict.fromkeys(loose_boxes(scene), now_s)
        return tuple(dict.fromkeys((*(box for _, box in self._last.values()), *scene.unconfirmed, *self._loose)))


def loose_boxes(scene: Scene) -> tuple[RelativeBox, ...]:
    """What was found in ``scene`` and belongs to none of its faces."""
    return tuple(box for box in scene.unconfirmed if not any(_is_about(face.box, box) for face in scene.faces))


def _is_about(face: RelativeBox, found: RelativeBox) -> bool:
    x, y = found.x + found.w / 2, found.y + found.h / 2
    return face.x <= x <= face.x + face.w and face.y <= y <= face.y + face.h


def blur_faces(picture: Pixels, boxes: Sequence[RelativeBox]) -> Pixels:
    """A copy of ``picture`` after ``conceal``."""
    blurred = picture.copy()
    conceal(blurred, boxes)
    return blurred


def conceal(picture: Pixels, boxes: Sequence[RelativeBox]) -> None:
    """Put every box of ``picture``, with a wide margin, beyond recognition; ``picture`` itself is changed.

    Every place becomes the mean colours of at most ``CELLS`` x ``CELLS`` cells, which move with the face, so that not
    even many pictures together tell more, and is drawn smoothly from those alone.

    Args:
        picture: uint8 (height, width) or (height, width, 3).
        boxes: as shares of it.
    """
    for box in boxes:
        _conceal(picture, box)


def _conceal(picture: Pixels, box: RelativeBox) -> None:
    height, width = picture.shape[:2]
    # The longer side counts: the box of a face that is half out of the picture is cut at its edge.
    side = max(4, math.ceil(REACH * max(box.w * width, box.h * height)))
    left = math.floor((box.x + box.w / 2) * width - side / 2)
    top = math.floor((box.y + box.h / 2) * height - side / 2)
    seen = Rect(left, top, side, side).clipped(frame_of(picture))
    if not seen.w or not seen.h:
        return
    place = picture[seen.y : seen.bottom, seen.x : seen.right]
    columns, rows = (max(1, round(CELLS * length / side)) for length in (seen.w, seen.h))
    cells = cv2.resize(place, (columns, rows), interpolation=cv2.INTER_AREA)
    smooth = cv2.resize(cells, (seen.w, seen.h), interpolation=cv2.INTER_LINEAR)
    cover = cv2.resize(_disc(), (side, side), interpolation=cv2.INTER_LINEAR)
    cover = cover[seen.y - top : seen.bottom - top, seen.x - left : seen.right - left]
    if picture.ndim == 3:
        cover = cv2.merge([cover] * 3)
    ground = cv2.multiply(place, cv2.bitwise_not(cover), scale=1 / 255)
    place[:] = cv2.add(ground, cv2.multiply(smooth, cover, scale=1 / 255))


@lru_cache(1)
def _disc() -> Pixels:
    """How much is covered in a square, uint8 (128, 128): 255 inside, falling to 0 towards the edge."""
    axis = (np.arange(128, dtype=np.float32) + 0.5) / 64.0 - 1.0
    distance = np.sqrt(axis[None, :] ** 2 + axis[:, None] ** 2)
    return np.round(255.0 * np.clip((1.0 - distance) / (1.0 - _SOLID), 0.0, 1.0)).astype(np.uint8)
