"""How well an expression can be read off a crop, whatever the expression."""

import cv2
import numpy as np
from numpy.typing import NDArray

from device.records import Track

SHARP_VARIANCE = 250.0
"""Of the Laplacian: 280 to 820 in real clips at rest, a third of it after a blur of 5 px."""

_PLAIN_DEVIATION = 20.0  # grey levels; below, a crop is nearly of one colour
_LEAST = 0.1


def size_quality(track: Track, input_px: int) -> float:
    """How much of the input's resolution the face fills, 0 to 1."""
    return min(1.0, max(track.box.w, track.box.h) / input_px)


def laplacian_variance(grey: NDArray[np.uint8]) -> float:
    """How sharp uint8 (height, width) is, see `crop_quality`; grey levels squared, from 0."""
    return float(cv2.Laplacian(grey, cv2.CV_32F).var())


def crop_quality(crop: NDArray[np.uint8], track: Track, input_px: int) -> float:
    """The product of size, sharpness, contrast and frontalness, 0.1 to 1.

    Sharpness is the variance of the Laplacian (J. L. Pech-Pacheco et al., "Diatom autofocusing in brightfield
    microscopy", ICPR 2000); how frontal a face is, the detector tells.

    Args:
        crop: uint8 (height, width, 1), as the contract's preprocessing gives it.
        track: whose crop it is.
        input_px: side of the model's input.
    """
    grey = crop[..., 0]
    sharpness = laplacian_variance(grey) / SHARP_VARIANCE
    contrast = float(grey.std()) / _PLAIN_DEVIATION
    shares = (size_quality(track, input_px), sharpness, contrast, track.frontalness)
    return max(_LEAST, float(np.prod([min(1.0, share) for share in shares])))
