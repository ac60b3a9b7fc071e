"""A frame at every size that a search needs, each made once."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from device.records import Box


@dataclass(frozen=True, slots=True, eq=False)
class Patch:
    """A part of a frame, reduced and turned upright.

    Attributes:
        pixels: uint8 (height, width).
        to_frame: float64 (2, 3), the affine map from the patch's pixels to the frame's.
        roll_deg: by how much the part was turned, degrees.
    """

    pixels: NDArray[np.uint8]
    to_frame: NDArray[np.float64]
    roll_deg: float

    @property
    def scale(self) -> float:
        """Patch pixels per frame pixel."""
        (a, b, _), (c, d, _) = self.to_frame.tolist()
        return 1.0 / math.sqrt(abs(a * d - b * c))

    def box_in_frame(self, x: float, y: float, w: float, h: float) -> Box:
        """A box of the patch in the frame's pixels: around the same point, as large as there, and upright."""
        centre_x, centre_y = (float(value) for value in self.to_frame @ (x + w / 2, y + h / 2, 1.0))
        w, h = w / self.scale, h / self.scale
        return Box(centre_x - w / 2, centre_y - h / 2, w, h)


class Pyramid:
    """A frame and its halves. Halving by whole steps costs a fiftieth of reducing at once, and does not alias.

    Args:
        grey: uint8 (height, width).
    """

    def __init__(self, grey: NDArray[np.uint8]) -> None:
        self._levels = [grey]

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the frame, pixels."""
        height, width = self._levels[0].shape
        return width, height

    def level(self, number: int) -> NDArray[np.uint8]:
        """The frame halved ``number`` times, uint8; odd last rows and columns are left out."""
        while len(self._levels) <= number:
            last = self._levels[-1]
            height, width = last.shape[0] // 2, last.shape[1] // 2
            if not height or not width:
                return last
            even = last[: height * 2, : width * 2]
            self._levels.append(
                cv2.resize(even, (width, height), interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
            )
        return self._levels[number]

    def level_for(self, scale: float) -> NDArray[np.uint8]:
        """The smallest level that need not be enlarged to show the frame at ``scale``, above 0; uint8."""
        return self.level(max(0, math.floor(-math.log2(scale))))

    def cut(self, region: Box, scale: float, roll_deg: float = 0.0) -> Patch:
        """The part of the frame in ``region``, at ``scale`` patch pixels per frame pixel.

        Args:
            region: in the frame's pixels; what lies outside the frame is left out, or repeats its edge when turned.
            scale: above 0; above 1 enlarges.
            roll_deg: turn by so much, so that a head that is tilted clockwise by it is upright.
        """
        if roll_deg:
            return self.cut_square(region, scale, roll_deg)
        picture = self.level_for(scale)
        return _straight(picture, region, scale, self._number_of(picture))

    def cut_square(self, region: Box, scale: float, roll_deg: float) -> Patch:
        """As `cut`, and always of the whole region's size: what lies outside the frame repeats its edge."""
        picture = self.level_for(scale)
        return _turned(picture, region, scale, roll_deg, self._number_of(picture))

    def without(self, boxes: Sequence[Box]) -> "Pyramid":
        """The frame with nothing to see in ``boxes``, in its pixels: each is of one grey, its average."""
        if not boxes:
            return self
        grey = self._levels[0].copy()
        height, width = grey.shape
        for box in boxes:
            rows = slice(max(0, round(box.y)), min(height, max(0, round(box.y + box.h))))
            columns = slice(max(0, round(box.x)), min(width, max(0, round(box.x + box.w))))
            if rows.start < rows.stop and columns.start < columns.stop:
                grey[rows, columns] = round(float(grey[rows, columns].mean()))
        return Pyramid(grey)

    def _number_of(self, picture: NDArray[np.uint8]) -> int:
        return next(number for number, level in enumerate(self._levels) if level is picture)


def _straight(picture: NDArray[np.uint8], region: Box, scale: float, level: int) -> Patch:
    share = 0.5**level
    height, width = picture.shape
    left, top = max(0, math.floor(region.x * share)), max(0, math.floor(region.y * share))
    right = min(width, max(left + 1, math.ceil((region.x + region.w) * share)))
    bottom = min(height, max(top + 1, math.ceil((region.y + region.h) * share)))
    part = picture[min(top, bottom - 1) : bottom, min(left, right - 1) : right]
    left, top = right - part.shape[1], bottom - part.shape[0]
    size = max(1, round(part.shape[1] * scale / share)), max(1, round(part.shape[0] * scale / share))
    step_x, step_y = part.shape[1] / size[0] / share, part.shape[0] / size[1] / share
    to_frame = np.array([[step_x, 0.0, left / share], [0.0, step_y, top / share]])
    if size != (part.shape[1], part.shape[0]):
        part = cv2.resize(part, size, interpolation=cv2.INTER_LINEAR).astype(np.uint8, copy=False)
    return Patch(part, to_frame, 0.0)


def _turned(picture: NDArray[np.uint8], region: Box, scale: float, roll_deg: float, level: int) -> Patch:
    size = max(1, round(region.w * scale)), max(1, round(region.h * scale))
    cos, sin = math.cos(math.radians(roll_deg)) / scale, math.sin(math.radians(roll_deg)) / scale
    turn = np.array([[cos, -sin], [sin, cos]])
    shift = np.array(region.centre) - turn @ (size[0] / 2, size[1] / 2)
    to_frame = np.hstack([turn, shift[:, np.newaxis]])
    # Pixel centres lie at half: warpAffine counts from the centre of the first one.
    to_level = to_frame * 0.5**level
    to_level[:, 2] += to_level[:, :2] @ (0.5, 0.5) - 0.5
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    pixels = cv2.warpAffine(picture, to_level, size, flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return Patch(pixels.astype(np.uint8, copy=False), to_frame, roll_deg)
