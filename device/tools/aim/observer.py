"""From frames to looks: the daemon's detector and tracker, and measures of what they follow."""

from collections import deque
from collections.abc import Iterator, Sequence

from device.interfaces import Clock, FaceFinder
from device.records import Face, Frame, Track
from device.tools.aim.look import Look
from device.tools.aim.meter import FaceMeter, brightness_of
from device.track.tracker import CentroidTracker

_RATE_OVER_S = 3.0
_RATE_FROM_S = 1.0  # before, a rate is little more than chance
_SAME_FACE_IOU = 0.3  # a detection and the track that it moved


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
        self._meter = FaceMeter()
        self._arrivals: deque[tuple[float, int]] = deque()
        self._held_s: float | None = None

    def take(self, frame: Frame) -> Look:
        """What is to be seen after one more frame."""
        faces = self._finder.find(frame, self._tracker.expect(frame.time_s))
        update = self._tracker.update(faces, frame.time_s, (frame.width, frame.height))
        looks = self._meter.take(frame, update.active, _verified(update.active, faces))
        if self._held_s is None or any(look.held for look in looks):
            self._held_s = frame.time_s
        fps, fps_given = self._rates(frame.index)
        return Look(
            width=frame.width,
            height=frame.height,
            brightness=brightness_of(frame),
            faces=looks,
            no_face_s=frame.time_s - self._held_s,
            fps=fps,
            fps_given=fps_given,
        )

    def restart(self) -> None:
        """Let every face go: the source was lost, and the next frame shows another moment."""
        self._tracker.end_all()
        self._meter.restart()
        self._arrivals.clear()

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


def _verified(tracks: Sequence[Track], faces: Sequence[Face]) -> Iterator[int]:
    for track in tracks:
        if any(face.verified and face.box.iou(track.box) >= _SAME_FACE_IOU for face in faces):
            yield track.id
