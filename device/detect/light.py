"""Faces that the light hides from a cascade: it passes over every window whose grey values deviate by less than 10."""

import cv2
import numpy as np
from numpy.typing import NDArray

_CLIP_LIMIT = 4.0
_TILES = (8, 8)
_PLAIN_DEVIATION = 25.0
_DARK_MEAN = 60.0
_LIFTED_DEVIATION = 50.0
_MOST_GAIN = 12.0  # more would lift a camera's noise


class LightEvener:
    """Contrast-limited adaptive histogram equalisation (K. Zuiderveld, "Graphics Gems IV", 1994, pages 474 to 485)."""

    def __init__(self) -> None:
        self._clahe = cv2.createCLAHE(_CLIP_LIMIT, _TILES)

    def even(self, grey: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """uint8 (height, width) with about the same contrast everywhere."""
        return self._clahe.apply(lifted(grey)).astype(np.uint8, copy=False)


def lifted(grey: NDArray[np.uint8], plain: float = _PLAIN_DEVIATION) -> NDArray[np.uint8]:
    """uint8 (height, width) with more contrast where its middle has little: there is the face, if it is about one.

    Args:
        grey: uint8 (height, width).
        plain: a deviation of the grey values below this is little.
    """
    mean, deviation = _light(grey)
    return grey if deviation >= plain else _spread(grey, mean, deviation)


def is_dull(grey: NDArray[np.uint8]) -> bool:
    """Whether uint8 (height, width) is so dark, or so much of one grey, that evened light shows its faces best."""
    mean, deviation = (float(value[0, 0]) for value in cv2.meanStdDev(grey))
    return mean < _DARK_MEAN or deviation < _PLAIN_DEVIATION


def contrasted(grey: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """uint8 (height, width) with about the same contrast in its middle, whether that had little of it or much."""
    return _spread(grey, *_light(grey))


def _light(grey: NDArray[np.uint8]) -> tuple[float, float]:
    """Mean and deviation of the middle."""
    height, width = grey.shape
    middle = grey[height // 4 : -(-3 * height // 4), width // 4 : -(-3 * width // 4)]
    mean, deviation = (float(value[0, 0]) for value in cv2.meanStdDev(middle))
    return mean, deviation


def _spread(grey: NDArray[np.uint8], mean: float, deviation: float) -> NDArray[np.uint8]:
    gain = min(_MOST_GAIN, _LIFTED_DEVIATION / max(deviation, 0.1))
    raised: NDArray[np.float32] = (grey - np.float32(mean)) * np.float32(gain) + np.float32(128)
    return raised.clip(0, 255).astype(np.uint8)
