"""Faces in photographs, and what a model says of them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from device.contract.preprocess import crop_face, resize
from device.errors import DataError
from device.records import Box, Scores
from trainer.datasets.framing import FaceFinder
from trainer.datasets.listing import printable
from trainer.datasets.pictures import SUFFIXES, read_bgr
from trainer.predictor import Predictor

Reading = Literal["auto", "faces", "crops"]
"""Whether a picture is searched for faces, or is one; ``auto``: one where it has the size of the model's input."""


@dataclass(frozen=True, slots=True)
class FaceAnswer:
    """One face and what the model says of it; ``box`` in the picture's pixels, None where the picture is the face."""

    box: Box | None
    scores: Scores

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        box = self.box
        label, confidence = self.scores.top
        return {
            "box": box and {"x": round(box.x), "y": round(box.y), "w": round(box.w), "h": round(box.h)},
            "emotion": label,
            "confidence": round(confidence, 4),
            "probabilities": self.scores.as_dict(),
        }


@dataclass(frozen=True, slots=True)
class PictureAnswer:
    """A picture that was read.

    Attributes:
        path: its file.
        width, height: pixels, which the boxes in ``faces`` are in as well.
        faces: from left to right; none where no face was found.
    """

    path: Path
    width: int
    height: int
    faces: tuple[FaceAnswer, ...]

    @property
    def name(self) -> str:
        """Its file's path as text that can be written."""
        return printable(str(self.path))


class PhotoReader:
    """Finds faces as the device does in a still picture, and asks a model.

    Raises:
        UnavailableError: OpenCV's cascades are missing.
    """

    def __init__(self, predictor: Predictor, reading: Reading = "auto", *, flip: bool = False) -> None:
        self._predictor = predictor
        self._reading = reading
        self._flip = flip
        self._finder = FaceFinder()

    def read(self, path: Path) -> tuple[PictureAnswer, NDArray[np.uint8]]:
        """The faces in the picture at ``path``, and its pixels.

        Returns:
            The answer, and uint8 (height, width, 3) BGR, reduced where it was very large.

        Raises:
            DataError: it cannot be read.
        """
        bgr = read_picture(path)
        height, width = bgr.shape[:2]
        grey = cv2.cvtColor(bgr, cv2.COLOR_BGR2GRAY).astype(np.uint8, copy=False)
        spec = self._predictor.spec
        if self._reading == "crops" or (self._reading == "auto" and grey.shape == (spec.height, spec.width)):
            return PictureAnswer(path, width, height, self._answers([None], [resize(grey, spec)])), bgr
        faces, grey, scale = self._finder.find(grey)
        if scale < 1.0:
            bgr = cv2.resize(bgr, grey.shape[::-1], interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
        found = sorted(faces, key=lambda face: face.box.centre)
        crops = [crop_face(grey, face.box, spec, face.roll_deg) for face in found]
        boxes = [Box(*(side / scale for side in (face.box.x, face.box.y, face.box.w, face.box.h))) for face in found]
        return PictureAnswer(path, width, height, self._answers(boxes, crops)), bgr

    def _answers(self, boxes: Sequence[Box | None], crops: list[NDArray[np.uint8]]) -> tuple[FaceAnswer, ...]:
        if not crops:
            return ()
        shares = self._predictor.probabilities(np.stack(crops), flip=self._flip).astype(np.float64)
        shares /= shares.sum(axis=1, keepdims=True)
        labels = self._predictor.labels
        return tuple(
            FaceAnswer(box, Scores(labels, tuple(map(float, row)))) for box, row in zip(boxes, shares, strict=True)
        )


def read_picture(path: Path) -> NDArray[np.uint8]:
    """The picture at ``path``, upright, uint8 (height, width, 3) BGR.

    Raises:
        DataError: it is missing, empty, damaged, too large or no picture.
    """
    picture = read_bgr(path)
    if isinstance(picture, str):
        raise DataError(f"{path} {picture}")
    return picture


def find_pictures(paths: Sequence[Path]) -> Iterator[Path]:
    """Every file in ``paths``, and of folders every picture in them and below, sorted; each once.

    Raises:
        DataError: a folder has no picture.
    """
    seen: set[Path] = set()
    for path in paths:
        found = [path]
        if path.is_dir():
            found = sorted(file for file in path.rglob("*") if file.suffix.lower() in SUFFIXES and file.is_file())
            if not found:
                raise DataError(f"the folder {path} has no pictures", f"they end in {', '.join(sorted(SUFFIXES))}")
        yield from (file for file in found if file not in seen)
        seen.update(found)
