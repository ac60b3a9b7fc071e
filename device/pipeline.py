"""One frame's way from pixels to events; knows no camera, no model file and no broker."""

import time
from collections.abc import Sequence

from device.contract.preprocess import InputSpec, crop_face
from device.events import EventDeriver, LeaveReason
from device.interfaces import Classifier, FaceDetector, Sink
from device.records import Frame, Observation, ObservedFace, Reading, Track
from device.smooth import EmotionSmoother
from device.telemetry import Telemetry
from device.track import CentroidTracker


class Pipeline:
    """The loop's body: detect, follow, classify, smooth, tell."""

    def __init__(
        self,
        *,
        detector: FaceDetector,
        tracker: CentroidTracker,
        classifier: Classifier,
        input_spec: InputSpec,
        smoother: EmotionSmoother,
        deriver: EventDeriver,
        telemetry: Telemetry,
        sinks: Sequence[Sink],
    ) -> None:
        self._detector = detector
        self._tracker = tracker
        self._classifier = classifier
        self._input_spec = input_spec
        self._smoother = smoother
        self._deriver = deriver
        self._telemetry = telemetry
        self._sinks = sinks
        self._readings: dict[int, Reading | None] = {}

    def step(self, frame: Frame) -> Observation:
        """Take one frame through all stages; sinks hear of the observation and of every event."""
        begun = time.perf_counter()
        faces = self._detector.detect(frame.grey)
        self._telemetry.add_latency("detect", time.perf_counter() - begun)
        update = self._tracker.update(faces, frame.time_s)
        for track in update.active:
            if track.visible:
                self._read(track, frame)
        found = tuple(face.box for face in faces)
        observation = Observation(frame, self._observed(update.active), self._observed(update.ended), found)
        self._tell(observation)
        self._telemetry.add_frame(frame)
        self._telemetry.add_latency("total", time.perf_counter() - begun)
        return observation

    def finish(self, reason: LeaveReason) -> None:
        """Let every face leave for ``reason``; the next frame starts afresh."""
        for track in self._tracker.end_all():
            self._forget(track)
        for event in self._deriver.end_all(reason):
            for sink in self._sinks:
                sink.emit(event)

    def _read(self, track: Track, frame: Frame) -> None:
        begun = time.perf_counter()
        scores = self._classifier.classify(crop_face(frame.grey, track.box, self._input_spec))
        self._readings[track.id] = self._smoother.update(track.id, scores, frame.time_s)
        self._telemetry.add_latency("classify", time.perf_counter() - begun)

    def _observed(self, tracks: tuple[Track, ...]) -> tuple[ObservedFace, ...]:
        return tuple(ObservedFace(track, self._readings.get(track.id)) for track in tracks)

    def _tell(self, observation: Observation) -> None:
        events = self._deriver.derive(observation)
        for sink in self._sinks:
            sink.observe(observation)
            for event in events:
                sink.emit(event)
        for face in observation.ended:
            self._forget(face.track)

    def _forget(self, track: Track) -> None:
        self._smoother.forget(track.id)
        self._readings.pop(track.id, None)
