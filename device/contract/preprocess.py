"""From a frame and a face's box to the pixels a model reads."""

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from device.errors import RecordError
from device.records import Box


@dataclass(frozen=True, slots=True)
class InputSpec:
    """A model's input.

    Attributes:
        height, width: pixels.
        real_range: the real values that pixel 0 and pixel 255 stand for.
        crop_margin: by how much the face's box is widened, as a share of its side, 0 to 1.
    """

    height: int = 48
    width: int = 48
    real_range: tuple[float, float] = (0.0, 1.0)
    crop_margin: float = 0.1

    def __post_init__(self) -> None:
        if self.height < 8 or self.width < 8:
            raise RecordError(f"an input is at least 8 by 8 pixels, not {self.width} by {self.height}")
        if not self.real_range[0] < self.real_range[1]:
            raise RecordError(f"a range goes from low to high, not {self.real_range}")
        if not 0.0 <= self.crop_margin <= 1.0:
            raise RecordError(f"a crop margin lies between 0 and 1, not {self.crop_margin}")


def crop_face(grey: NDArray[np.uint8], box: Box, spec: InputSpec, roll_deg: float = 0.0) -> NDArray[np.uint8]:
    """Cut one face out of a frame, upright.

    The crop is a square around the box's centre, its side the box's longer side widened by the margin; what lies
    outside the frame repeats the frame's edge.

    Args:
        grey: uint8 (height, width).
        box: the face, pixels; may reach over the edge.
        spec: the model's input.
        roll_deg: how far the head is tilted clockwise, degrees; the crop is turned back by it.

    Returns:
        uint8 (spec.height, spec.width, 1).
    """
    if roll_deg:
        # Reduced first and turned then: the reduction averages, turning does not.
        around = replace(
            spec, height=2 * (spec.height // 2 + spec.height // 4), width=2 * (spec.width // 2 + spec.width // 4)
        )
        share = around.width / spec.width
        wide = Box(box.x - box.w * (share - 1) / 2, box.y - box.h * (share - 1) / 2, box.w * share, box.h * share)
        return _upright(crop_face(grey, wide, around), spec, roll_deg)
    side = max(2, round(max(box.w, box.h) * (1.0 + spec.crop_margin)))
    centre_x, centre_y = box.centre
    left, top = round(centre_x - side / 2), round(centre_y - side / 2)
    height, width = grey.shape
    inside = grey[max(top, 0) : max(top + side, 0), max(left, 0) : max(left + side, 0)]
    if not inside.size:
        raise RecordError(f"the box {box} lies outside a frame of {width} by {height} pixels")
    missing = (max(-top, 0), max(top + side - height, 0), max(-left, 0), max(left + side - width, 0))
    if any(missing):
        inside = cv2.copyMakeBorder(inside, *missing, cv2.BORDER_REPLICATE).astype(np.uint8, copy=False)
    return resize(inside, spec)


def _upright(around: NDArray[np.uint8], spec: InputSpec, roll_deg: float) -> NDArray[np.uint8]:
    """The middle of uint8 (h, w, 1), turned back by ``roll_deg``: uint8 (spec.height, spec.width, 1)."""
    height, width = around.shape[:2]
    turn = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), roll_deg, 1.0)
    turn[:, 2] -= ((width - spec.width) / 2, (height - spec.height) / 2)
    turned = cv2.warpAffine(around, turn, (spec.width, spec.height), borderMode=cv2.BORDER_REPLICATE)
    return turned.astype(np.uint8, copy=False)[..., np.newaxis]


def resize(grey: NDArray[np.uint8], spec: InputSpec) -> NDArray[np.uint8]:
    """Resize uint8 (h, w) to (spec.height, spec.width, 1): area average when shrinking, bilinear when growing."""
    if grey.shape != (spec.height, spec.width):
        shrinking = grey.shape[0] > spec.height
        method = cv2.INTER_AREA if shrinking else cv2.INTER_LINEAR
        grey = cv2.resize(grey, (spec.width, spec.height), interpolation=method).astype(np.uint8, copy=False)
    return grey[..., np.newaxis]


def to_real(pixels: NDArray[np.uint8], spec: InputSpec) -> NDArray[np.float32]:
    """The real values a float model is given for ``pixels``, any shape, float32."""
    low, high = spec.real_range
    real: NDArray[np.float32] = pixels.astype(np.float32) * np.float32((high - low) / 255.0) + np.float32(low)
    return real
