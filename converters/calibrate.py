"""The faces by which a network's activations are measured before it is quantised."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from converters.trained import LabelledFaces
from device.contract.preprocess import InputSpec, to_real

FACES = 500
"""Enough for stable ranges: TFLite's guide asks for 100 to 500."""

METHOD = "training faces, drawn at random, equally many of each label as far as there are"


@dataclass(frozen=True, slots=True, eq=False)
class RepresentativeSet:
    """Faces uint8 (n, height, width, 1) that reach pixel 0 and pixel 255."""

    faces: NDArray[np.uint8]
    seed: int

    def batches(self, spec: InputSpec) -> Iterator[list[NDArray[np.float32]]]:
        """What ``TFLiteConverter.representative_dataset`` is to yield: one face at a time, as real values."""
        for row in range(len(self.faces)):
            yield [to_real(self.faces[row : row + 1], spec)]


def representative_set(source: LabelledFaces, seed: int, count: int = FACES) -> RepresentativeSet:
    """Draw ``count`` faces, or all where there are fewer, equally many of each label as far as there are."""
    rng = np.random.default_rng(seed)
    queues = [rng.permutation(np.flatnonzero(source.labels == label)) for label in np.unique(source.labels)]
    chosen: list[int] = []
    for turn in range(max(len(queue) for queue in queues)):
        chosen.extend(int(queue[turn]) for queue in queues if turn < len(queue))
    faces = source.faces[chosen[:count]].copy()
    _reach_both_ends(faces)
    return RepresentativeSet(faces, seed)


def _reach_both_ends(faces: NDArray[np.uint8]) -> None:
    """Give the first face a black and a white pixel where no face has them.

    The converter takes the input's range from what it sees; only the full one makes a pixel's byte its own
    quantised value. A black or white picture would do that too, but widen the ranges of all layers behind.
    """
    if faces.min() > 0 or faces.max() < 255:
        first = faces[0].reshape(-1)
        darkest, brightest = int(first.argmin()), int(first.argmax())
        if darkest == brightest:
            darkest, brightest = 0, first.size - 1
        first[darkest], first[brightest] = 0, 255
