"""The camera's picture on a display of another shape, and where things in it come to lie."""

import cv2
import numpy as np
from numpy.typing import NDArray

from device.overlay.canvas import Rect
from device.records import RelativeBox

Pixels = NDArray[np.uint8]


def letterbox(aspect: float, area: Rect) -> Rect:
    """The largest rectangle of ``aspect`` (width by height) in the middle of ``area``."""
    width, height = area.w, round(area.w / aspect)
    if height > area.h:
        width, height = round(area.h * aspect), area.h
    width, height = min(max(1, width), area.w), min(max(1, height), area.h)
    return Rect(area.x + (area.w - width) // 2, area.y + (area.h - height) // 2, width, height)


def fit(picture: Pixels, into: Rect, *, mirrored: bool) -> Pixels:
    """``picture``, uint8 BGR or grey, as uint8 (into.h, into.w, 3) BGR."""
    shrinking = into.w * into.h < picture.shape[0] * picture.shape[1]
    # Whatever costs per pixel is done on the smaller of the two.
    if mirrored and not shrinking:
        picture = cv2.flip(picture, 1).astype(np.uint8, copy=False)
    if (picture.shape[1], picture.shape[0]) != (into.w, into.h):
        interpolation = cv2.INTER_AREA if shrinking else cv2.INTER_LINEAR
        picture = cv2.resize(picture, (into.w, into.h), interpolation=interpolation).astype(np.uint8, copy=False)
    if mirrored and shrinking:
        picture = cv2.flip(picture, 1).astype(np.uint8, copy=False)
    return picture if picture.ndim == 3 else cv2.cvtColor(picture, cv2.COLOR_GRAY2BGR).astype(np.uint8, copy=False)


def to_screen(box: RelativeBox, picture: Rect, *, mirrored: bool) -> Rect:
    """Where ``box`` lies on a display that shows the picture in ``picture``; at least 2 x 2 pixels."""
    x = 1.0 - box.x - box.w if mirrored else box.x
    left, top = picture.x + round(x * picture.w), picture.y + round(box.y * picture.h)
    right, bottom = picture.x + round((x + box.w) * picture.w), picture.y + round((box.y + box.h) * picture.h)
    return Rect(left, top, max(2, right - left), max(2, bottom - top))
