"""Whether pictures are faces as a model is to see them, or photographs in which a face is yet to be found."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from threading import local

import cv2
import numpy as np
from numpy.typing import NDArray

from device.contract.preprocess import InputSpec, crop_face
from device.detect import DetectorSettings, HaarDetector
from device.records import Box, Face
from trainer.datasets.pictures import Crop

LONGEST_SIDE_PX = 1920
"""A larger photograph is reduced to it before faces are searched for, as for the device's own snapshots."""
NO_FACE = "has no face that the device's detector finds"

_SQUARE = 1.25
"""The longer side of a face's picture over its shorter, at most."""
_FEWEST_ODD = 0.2
_SAMPLE = 40
_SMALL_PX = 80
"""Pictures that are smaller are crops: a face of a quarter of them could not be recognised."""
_FILLING = 0.7
"""The detector's box is about as wide as FER-2013's crop; one narrower than this share has much around it."""
_FEWEST_FOUND = 0.3


@dataclass(slots=True)
class FaceFinder:
    """Faces in grey pictures, as the device finds them; each thread has a detector of its own."""

    _own: local = field(default_factory=local)

    def find(self, grey: NDArray[np.uint8]) -> tuple[list[Face], NDArray[np.uint8], float]:
        """The faces in uint8 (h, w), the picture they were searched in and its scale: boxes are in its pixels."""
        scale = min(1.0, LONGEST_SIDE_PX / max(grey.shape))
        if scale < 1.0:
            grey = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
        if not hasattr(self._own, "detector"):
            self._own.detector = HaarDetector(DetectorSettings())
        return self._own.detector.detect(grey), grey, scale


def crop_found(spec: InputSpec) -> Crop:
    """Cuts the largest face out of a picture, as the device does. Raises UnavailableError without cascades."""
    finder = FaceFinder()
    finder.find(np.zeros((48, 48), np.uint8))  # now, and not in the midst of a data set

    def crop(grey: NDArray[np.uint8], _: int) -> NDArray[np.uint8] | str:
        faces, seen, _scale = finder.find(grey)
        if not faces:
            return NO_FACE
        best = max(faces, key=lambda face: face.box.w * face.box.h)
        return crop_face(seen, best.box, spec, best.roll_deg)

    return crop


def crop_boxes(boxes: NDArray[np.float64], spec: InputSpec) -> Crop:
    """Cuts the face in its box, float64 (n, 4) of x, y, width and height, out of each picture."""

    def crop(grey: NDArray[np.uint8], position: int) -> NDArray[np.uint8] | str:
        box = Box(*map(float, boxes[position]))
        height, width = grey.shape
        if box.x >= width or box.y >= height or box.x + box.w <= 0 or box.y + box.h <= 0:
            return f"has a box outside its {width} x {height} pixels"
        return crop_face(grey, box, spec)

    return crop


def say_how_faces_lie(
    sizes: NDArray[np.int64], paths: tuple[Path, ...], read: Callable[[Path], NDArray[np.uint8] | None]
) -> Iterator[str]:
    """What speaks against these pictures being tight square crops of faces, a sentence each.

    Args:
        sizes: height and width of each picture as it was saved, int64 (n, 2); 0 for one that cannot be read.
        paths: their files.
        read: a picture in grey, uint8 (h, w), or None.
    """
    known = np.flatnonzero(sizes.min(axis=1) > 0)
    if not len(known):
        return
    longer, shorter = sizes[known].max(axis=1), sizes[known].min(axis=1)
    odd = longer > _SQUARE * shorter
    advice = "--find-faces crops them as the device does; docs/data.md shows what a face should look like"
    if odd.mean() > _FEWEST_ODD:
        yield f"{odd.mean():.0%} of the pictures are not square, and a model sees them squeezed: {advice}"
    large = known[shorter >= _SMALL_PX]
    if len(large) < _FEWEST_ODD * len(known):
        return
    chosen = np.random.default_rng(1).choice(large, min(_SAMPLE, len(large)), replace=False)
    shares = list(_face_shares([paths[position] for position in chosen], read))
    if len(shares) >= _FEWEST_FOUND * len(chosen) and np.median(shares) < _FILLING:
        yield (
            f"of {len(chosen)} pictures looked at, {len(shares)} hold a face that fills {np.median(shares):.0%} of the "
            f"picture's side: they are photographs, not crops of faces: {advice}"
        )


def _face_shares(paths: list[Path], read: Callable[[Path], NDArray[np.uint8] | None]) -> Iterator[float]:
    """How much of its picture's shorter side the largest face fills, of those pictures in which one is found."""
    finder = FaceFinder()
    for path in paths:
        grey = read(path)
        if grey is None:
            continue
        faces, seen, _ = finder.find(grey)
        if faces:
            yield max(max(face.box.w, face.box.h) for face in faces) / min(seen.shape)
