"""Faces by YuNet, a small network that OpenCV runs, in colour or grey, upright or tilted.

W. Wu, H. Peng, S. Yu, "YuNet: A Tiny Millisecond-level Face Detector", Machine Intelligence Research, 2023.
"""

import math
import re
from dataclasses import dataclass
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from device.errors import UnavailableError
from device.records import Box, Face

_OPENCV_ERROR = re.compile(r"OpenCV\([^)]*\) \S+ error: \([^)]*\) ")
_OPENCV_PLACE = re.compile(r" in function '\w*'.*$")
_ASSERTION = -215  # cv::Error::StsAssert
_MAX_TEXT = 200

_LEAST_SCORE = 0.3  # what is kept of a look; each user of it asks for more
_NMS_IOU = 0.3
_MOST_FACES = 200
_MOST_SIZES = 6  # of pictures in turn; each has a network of its own, for changing a network's size costs 3 ms
_RIGHT_EYE, _LEFT_EYE, _NOSE = 0, 1, 2  # the network's order; its right is the person's, and on our left
_FRONTAL_UP_TO, _SIDEWAYS_FROM = (
    0.35,
    1.2,
)  # of 184 faces, 90% of the frontal ones have less, 90% of the half-turned more


@dataclass(frozen=True, slots=True, eq=False)
class Sighting:
    """A face in the pixels of the picture that was looked at.

    Attributes:
        box: as the network draws it, from brow to chin.
        marks: float64 (5, 2), eyes, tip of the nose, corners of the mouth; they stay in `device.detect`.
        score: 0 to 1.
    """

    box: Box
    marks: NDArray[np.float64]
    score: float

    @property
    def roll_deg(self) -> float:
        """How far the line from the eyes to the mouth is tilted clockwise, degrees.

        The network draws its marks more upright than they are: faces of 48 pixels at 8, 22 and 30 degrees read 3, 8
        and 10 on average, and at 60 nothing (135 frontal faces, turned). An upright one reads upright at any size, so
        that a face which is turned back by what it reads, look after look, ends upright.
        """
        eyes, mouth = (self.marks[_RIGHT_EYE] + self.marks[_LEFT_EYE]) / 2, (self.marks[3] + self.marks[4]) / 2
        across, down = mouth - eyes
        return math.degrees(math.atan2(-across, down))

    @property
    def frontalness(self) -> float:
        """How far the face looks at the camera, 0 to 1, by how far the nose is off the middle between the eyes."""
        right, left, nose = (self.marks[mark] for mark in (_RIGHT_EYE, _LEFT_EYE, _NOSE))
        across = left - right
        half = float(np.hypot(*across)) / 2
        if half <= 0.0:
            return 0.0
        off = abs(float((nose - (right + left) / 2) @ across)) / (2 * half * half)
        return min(1.0, max(0.0, (_SIDEWAYS_FROM - off) / (_SIDEWAYS_FROM - _FRONTAL_UP_TO)))

    def in_frame(self, to_frame: NDArray[np.float64], roll_deg: float, *, verified: bool) -> Face:
        """The face in the frame's pixels.

        The box is a square as large as the network's: it lies on FER-2013's crop (1.01 of its side, concentric within
        0.06 of it; the cascade's is 0.97), so that both are cropped alike.

        Args:
            to_frame: float64 (2, 3), the affine map there.
            roll_deg: how far it is tilted in the frame.
            verified: whether a second opinion agreed.
        """
        side = math.sqrt(self.box.w * self.box.h * abs(np.linalg.det(to_frame[:, :2])))
        x, y = (float(value) for value in to_frame @ (*self.box.centre, 1.0))
        box = Box(x - side / 2, y - side / 2, side, side)
        return Face(box, self.score, roll_deg, verified, self.frontalness)


class FaceNetwork(Protocol):
    """Looks at pictures."""

    def look(self, bgr: NDArray[np.uint8]) -> list[Sighting]:
        """The faces in uint8 (height, width, 3), the surest first."""
        ...


class YuNet:
    """The network, for pictures of a few sizes.

    Args:
        content: the ONNX file.
        name: what errors call it.

    Raises:
        UnavailableError: OpenCV cannot run it, or its answers are not YuNet's.
    """

    def __init__(self, content: bytes, name: str) -> None:
        if not hasattr(cv2, "FaceDetectorYN"):
            raise UnavailableError(
                f"OpenCV {cv2.__version__} has no FaceDetectorYN", "pip install 'opencv-python-headless>=4.10'"
            )
        self._content = np.frombuffer(content, np.uint8)
        self._name = name
        self._networks: dict[tuple[int, int], cv2.FaceDetectorYN] = {}

    def look(self, bgr: NDArray[np.uint8]) -> list[Sighting]:
        """The faces in uint8 (height, width, 3), the surest first. Raises UnavailableError where it cannot be run."""
        size = (bgr.shape[1], bgr.shape[0])
        try:
            network = self._networks.get(size) or self._network(size)
            found = network.detect(bgr)[1]
        except (cv2.error, SystemError) as error:
            raise self._unusable(error) from error
        if found is None:
            return []
        if found.ndim != 2 or found.shape[1] != 15:
            raise self._unusable(f"it answers with {found.shape}")
        sightings = [_sighting(row.astype(np.float64)) for row in found if np.isfinite(row).all() and min(row[2:4]) > 0]
        return sorted(sightings, key=lambda one: one.score, reverse=True)

    def forget(self) -> None:
        """Give back the memory of the sizes that were looked at."""
        self._networks.clear()

    def _network(self, size: tuple[int, int]) -> cv2.FaceDetectorYN:
        if len(self._networks) >= _MOST_SIZES:
            self._networks.pop(next(iter(self._networks)))
        none = np.empty(0, np.uint8)
        network = cv2.FaceDetectorYN.create("onnx", self._content, none, size, _LEAST_SCORE, _NMS_IOU, _MOST_FACES)
        self._networks[size] = network
        return network

    def _unusable(self, why: object) -> UnavailableError:
        return UnavailableError(
            f"OpenCV {cv2.__version__} cannot find faces with {self._name}: {_in_words(why)}",
            "install OpenCV Zoo's face_detection_yunet with: affectd detector install FILE",
        )


def _in_words(why: object) -> str:
    """What OpenCV says without the names of its own files and functions; of errors in an error, the innermost."""
    text = " ".join(str(getattr(why, "err", why)).split())
    innermost = _OPENCV_ERROR.split(text)[-1]
    words = _OPENCV_PLACE.sub("", innermost).strip(" >")
    if getattr(why, "code", None) == _ASSERTION:
        words = f"expected {words}"
    return words[:_MAX_TEXT] or "OpenCV gives no reason"


def _sighting(row: NDArray[np.float64]) -> Sighting:
    x, y, width, height = (float(value) for value in row[:4])
    return Sighting(Box(x, y, width, height), row[4:14].reshape(5, 2), float(row[14]))
