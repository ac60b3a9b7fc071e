"""Affine quantisation as TFLite defines it: ``real = (q - zero_point) * scale``."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from device.errors import RecordError


@dataclass(frozen=True, slots=True)
class Quantization:
    """Scale and zero point of one tensor, as read from it; ``dtype`` is uint8 or int8."""

    scale: float
    zero_point: int
    dtype: np.dtype[np.uint8] | np.dtype[np.int8]

    def __post_init__(self) -> None:
        if self.dtype not in (np.dtype(np.uint8), np.dtype(np.int8)):
            raise RecordError(f"quantised tensors are uint8 or int8, not {self.dtype}")
        if not (np.isfinite(self.scale) and self.scale > 0):
            raise RecordError(f"a scale is positive, not {self.scale}")


def quantize(real: NDArray[np.floating], quantization: Quantization) -> NDArray[np.uint8] | NDArray[np.int8]:
    """Round to the nearest step and clip to the type's range; same shape as ``real``."""
    limits = np.iinfo(quantization.dtype)
    steps = np.rint(real / np.float32(quantization.scale)) + quantization.zero_point
    clipped: NDArray[np.uint8] | NDArray[np.int8] = np.clip(steps, limits.min, limits.max).astype(quantization.dtype)
    return clipped


def dequantize(q: NDArray[np.uint8] | NDArray[np.int8], quantization: Quantization) -> NDArray[np.float32]:
    """Real values, float32; widened before the zero point is taken off, since uint8 would wrap."""
    real: NDArray[np.float32] = (q.astype(np.float32) - quantization.zero_point) * np.float32(quantization.scale)
    return real
