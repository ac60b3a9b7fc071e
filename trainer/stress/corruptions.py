"""What corrupts a face in a camera's picture, each at three levels.

After Hendrycks and Dietterich, "Benchmarking Neural Network Robustness to Common Corruptions and Perturbations" (2019),
with levels for faces of 48 pixels and kinds that a camera in a room has.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from device.contract.preprocess import InputSpec, resize

Corrupt = Callable[[NDArray[np.uint8], float, np.random.Generator], NDArray[Any]]
"""From one face uint8 (h, w), a level and a source of chance to pixels (h, w) of 0 to 255, beyond which is cut off."""

_DARK_NOISE = 3.0
"""Standard deviation of a sensor's noise that is left when the light is not, of 255."""


@dataclass(frozen=True, slots=True)
class Corruption:
    """One way in which a face is corrupted.

    Attributes:
        name: in words.
        unit: of the levels.
        levels: from mild to strong.
        corrupt: see ``Corrupt``.
    """

    name: str
    unit: str
    levels: tuple[float, ...]
    corrupt: Corrupt = field(repr=False)

    def apply(self, faces: NDArray[np.uint8], level: float, seed: int) -> NDArray[np.uint8]:
        """Corrupt uint8 (n, h, w, 1); the same seed gives the same pixels."""
        random = np.random.default_rng(seed)
        corrupted = np.stack([self.corrupt(face[..., 0], level, random) for face in faces])
        pixels: NDArray[np.uint8] = np.clip(np.rint(corrupted), 0, 255).astype(np.uint8)
        return pixels[..., np.newaxis]


def _blur(face: NDArray[np.uint8], sigma_px: float, _: np.random.Generator) -> NDArray[Any]:
    return cv2.GaussianBlur(face, (0, 0), sigma_px)


def _noise(face: NDArray[np.uint8], deviation: float, random: np.random.Generator) -> NDArray[Any]:
    return face + random.normal(0.0, deviation, face.shape)


def _darken(face: NDArray[np.uint8], light: float, random: np.random.Generator) -> NDArray[Any]:
    return face * light + random.normal(0.0, _DARK_NOISE, face.shape)


def _compress(face: NDArray[np.uint8], quality: float, _: np.random.Generator) -> NDArray[Any]:
    data = cv2.imencode(".jpg", face, [cv2.IMWRITE_JPEG_QUALITY, int(quality)])[1]
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_GRAYSCALE))


def _shrink(face: NDArray[np.uint8], side_px: float, _: np.random.Generator) -> NDArray[Any]:
    height, width = face.shape
    small = cv2.resize(face, (int(side_px), int(side_px)), interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
    return resize(small, InputSpec(height, width))[..., 0]


def _roll(face: NDArray[np.uint8], angle_deg: float, random: np.random.Generator) -> NDArray[Any]:
    height, width = face.shape
    side = -1.0 if random.random() < 0.5 else 1.0
    turn = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), side * angle_deg, 1.0)
    return cv2.warpAffine(face, turn, (width, height), borderMode=cv2.BORDER_REPLICATE)


CORRUPTIONS = (
    Corruption("blur", "px, standard deviation", (0.7, 1.2, 2.0), _blur),
    Corruption("noise", "of 255, standard deviation", (8, 16, 32), _noise),
    Corruption("low light", "of the light left", (0.5, 0.25, 0.12), _darken),
    Corruption("JPEG", "quality", (50, 25, 10), _compress),
    Corruption("small face", "px wide", (32, 24, 16), _shrink),
    Corruption("roll", "degrees to either side", (10, 17.5, 25), _roll),
)
