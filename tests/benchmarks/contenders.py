"""The pipeline as the daemon builds it, and the naive one that it is held against."""

import os
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from device.classify.classifier import BUNDLED_MODEL, ClassifierSettings, TfliteClassifier
from device.classify.schedule import ClassifySchedule
from device.contract.preprocess import crop_face
from device.detect import Detector, DetectorSettings, open_detector
from device.events.derive import EventDeriver
from device.events.smooth import EmotionSmoother
from device.pipeline import Pipeline
from device.records import Box, Frame, ObservedFace
from device.system.clock import SystemClock
from device.system.telemetry import Telemetry
from device.track.tracker import CentroidTracker, TrackerSettings

NETWORK = Path(__file__).parents[3] / "shared" / "data" / "detector" / "face_detection_yunet.onnx"
"""A network to measure with, which is not in the repository; AFFECTD_NETWORK in the environment names another."""
_CASCADES = DetectorSettings(kind="haar")


class Naive:
    """What most people write: the whole frame through the cascade at scale 1.1, every face classified, every frame."""

    def __init__(self) -> None:
        self._cascade = cv2.CascadeClassifier(
            str(Path(cv2.__file__).parent / "data" / "haarcascade_frontalface_default.xml")
        )
        self._classifier = TfliteClassifier.load(BUNDLED_MODEL)

    def find(self, grey: NDArray[np.uint8]) -> list[Box]:
        """The faces in uint8 (height, width)."""
        return [Box(*map(float, box)) for box in self._cascade.detectMultiScale(grey, 1.1, 5, minSize=(30, 30))]

    def step(self, frame: Frame) -> list[Box]:
        """The faces of one frame."""
        boxes = self.find(frame.grey)
        for box in boxes:
            self._classifier.classify(crop_face(frame.grey, box, self._classifier.model_card.input.spec()))
        return boxes


class Ours:
    """The daemon's pipeline with its default settings, without a broker."""

    def __init__(self, model: Path = BUNDLED_MODEL, detector: Detector | DetectorSettings = _CASCADES) -> None:
        opened = detector if isinstance(detector, Detector) else open_detector(detector, None)
        clock = SystemClock()
        settings = ClassifierSettings()
        classifier = TfliteClassifier.load(model)
        self._pipeline = Pipeline(
            finder=opened.finder(),
            tracker=CentroidTracker(TrackerSettings()),
            classifier=classifier,
            turns=ClassifySchedule(settings.interval_s, settings.most_per_frame),
            input_spec=classifier.model_card.input.spec(),
            smoother=EmotionSmoother(classifier.model_card.smoothing),
            deriver=EventDeriver(clock),
            telemetry=Telemetry(clock),
            sinks=[],
        )

    def step(self, frame: Frame) -> tuple[ObservedFace, ...]:
        """The confirmed faces after one frame."""
        return self._pipeline.step(frame).faces


class OursWithNetwork(Ours):
    """The same with the network as its proposer."""

    def __init__(self, model: Path = BUNDLED_MODEL) -> None:
        super().__init__(model, DetectorSettings(kind="yunet", network=network()))


def network() -> Path:
    """The network's file; it may not be there."""
    return Path(os.environ.get("AFFECTD_NETWORK", NETWORK))
