"""Inputs with known scores, by which a device notices that it does not compute what was converted.

They are drawn, not photographed: a model file goes to strangers, and no person's face is to travel in it.
Half are smooth random fields, which excite a network's filters at several scales; half are crude faces of blobs, which
lie nearer to what it was trained on.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from device.classify.interpreter import TfliteInterpreter
from device.contract.model_card import GoldenExample, GoldenSet
from device.contract.preprocess import InputSpec

TOLERANCE = 0.1
"""Greatest difference per score.

Kernels round differently: on one network TFLite's own and XNNPACK's were up to 0.035 apart. A mixed-up label, range or
weight moves a score by far more than this.
"""

_SCALES = (0.03, 0.06, 0.12, 0.25)  # standard deviation of the blur, as a share of the height


def golden_set(interpreter: TfliteInterpreter, spec: InputSpec, seed: int, count: int = 8) -> GoldenSet:
    """Draw candidates and keep the ``count`` whose scores differ most, so that mixed-up labels are noticed."""
    candidates = draw(spec, seed, 8 * count)
    scores = interpreter.run(candidates)
    return GoldenSet(
        tolerance=TOLERANCE,
        examples=tuple(GoldenExample.of(candidates[index], scores[index]) for index in _spread(scores, count)),
    )


def draw(spec: InputSpec, seed: int, count: int) -> NDArray[np.uint8]:
    """Pictures uint8 (count, height, width, 1), by turns a random field and a crude face."""
    rng = np.random.default_rng(seed)
    pictures = [
        _crude_face(spec, rng) if turn % 2 else _random_field(spec, _SCALES[turn // 2 % len(_SCALES)], rng)
        for turn in range(count)
    ]
    return np.stack([_to_pixels(picture)[..., np.newaxis] for picture in pictures])


def _random_field(spec: InputSpec, scale: float, rng: np.random.Generator) -> NDArray[np.float32]:
    noise = rng.standard_normal((spec.height, spec.width), np.float32)
    return np.asarray(cv2.GaussianBlur(noise, (0, 0), scale * spec.height), np.float32)


def _crude_face(spec: InputSpec, rng: np.random.Generator) -> NDArray[np.float32]:
    """A bright oval with dark eyes, brows that slant, and a mouth that is bent and open to some degree."""
    y, x = np.mgrid[-1.0 : 1.0 : complex(spec.height), -1.0 : 1.0 : complex(spec.width)]
    picture = 0.4 * rng.random() + 0.2 * x * rng.uniform(-1, 1) + _blob(x / 0.75, y / 0.95)
    slant, bend, opening = rng.uniform(-0.6, 0.6), rng.uniform(-0.8, 0.8), rng.uniform(0.04, 0.25)
    for side in (-1, 1):
        from_eye = x * side - 0.35
        picture -= rng.uniform(0.4, 0.9) * _blob(from_eye / 0.14, (y + 0.25) / rng.uniform(0.04, 0.12))
        picture -= 0.6 * _blob(from_eye / 0.2, (y + 0.5 + slant * from_eye) / 0.05)
    picture -= 0.8 * _blob(x / 0.32, (y - 0.45 + bend * x**2) / opening)
    picture -= 0.2 * _blob(x / 0.08, (y - 0.1) / 0.2)
    return np.asarray(picture + 0.05 * rng.standard_normal(picture.shape), np.float32)


def _blob(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
    blob: NDArray[np.float64] = np.exp(-(x**2) - y**2)
    return blob


def _to_pixels(picture: NDArray[np.float32]) -> NDArray[np.uint8]:
    low, high = float(picture.min()), float(picture.max())
    pixels: NDArray[np.uint8] = np.rint((picture - low) * (255.0 / (high - low))).astype(np.uint8)
    return pixels


def _spread(scores: NDArray[np.float32], count: int) -> list[int]:
    """Rows that lie far from each other: start at the surest, then always the one farthest from those chosen."""
    chosen = [int(scores.max(axis=1).argmax())]
    while len(chosen) < count:
        distances = np.abs(scores[:, np.newaxis] - scores[chosen]).sum(axis=2).min(axis=1)
        distances[chosen] = -1.0
        chosen.append(int(distances.argmax()))
    return chosen
