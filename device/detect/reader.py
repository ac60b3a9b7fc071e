"""How clearly the network that ships reads a face: of what is none it is seldom sure."""

import logging
import math

import numpy as np
from numpy.typing import NDArray

from device.classify.classifier import BUNDLED_MODEL, TfliteClassifier
from device.contract.preprocess import crop_face
from device.detect.light import lifted
from device.errors import AffectdError
from device.records import Box

UNREAD = 4.0
"""Of a place that nothing can read: speaks neither for a face nor against one."""

_DARK_DEVIATION = 10.0  # below it a cascade sees no face, either
_LEAST_SCORE = 1 / 512  # half a step of the quantised scores

_log = logging.getLogger(__name__)


class FaceReader:
    """Tells a face from what is none by the emotion network's own scores.

    Method: the largest logit, after D. Hendrycks and others, "Scaling out-of-distribution detection for real-world
    settings", ICML 2022; here above the mean logit, which is what scores keep of it.

    The network that ships is read when it is first needed, whatever model the configuration names: the weights of the
    evidence were fitted to it.
    """

    def __init__(self) -> None:
        self._classifier: TfliteClassifier | None = None
        self._is_missing = False

    def clarity(self, grey: NDArray[np.uint8], box: Box, roll_deg: float, *, mirrored: bool = False) -> float:
        """How far the likeliest emotion lies above the average one, as a logarithm: 0 to 6; `UNREAD` without a network.

        Args:
            grey: the frame, uint8 (height, width).
            box: where the face is, pixels; 0 where its middle lies outside the frame.
            roll_deg: how far it is tilted clockwise, degrees.
            mirrored: read its mirror image.
        """
        (x, y), (height, width) = box.centre, grey.shape
        if not (0 <= x < width and 0 <= y < height):
            return 0.0
        classifier = self.open()
        if classifier is None:
            return UNREAD
        crop = lifted(crop_face(grey, box, classifier.input_spec, roll_deg)[..., 0], _DARK_DEVIATION)
        view = np.ascontiguousarray(crop[:, ::-1]) if mirrored else crop
        return _clarity(classifier.classify(view[..., np.newaxis]).probabilities)

    def open(self) -> TfliteClassifier | None:
        """Read the network, unless it has been; None where it cannot be, which is said once."""
        if self._classifier is None and not self._is_missing:
            try:
                self._classifier = TfliteClassifier.load(BUNDLED_MODEL)
            except AffectdError as error:
                self._is_missing = True
                _log.warning("%s; faces are told by the cascades alone", error)
        return self._classifier


def _clarity(scores: tuple[float, ...]) -> float:
    logs = [math.log(max(score, _LEAST_SCORE)) for score in scores]
    return max(logs) - sum(logs) / len(logs)
