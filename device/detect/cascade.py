"""Haar cascades: their files, and what one finds in a picture."""

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from device.errors import UnavailableError

_DEBIAN_CASCADES = "/usr/share/opencv4/haarcascades"  # where Debian's opencv-data puts them


@dataclass(frozen=True, slots=True)
class Find:
    """One place where a cascade sees a face: left, top, side in pixels, and how many finds were merged into it."""

    x: float
    y: float
    side: float
    neighbors: int


class HaarCascade:
    """OpenCV's cascade classifier.

    Method: P. Viola and M. Jones, "Rapid object detection using a boosted cascade of simple features", CVPR 2001.

    Args:
        path: the XML file.

    Raises:
        UnavailableError: it cannot be read, or OpenCV has no cascades.
    """

    def __init__(self, path: Path) -> None:
        self._cascade = _load(path)
        self.window_px = int(max(self._cascade.getOriginalWindowSize()))
        """Side of the smallest face that it can see."""

    def find(
        self, grey: NDArray[np.uint8], *, smallest_px: float, largest_px: float, factor: float, neighbors: int
    ) -> list[Find]:
        """Faces in uint8 (height, width), the surest first.

        Args:
            grey: the picture.
            smallest_px: sides below this are not looked for.
            largest_px: sides above this are not looked for.
            factor: from one side to the next.
            neighbors: how many overlapping finds make one.
        """
        if min(grey.shape) < self.window_px:
            return []
        smallest, largest = round(smallest_px), round(largest_px)
        found, counts = self._cascade.detectMultiScale2(
            grey, scaleFactor=factor, minNeighbors=neighbors, minSize=(smallest, smallest), maxSize=(largest, largest)
        )
        finds = [Find(int(x), int(y), int(w), int(count)) for (x, y, w, _), count in zip(found, counts, strict=True)]
        return sorted(finds, key=lambda find: find.neighbors, reverse=True)

    def windows(
        self, grey: NDArray[np.uint8], smallest_px: float, largest_px: float, factor: float
    ) -> list[tuple[int, int, int, int]]:
        """All windows of uint8 (height, width) that it takes, before any are merged: left, top, width, height."""
        if min(grey.shape) < self.window_px:
            return []
        smallest, largest = round(smallest_px), round(largest_px)
        found = self._cascade.detectMultiScale(
            grey, scaleFactor=factor, minNeighbors=0, minSize=(smallest, smallest), maxSize=(largest, largest)
        )
        return [(int(x), int(y), int(w), int(h)) for x, y, w, h in found]


def cascade_path(named: Path | None, default_name: str, key: str) -> Path:
    """The file that is meant.

    Args:
        named: as configured, None for OpenCV's own.
        default_name: the file name of OpenCV's own.
        key: the setting that names it, for the error.

    Raises:
        UnavailableError: there is no such file.
    """
    if not hasattr(cv2, "CascadeClassifier"):
        raise UnavailableError(
            f"OpenCV {cv2.__version__} has no cascade classifier",
            "pip install 'opencv-python-headless>=4.10,<5', or use a network: affectd detector install FILE",
        )
    if named is not None:
        if not named.is_file():
            raise UnavailableError(f"no cascade at {named}", f"correct {key} or leave it out")
        return named
    folders = [
        folder for folder in (getattr(getattr(cv2, "data", None), "haarcascades", ""), _DEBIAN_CASCADES) if folder
    ]
    for folder in folders:
        if (Path(folder) / default_name).is_file():
            return Path(folder) / default_name
    raise UnavailableError(
        f"{default_name} is in none of {', '.join(folders)}",
        f"install opencv-python-headless below 5 with pip, or Debian's opencv-data, or set {key}",
    )


def _load(path: Path) -> "cv2.CascadeClassifier":
    try:
        cascade = cv2.CascadeClassifier(str(path))
    except (cv2.error, SystemError) as error:  # the latter is how OpenCV's constructors fail on bad XML
        raise _damaged(path) from error
    if cascade.empty():
        raise _damaged(path)
    return cascade


def _damaged(path: Path) -> UnavailableError:
    return UnavailableError(
        f"{path} is not a whole Haar cascade", "install it again, or correct detector.cascade and second_cascade"
    )
