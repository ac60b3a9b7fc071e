"""A network for tests: the real one where it lies beside the repository, and one that is played."""

import math
import os
from pathlib import Path

import cv2
import numpy as np
import pytest

from device.detect.yunet import Sighting
from device.records import Box

NETWORK = Path(
    os.environ.get(
        "AFFECTD_NETWORK",
        Path(__file__).parents[4] / "shared" / "data" / "detector" / "face_detection_yunet.onnx",
    )
)
needs_network = pytest.mark.skipif(
    not NETWORK.is_file(), reason=f"no network at {NETWORK}: it is not in the repository"
)

needs_cascades = pytest.mark.skipif(not hasattr(cv2, "CascadeClassifier"), reason="OpenCV 5 has no cascades")


def sighting(x: float, y: float, side: float, score: float = 0.9, roll_deg: float = 0.0, nose: float = 0.0) -> Sighting:
    """A face around (x, y); its nose is off the middle by ``nose`` of half the distance of the eyes."""
    turn = math.radians(roll_deg)
    across, down = np.array([math.cos(turn), math.sin(turn)]), np.array([-math.sin(turn), math.cos(turn)])
    eye, mouth = 0.2 * side, 0.15 * side
    places = [(-eye, -0.2), (eye, -0.2), (nose * eye, 0.0), (-mouth, 0.25), (mouth, 0.25)]
    marks = np.array([np.array([x, y]) + along * across + below * side * down for along, below in places])
    return Sighting(Box(x - side / 2, y - side / 2, side, side), marks, score)


class PlayedNetwork:
    """Sees what it is told to, in pictures of a size."""

    def __init__(self, by_size: dict[tuple[int, int], list[Sighting]] | None = None) -> None:
        self.by_size = by_size or {}
        self.looks: list[tuple[int, int]] = []

    def look(self, bgr) -> list[Sighting]:
        size = (bgr.shape[1], bgr.shape[0])
        self.looks.append(size)
        return self.by_size.get(size, [])
