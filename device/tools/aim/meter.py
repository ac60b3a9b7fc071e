"""How well each followed face can be read: measures of its crop, over the last second."""

import math
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median

from device.classify.quality import laplacian_variance
from device.contract.preprocess import crop_face
from device.records import Frame, Track
from device.tools.aim.look import FaceLook
from device.tools.aim.verdict import INPUT, judge

_MEASURED_S = 1.0  # medians over so long keep a verdict from flickering
_SETTLED_S = 0.3  # one look tells little of whether a face is frontal: its finds vary from 2 to 8
_MISSED_S = 0.25  # a face that is missed in a frame or two is still held
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

    def look(self, track: Track, frame: Frame, doubted_s: float) -> FaceLook:
        brightness = median(one.brightness for one in self._measures)
        sharpness = median(one.sharpness for one in self._measures)
        frontalness = median(one.frontalness for one in self._measures)
        unseen_s = frame.time_s - track.last_seen_s
        faults = judge(
            track.box,
            (frame.width, frame.height),
            brightness=brightness,
            sharpness=sharpness,
            frontalness=frontalness if frame.time_s - self._measures[0].time_s >= _SETTLED_S else 1.0,
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


class FaceMeter:
    """Measures the faces of frame after frame; frames may be left out."""

    def __init__(self) -> None:
        self._followed: dict[int, _Followed] = {}

    def take(
        self, frame: Frame, tracks: Iterable[Track], verified: Iterable[int] | None = None
    ) -> tuple[FaceLook, ...]:
        """What is to be said of ``tracks``, all that there are in ``frame``.

        Args:
            frame: the newest.
            tracks: the confirmed faces in it.
            verified: the ids of those that a second opinion took for faces in it; None where nobody is asked for one.
        """
        listed = list(tracks)
        in_view = {track.id for track in listed}
        self._followed = {number: one for number, one in self._followed.items() if number in in_view}
        agreed = in_view if verified is None else set(verified)
        return tuple(self._look(track, frame, is_verified=track.id in agreed) for track in listed)

    def restart(self) -> None:
        """Forget all faces."""
        self._followed.clear()

    def _look(self, track: Track, frame: Frame, *, is_verified: bool) -> FaceLook:
        followed = self._followed.setdefault(track.id, _Followed())
        # A track begins with what was measured when it was last seen, which for a new one is now.
        if track.last_seen_s == frame.time_s or not followed.has_measures:
            followed.measure(track, frame)
        if is_verified:
            followed.verified_s = frame.time_s
        return followed.look(track, frame, track.last_seen_s - max(followed.verified_s, track.first_seen_s))


def brightness_of(frame: Frame) -> float:
    """Mean grey of the picture, 0 to 255."""
    return float(frame.grey[::_EVERY_PX, ::_EVERY_PX].mean())
