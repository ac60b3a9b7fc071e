"""The device's own way to a face: found in a frame, and cropped out of it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from device.contract.preprocess import InputSpec, crop_face
from device.detect import DetectorSettings, open_detector
from device.detect.cascade import HaarCascade, cascade_path
from device.errors import RecordError
from device.records import Box, Face
from trainer.judging.intervals import DECIMALS
from trainer.stress.scenes import scene

Find = Callable[[NDArray[np.uint8]], Sequence[Face]]
"""Faces in a frame, uint8 (h, w)."""
SAME_FACE_IOU = 0.5

_TUTORIAL_FACTOR, _TUTORIAL_NEIGHBORS = 1.3, 5


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """What came of faces that were put before a camera.

    Attributes:
        found: bool (n,), whether the face was found where it was.
        crops: uint8 (found, height, width, 1), what the model is given of each that was.
        strangers: how many faces were found where none was.
    """

    found: NDArray[np.bool_]
    crops: NDArray[np.uint8]
    strangers: int

    def __post_init__(self) -> None:
        if len(self.crops) != self.found.sum():
            raise RecordError(f"{self.found.sum()} faces were found, and there are {len(self.crops)} crops")

    @property
    def share(self) -> float:
        """Of the faces, how many were found; 0 to 1."""
        return float(self.found.mean()) if len(self.found) else 0.0

    def as_dict(self) -> dict[str, float | int]:
        """For JSON."""
        return {"share": round(self.share, DECIMALS), "strangers": self.strangers}


def look_at(
    faces: NDArray[np.uint8], spec: InputSpec, find: Find, seed: int, progress: Callable[[int, int], None]
) -> Seen:
    """Put each of ``faces`` uint8 (n, h, w, 1) into a frame, and find and crop it as the device does.

    The same seed makes the same frames; ``progress`` is called with how many of how many are done.
    """
    random = np.random.default_rng(seed)
    found = np.zeros(len(faces), np.bool_)
    crops, strangers = [], 0
    for position, face in enumerate(faces):
        progress(position, len(faces))
        frame, place = scene(face[..., 0], random)
        boxes = find(frame)
        best = max(boxes, key=lambda one: place.iou(one.box), default=None)
        hit = best is not None and place.iou(best.box) >= SAME_FACE_IOU
        strangers += len(boxes) - hit
        if hit and best:
            found[position] = True
            crops.append(crop_face(frame, best.box, spec, best.roll_deg))
    progress(len(faces), len(faces))
    return Seen(found, np.stack(crops) if crops else np.empty((0, spec.height, spec.width, 1), np.uint8), strangers)


def device_finder(network: Path | None = None) -> Find:
    """The daemon's detector as it searches a still picture: by cascades, or by the ``network`` that is named.

    Raises:
        UnavailableError: cascades are missing, or the network cannot be used.
    """
    settings = DetectorSettings(kind="yunet" if network else "haar", network=network)
    return open_detector(settings, None).proposer.detect


def naive_finder() -> Find:
    """What is copied most: the same cascade with the settings of OpenCV's tutorial. Raises UnavailableError."""
    cascade = HaarCascade(cascade_path(None, "haarcascade_frontalface_default.xml", "detector.cascade"))

    def find(frame: NDArray[np.uint8]) -> list[Face]:
        found = cascade.find(
            frame, smallest_px=0, largest_px=max(frame.shape), factor=_TUTORIAL_FACTOR, neighbors=_TUTORIAL_NEIGHBORS
        )
        return [Face(Box(one.x, one.y, one.side, one.side), float(one.neighbors)) for one in found]

    return find
