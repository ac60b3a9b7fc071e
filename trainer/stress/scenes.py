"""Frames such as a camera gives, each with one known face in it."""

import cv2
import numpy as np
from numpy.typing import NDArray

from device.records import Box

FRAME_SIZE = (480, 640)
"""Height and width, pixels."""
SCALES = (2.0, 5.0)
"""By how much a face is enlarged, drawn uniformly between both."""

_GRAINS_PX = (160, 40, 10, 3)
"""How wide the patches of a background are, from walls to textures."""
_SENSOR_NOISE = 2.0


def scene(face: NDArray[np.uint8], random: np.random.Generator) -> tuple[NDArray[np.uint8], Box]:
    """Put ``face`` uint8 (h, w), enlarged, somewhere onto a background of its own.

    Returns:
        The frame, uint8 ``FRAME_SIZE``, and where the face is in it, pixels.
    """
    height, width = FRAME_SIZE
    scale = random.uniform(*SCALES)
    h, w = round(face.shape[0] * scale), round(face.shape[1] * scale)
    frame = _background(random)
    top, left = int(random.integers(0, height - h + 1)), int(random.integers(0, width - w + 1))
    frame[top : top + h, left : left + w] = cv2.resize(face, (w, h), interpolation=cv2.INTER_CUBIC)
    frame += random.normal(0.0, _SENSOR_NOISE, FRAME_SIZE)
    return np.clip(np.rint(frame), 0, 255).astype(np.uint8), Box(left, top, w, h)


def _background(random: np.random.Generator) -> NDArray[np.float64]:
    """Patches of light and dark, large ones and fine ones over them, float64 ``FRAME_SIZE``."""
    height, width = FRAME_SIZE
    frame = np.full(FRAME_SIZE, random.uniform(60, 190))
    for grain_px in _GRAINS_PX:
        patches = random.normal(0.0, random.uniform(2, 30), (-(-height // grain_px) + 1, -(-width // grain_px) + 1))
        method = cv2.INTER_NEAREST if random.random() < 0.3 else cv2.INTER_CUBIC
        frame += cv2.resize(patches, (width, height), interpolation=method)
    return frame
