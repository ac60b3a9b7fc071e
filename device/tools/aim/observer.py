"""From frames to looks: the daemon's detector and tracker, and measures of what they follow."""

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from device.classify.quality import laplacian_variance
from device.contract.preprocess import crop_face
from device.interfaces import Clock, FaceFinder
from device.records import Face, Frame, Track
from device.tools.aim.look import FaceLook, Look
from device.tools.aim.verdict import INPUT, judge
from device.track.tracker import CentroidTracker

_MEASURED_S = 1.0  # medians over so long keep a verdict from flickering
_MISSED_S = 0.25  # a face that is missed in a frame or two is still held
_RATE_OVER_S = 3.0
_RATE_FROM_S = 1.0  # before, a rate is little more than chance
_SAME_FACE_IOU = 0.3  # a detection and the track that it moved
_EVERY_PX = 8  # enough pixels for a picture's mean


@dataclass(frozen=True, slots=True)
class _Measures:
    time_s: float
    brightness: float
    sharpness: float
    frontalness: float


class _Followed:
    """What was measured of one face."""

    def __init__(self) -> None:
        self.verified_s = -math.inf
        self._measures: deque[_Measures] = deque()

    @property
    def has_measures(self) -> bool:
        return bool(self._measures)

    def measure(self, track: Track, frame: Frame) -> None:
        crop = crop_face(frame.grey, track.box, INPUT, track.roll_deg)[..., 0]
        self._measures.append(_Measures(frame.time_s, float(crop.mean()), laplacian_variance(crop), track.frontalness))
        while self._measures[0].time_s < frame.time_s - _MEASURED_S:
            self._measures.popleft()

    def look(self, track: Track, time_s: float, size: tuple[int, int]) -> FaceLook:
        brightness = median(one.brightness for one in self._measures)
        sharpness = median(one.sharpness for one in self._measures)
        frontalness = median(one.frontalness for one in self._measures)
        unseen_s = time_s - track.last_seen_s
        doubted_s = track.last_seen_s - max(self.verified_s, track.first_seen_s)
        faults = judge(
            track.box,
            size,
            brightness=brightness,
            sharpness=sharpness,
            frontalness=frontalness,
            doubted_s=doubted_s,
        )
        return FaceLook(
            id=track.id,
            box=track.box,
            unseen_s=unseen_s,
            held=unseen_s <= _MISSED_S,
            brightness=brightness,
            sharpness=sharpness,
            frontalness=frontalness,
            roll_deg=track.roll_deg,
            faults=faults,
        )


class AimObserver:
    """Follows faces as the daemon does, without reading them.

    Args:
        finder: finds faces.
        tracker: tells which is which.
        clock: measures the frame rate.
    """

    def __init__(self, finder: FaceFinder, tracker: CentroidTracker, clock: Clock) -> None:
        self._finder = finder
        self._tracker = tracker
        self._clock = clock
        self._followed: dict[int, _Followed] = {}
        self._arrivals: deque[tuple[float, int]] = deque()
        self._held_s: float | None = None

    def take(self, frame: Frame) -> Look:
        """What is to be seen after one more frame."""
        faces = self._finder.find(frame, self._tracker.expect(frame.time_s))
        size = (frame.width, frame.height)
        update = self._tracker.update(faces, frame.time_s, size)
        for track in update.ended:
            self._followed.pop(track.id, None)
        looks = tuple(self._look(track, faces, frame) for track in update.active)
        if self._held_s is None or any(look.held for look in looks):
            self._held_s = frame.time_s
        fps, fps_given = self._rates(frame.index)
        return Look(
            width=frame.width,
            height=frame.height,
            brightness=float(frame.grey[::_EVERY_PX, ::_EVERY_PX].mean()),
            faces=looks,
            no_face_s=frame.time_s - self._held_s,
            fps=fps,
            fps_given=fps_given,
        )

    def restart(self) -> None:
        """Let every face go: the source was lost, and the next frame shows another moment."""
        self._tracker.end_all()
        self._followed.clear()
        self._arrivals.clear()

    def _look(self, track: Track, faces: Sequence[Face], frame: Frame) -> FaceLook:
        followed = self._followed.setdefault(track.id, _Followed())
        # A track begins with what was measured when it was last seen, which for a new one is now.
        if track.last_seen_s == frame.time_s or not followed.has_measures:
            followed.measure(track, frame)
        if any(face.verified and face.box.iou(track.box) >= _SAME_FACE_IOU for face in faces):
            followed.verified_s = frame.time_s
        return followed.look(track, frame.time_s, (frame.width, frame.height))

    def _rates(self, index: int) -> tuple[float | None, float | None]:
        """Frames a second that came here, and that the source gave."""
        now_s = self._clock.monotonic_s()
        self._arrivals.append((now_s, index))
        while self._arrivals[0][0] < now_s - _RATE_OVER_S:
            self._arrivals.popleft()
        begun_s, first = self._arrivals[0]
        span_s = now_s - begun_s
        if span_s < _RATE_FROM_S:
            return None, None
        return (len(self._arrivals) - 1) / span_s, (index - first) / span_s
