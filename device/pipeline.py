"""One frame's way from pixels to events; knows no camera, no model file and no broker."""

import time
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from device.classify.quality import crop_quality, size_quality
from device.classify.schedule import ClassifySchedule
from device.contract.preprocess import InputSpec, crop_face
from device.events.derive import EventDeriver
from device.events.smooth import EmotionSmoother
from device.interfaces import Classifier, FaceFinder, Sink
from device.records import Frame, LeaveReason, Observation, ObservedFace, Reading, Track
from device.system.telemetry import Telemetry
from device.track.tracker import CentroidTracker


class Pipeline:
    """The loop's body: detect, follow, classify, smooth, tell."""

    def __init__(
        self,
        *,
        finder: FaceFinder,
        tracker: CentroidTracker,
        classifier: Classifier,
        turns: ClassifySchedule,
        input_spec: InputSpec,
        smoother: EmotionSmoother,
        deriver: EventDeriver,
        telemetry: Telemetry,
        sinks: Sequence[Sink],
    ) -> None:
        self._finder = finder
        self._tracker = tracker
        self._classifier = classifier
        self._turns = turns
        self._input_spec = input_spec
        self._smoother = smoother
        self._deriver = deriver
        self._telemetry = telemetry
        self._sinks = sinks
        self._readings: dict[int, Reading | None] = {}
        self._qualities: dict[int, float] = {}
        self._mirrored_next: set[int] = set()

    def step(self, frame: Frame) -> Observation:
        """Take one frame through all stages; sinks hear of the observation and of every event."""
        begun = time.perf_counter()
        faces = self._finder.find(frame, self._tracker.expect(frame.time_s))
        self._telemetry.add_latency("detect", time.perf_counter() - begun)
        update = self._tracker.update(faces, frame.time_s, (frame.width, frame.height))
        self._read_some(update.active, frame)
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

    def _read_some(self, tracks: tuple[Track, ...], frame: Frame) -> None:
        # Where a face is only expected, another may be, or none.
        in_view = {track.id: track for track in tracks if track.last_seen_s == frame.time_s}
        worth = [(track.id, self._worth(track)) for track in in_view.values()]
        for track_id in self._turns.due(worth, frame.time_s):
            self._read(in_view[track_id], frame)

    def _worth(self, track: Track) -> float:
        """How well its face could be read the last time; of a new one only the size is known."""
        return self._qualities.get(track.id) or size_quality(track, self._input_spec.width)

    def _read(self, track: Track, frame: Frame) -> None:
        begun = time.perf_counter()
        crop = crop_face(frame.grey, track.box, self._input_spec, track.roll_deg)
        quality = crop_quality(crop, track, self._input_spec.width)
        self._qualities[track.id] = quality
        scores = self._classifier.classify(self._every_second_mirrored(track.id, crop))
        self._readings[track.id] = self._smoother.update(track.id, scores, frame.time_s, quality)
        self._telemetry.add_latency("classify", time.perf_counter() - begun)

    def _every_second_mirrored(self, track_id: int, crop: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Smoothing averages over a face and its mirror image then, which is right more often than over either."""
        self._mirrored_next ^= {track_id}
        return crop if track_id in self._mirrored_next else np.ascontiguousarray(crop[:, ::-1])

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
        self._turns.forget(track.id)
        self._readings.pop(track.id, None)
        self._qualities.pop(track.id, None)
        self._mirrored_next.discard(track.id)
