"""Known faces as they looked a moment ago: what still looks so need not be searched for."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from device.detect.pyramid import Pyramid
from device.records import Box, Expected, Face

_FACE_PX = 24  # side to which a face is reduced
_SIZES_PX = (22, 24, 26)  # to which it may have shrunk or grown: who comes nearer grows by a tenth in a moment
_SAME_SIZE = _SIZES_PX.index(_FACE_PX)
_SAME_SIZE_FROM = 0.97  # coefficient of correlation: then it differs by less than 4% in size
_REACH_PX = 6  # how far it may have moved from where it is expected, in such pixels
_ALIKE_FROM = 0.9  # coefficient of correlation
_LASTS_S = 0.2  # then a detector looks again: a face grows, turns, or leaves
_SAME_OVERLAP = 0.4


@dataclass(frozen=True, slots=True)
class _Look:
    """What a detector saw at ``time_s``: a face, and its pixels at each of ``_SIZES_PX``, uint8."""

    face: Face
    sizes: tuple[NDArray[np.uint8], ...]
    time_s: float


@dataclass(frozen=True, slots=True)
class _Match:
    """The middle of what is most alike, in a patch's pixels, and the coefficient of correlation."""

    x: float
    y: float
    likeness: float


class Likeness:
    """Finds faces again by the correlation of their pixels with those of a moment ago.

    Method: J. P. Lewis, "Fast normalized cross-correlation", Vision Interface, 1995.
    """

    def __init__(self) -> None:
        self._looks: list[_Look] = []

    def remember(self, pyramid: Pyramid, faces: Sequence[Face], time_s: float) -> None:
        """Take note of how ``faces``, which a detector has just seen, look at monotonic ``time_s``."""
        self._looks = [
            look
            for look in self._looks
            if time_s - look.time_s < _LASTS_S
            and all(look.face.box.overlap(face.box) < _SAME_OVERLAP for face in faces)
        ]
        self._looks += [_Look(face, _at_each_size(pyramid, face), time_s) for face in faces]

    def find(self, pyramid: Pyramid, expected: Expected, time_s: float) -> Face | None:
        """The face where it is now, if it looks as it did a moment ago; not ``verified``, box in the frame's pixels.

        None for a new face, where a second opinion is wanted, where it looks otherwise, where no detector has seen it
        lately, and where two faces are close together.
        """
        if expected.verify or expected.is_new:
            return None
        near = [look for look in self._looks if look.face.box.overlap(expected.box) >= _SAME_OVERLAP]
        if len(near) != 1 or time_s - near[0].time_s >= _LASTS_S:
            return None
        box = _found(pyramid, near[0], expected.box)
        return None if box is None else replace(near[0].face, box=box, verified=False, surplus=None)


def _found(pyramid: Pyramid, look: _Look, expected: Box) -> Box | None:
    """Where around ``expected`` the picture is most like ``look``, if it is enough so."""
    before, turn = look.face.box, math.radians(look.face.roll_deg)
    side = _FACE_PX + 2 * _REACH_PX
    there = _square(pyramid, expected.centre, _side(before) * side / _FACE_PX, side, look.face.roll_deg)
    best, size = _best_match(there, look.sizes)
    if best.likeness < _ALIKE_FROM:
        return None
    step = _side(before) / _FACE_PX
    right, down = (best.x - side / 2) * step, (best.y - side / 2) * step
    x = expected.centre[0] + right * math.cos(turn) - down * math.sin(turn)
    y = expected.centre[1] + right * math.sin(turn) + down * math.cos(turn)
    width, height = before.w * size / _FACE_PX, before.h * size / _FACE_PX
    return Box(x - width / 2, y - height / 2, width, height)


def _best_match(there: NDArray[np.uint8], sizes: Sequence[NDArray[np.uint8]]) -> tuple[_Match, float]:
    """The best match, and the face's side there in the patch's pixels."""
    same = _match(there, sizes[_SAME_SIZE])
    if same.likeness >= _SAME_SIZE_FROM:
        return same, _FACE_PX
    matches = [same if number == _SAME_SIZE else _match(there, pixels) for number, pixels in enumerate(sizes)]
    best = max(range(len(matches)), key=lambda number: matches[number].likeness)
    likeness = np.array([match.likeness for match in matches], np.float32)
    return matches[best], _SIZES_PX[best] + (_SIZES_PX[1] - _SIZES_PX[0]) * _beside_peak(likeness, best)


def _match(there: NDArray[np.uint8], pixels: NDArray[np.uint8]) -> _Match:
    likeness = cv2.matchTemplate(there, pixels, cv2.TM_CCOEFF_NORMED).astype(np.float32, copy=False)
    _, most, _, (column, row) = cv2.minMaxLoc(likeness)
    half = len(pixels) / 2
    x, y = column + _beside_peak(likeness[row], column), row + _beside_peak(likeness[:, column], row)
    return _Match(x + half, y + half, most)


def _at_each_size(pyramid: Pyramid, face: Face) -> tuple[NDArray[np.uint8], ...]:
    return tuple(_square(pyramid, face.box.centre, _side(face.box), size, face.roll_deg) for size in _SIZES_PX)


def _square(
    pyramid: Pyramid, centre: tuple[float, float], side: float, side_px: int, roll_deg: float
) -> NDArray[np.uint8]:
    """The square of ``side`` around ``centre``, both in the frame's pixels: upright, reduced to ``side_px``."""
    region = Box(centre[0] - side / 2, centre[1] - side / 2, side, side)
    return pyramid.cut_square(region, side_px / side, roll_deg).pixels


def _side(face: Box) -> float:
    return max(face.w, face.h)


def _beside_peak(values: NDArray[np.float32], at: int) -> float:
    """How far beside ``at`` a parabola through it and its neighbours is highest, -0.5 to 0.5."""
    if not 0 < at < len(values) - 1:
        return 0.0
    before, peak, after = (float(value) for value in values[at - 1 : at + 2])
    bend = before - 2 * peak + after
    return 0.5 * (before - after) / bend if bend < 0 else 0.0
