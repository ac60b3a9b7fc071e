"""How much speaks for a face at a place: what cascades see there, and how clearly a network reads it."""

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from device.detect.cascade import HaarCascade
from device.detect.light import contrasted
from device.detect.pyramid import Pyramid
from device.detect.reader import FaceReader
from device.detect.search import surroundings
from device.records import Box, Face

# A logistic regression on 284 faces and 431 errors of the searches, in photographs of many people: the logarithm of
# the odds that it is a face is the sum of weight * what a witness says, and of the last.
# They were fitted with the emotion network that shipped before today's, which was another training of the same recipes.
_WEIGHTS = {"frontal": 2.13, "clarity": 1.285, "mirrored": 1.285, "profile": 2.09}
_ODDS_BEFORE = -15.22
# What a witness says at the most: what cannot be made up for any more need not be looked at by the others.
_MOST = {"frontal": math.log1p(40), "clarity": 5.2, "mirrored": 5.2, "profile": math.log1p(8)}

_BY_FAR = 2.0
_SURE = 2.0  # so far above what is wanted the mirror image is taken to be read as the face is

_FRONTAL_FACE_PX, _PROFILE_FACE_PX = 48, 40  # sides to which the face is brought for each
_REACH = 1.6  # side of what they are shown, in sides of the face
_GROWTH = 1.32  # how much larger or smaller than proposed the face may be
_FACTOR = 1.1

Witness = Callable[[Pyramid, Face, float], float]
"""How much speaks for a face that is tilted by so many degrees."""


class Evidence:
    """Weighs witnesses, in the order of what they tell for what they cost.

    Args:
        frontal: a cascade that does not propose, and errs elsewhere.
        profile: one for half-turned heads.
        reader: the network that reads faces.
    """

    def __init__(self, frontal: HaarCascade, profile: HaarCascade, reader: FaceReader) -> None:
        self.witnesses: dict[str, Witness] = {
            "frontal": lambda pyramid, face, roll_deg: math.log1p(
                _windows(frontal, pyramid, face.box, roll_deg, _FRONTAL_FACE_PX)
            ),
            "clarity": lambda pyramid, face, roll_deg: reader.clarity(pyramid.level(0), face.box, roll_deg),
            "mirrored": lambda pyramid, face, roll_deg: reader.clarity(
                pyramid.level(0), face.box, roll_deg, mirrored=True
            ),
            "profile": lambda pyramid, face, roll_deg: math.log1p(
                _windows(profile, pyramid, face.box, roll_deg, _PROFILE_FACE_PX, both=True)
            ),
        }

    def odds(self, pyramid: Pyramid, face: Face, roll_deg: float, wanted: float) -> float:
        """The logarithm of the odds that a face is there, tilted by ``roll_deg``.

        No witness is asked any more once ``wanted`` is reached, or cannot be by far.
        """
        odds, left = _ODDS_BEFORE, {name: _WEIGHTS[name] * _MOST[name] for name in _WEIGHTS}
        for name, witness in self.witnesses.items():
            del left[name]
            said = _WEIGHTS[name] * witness(pyramid, face, roll_deg)
            odds += said
            if name == "clarity" and odds + said >= wanted + _SURE:
                return odds + said
            if odds >= wanted or odds + sum(left.values()) < wanted - _BY_FAR:
                break
        return odds


def _windows(
    cascade: HaarCascade, pyramid: Pyramid, box: Box, roll_deg: float, face_px: int, *, both: bool = False
) -> int:
    """How many windows around the face the cascade takes for one; ``both``: or in the mirror image, if more."""
    search = surroundings(box, reach=_REACH, growth=_GROWTH, roll_deg=roll_deg)
    patch = pyramid.cut(search.region, face_px / max(box.w, box.h), search.roll_deg)
    pixels: NDArray[np.uint8] = contrasted(patch.pixels)
    views = (pixels, np.ascontiguousarray(pixels[:, ::-1])) if both else (pixels,)
    smallest_px, largest_px = search.smallest_px * patch.scale, search.largest_px * patch.scale
    return max(len(cascade.windows(view, smallest_px, largest_px, _FACTOR)) for view in views)
