"""Faces in one picture, found by a Haar cascade."""

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from device.errors import UnavailableError
from device.records import Box, Face
from device.section import Section

_CASCADE_NAME = "haarcascade_frontalface_default.xml"
_DEBIAN_CASCADES = "/usr/share/opencv4/haarcascades"  # where Debian's opencv-data puts them


class DetectorSettings(Section):
    """How faces are searched for; the configuration's section ``detector``."""

    cascade: Path | None = Field(
        default=None, description="XML file of a Haar cascade; where none is named, OpenCV's frontal face"
    )
    min_face: float = Field(
        default=0.08,
        ge=0.02,
        le=1.0,
        description="side of the smallest face that is searched for, as a share of the picture's height; a larger one "
        "is faster, for the search runs in a picture reduced so far",
    )
    scale_factor: float = Field(
        default=1.2,
        ge=1.01,
        le=2.0,
        description="from one searched size to the next; closer to 1 finds more and is slower",
    )
    min_neighbors: int = Field(
        default=3, ge=1, le=50, description="how many overlapping finds make a face; more means fewer false ones"
    )
    equalise: bool = Field(
        default=False,
        description="whether to spread the picture's grey values first; it helps in few rooms, harms in many",
    )


class HaarDetector:
    """OpenCV's cascade classifier on a reduced picture.

    Method: P. Viola and M. Jones, "Rapid object detection using a boosted cascade of simple features", CVPR 2001. A
    face's score is the number of overlapping finds that were merged into it.

    Raises:
        UnavailableError: the cascade is missing or cannot be read.
    """

    def __init__(self, settings: DetectorSettings) -> None:
        self._settings = settings
        self._cascade = _load(_find(settings.cascade))
        self._window_px = max(self._cascade.getOriginalWindowSize())

    def detect(self, grey: NDArray[np.uint8]) -> list[Face]:
        """Faces in uint8 (height, width), boxes in its pixels, the surest first."""
        height, width = grey.shape
        # Reduced until the smallest face is as large as the cascade's window: below that it finds nothing.
        reduction = min(1.0, self._window_px / (self._settings.min_face * height))
        reduced_size = (max(1, round(width * reduction)), max(1, round(height * reduction)))
        picture = grey if reduction == 1.0 else cv2.resize(grey, reduced_size, interpolation=cv2.INTER_AREA)
        if self._settings.equalise:
            picture = cv2.equalizeHist(picture)
        smallest_px = round(self._settings.min_face * reduced_size[1])
        found, neighbours = self._cascade.detectMultiScale2(
            picture,
            scaleFactor=self._settings.scale_factor,
            minNeighbors=self._settings.min_neighbors,
            minSize=(smallest_px, smallest_px),
        )
        scale_x, scale_y = width / reduced_size[0], height / reduced_size[1]
        faces = [
            Face(Box(x * scale_x, y * scale_y, w * scale_x, h * scale_y), float(count))
            for (x, y, w, h), count in zip(found, neighbours, strict=True)
        ]
        return sorted(faces, key=lambda face: face.score, reverse=True)


def _find(named: Path | None) -> Path:
    if named is not None:
        path = named.expanduser()
        if not path.is_file():
            raise UnavailableError(f"no cascade at {path}", "correct detector.cascade or leave it out")
        return path
    folders = [
        folder for folder in (getattr(getattr(cv2, "data", None), "haarcascades", ""), _DEBIAN_CASCADES) if folder
    ]
    for folder in folders:
        if (Path(folder) / _CASCADE_NAME).is_file():
            return Path(folder) / _CASCADE_NAME
    raise UnavailableError(
        f"{_CASCADE_NAME} is in none of {', '.join(folders)}",
        "install opencv-python-headless below 5 with pip, or Debian's opencv-data, or set detector.cascade",
    )


def _load(path: Path) -> cv2.CascadeClassifier:
    if not hasattr(cv2, "CascadeClassifier"):
        raise UnavailableError(
            f"OpenCV {cv2.__version__} has no cascade classifier", "pip install 'opencv-python-headless>=4.10,<5'"
        )
    try:
        cascade = cv2.CascadeClassifier(str(path))
    except (cv2.error, SystemError) as error:  # the latter is how OpenCV's constructors fail on bad XML
        raise _damaged(path) from error
    if cascade.empty():
        raise _damaged(path)
    return cascade


def _damaged(path: Path) -> UnavailableError:
    return UnavailableError(f"{path} is not a whole Haar cascade", "install it again or correct detector.cascade")
