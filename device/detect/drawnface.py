"""A face that is drawn, by which a network shows that it finds faces: no picture of a person has to be shipped."""

import cv2
import numpy as np
from numpy.typing import NDArray

from device.records import Box

_GROUND = (150, 150, 150)
# Half axes and places from the middle of the face, in units of which the picture has 320; BGR.
_ELLIPSES = (
    ((0, 150), (110, 90), (90, 60, 40)),  # shoulders
    ((0, 70), (30, 50), (140, 165, 205)),  # neck
    ((0, -8), (66, 88), (50, 60, 80)),  # hair
    ((0, 0), (60, 80), (150, 175, 215)),
    *(
        ellipse
        for side in (-25, 25)
        for ellipse in (
            ((side, -14), (13, 7), (235, 235, 235)),
            ((side, -14), (6, 6), (40, 40, 40)),
            ((side, -30), (15, 3), (60, 70, 90)),
        )
    ),
    ((0, 16), (7, 5), (120, 140, 180)),  # nose
    ((0, 5), (4, 16), (140, 165, 205)),
    ((0, 42), (20, 5), (90, 90, 170)),  # mouth
)
_DRAWN_PX = 640


def draw_face(side_px: int) -> tuple[NDArray[np.uint8], Box]:
    """A head and shoulders in the middle of a square: uint8 (side_px, side_px, 3) BGR, and the face's box, pixels.

    YuNet gives it 0.85 at 64 pixels, and 0.91 at 320.
    """
    unit, middle = _DRAWN_PX / 320, _DRAWN_PX // 2
    picture = np.full((_DRAWN_PX, _DRAWN_PX, 3), _GROUND, np.uint8)
    for (x, y), (half_width, half_height), colour in _ELLIPSES:
        centre = (round(middle + x * unit), round(middle + y * unit))
        axes = (round(half_width * unit), round(half_height * unit))
        cv2.ellipse(picture, centre, axes, 0, 0, 360, colour, cv2.FILLED, cv2.LINE_AA)
    small = cv2.resize(picture, (side_px, side_px), interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
    share = side_px / 320
    return small, Box(100 * share, 80 * share, 120 * share, 160 * share)
