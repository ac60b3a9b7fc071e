"""Which face is which from frame to frame."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from device.errors import RecordError
from device.records import Box, Expected, Face, Track
from device.section import Section
from device.track.assignment import assign


class TrackerSettings(Section):
    """How faces are followed. Every time is in seconds, not in frames."""

    confirm_hits: int = Field(default=3, ge=1, le=100, description="detections before a new face counts")
    confirm_s: float = Field(
        default=0.2,
        ge=0.0,
        le=10.0,
        description="least time from the first to the last detection of a new face, "
        "seconds; a face that is missed for this long before is forgotten",
    )
    lost_s: float = Field(
        default=1.5, ge=0.0, le=60.0, description="how long a face is kept without being detected, seconds"
    )
    visible_s: float = Field(
        default=0.35,
        ge=0.0,
        le=10.0,
        description="how long a face that is not detected still counts as visible, seconds; detectors flicker, and "
        "many faces are searched in turn",
    )
    max_distance: float = Field(
        default=1.0,
        gt=0.0,
        le=5.0,
        description="how far a face may be from its expected place, in face sides; a change of size counts as well",
    )
    duplicate_overlap: float = Field(
        default=0.5,
        gt=0.0,
        le=1.0,
        description="a new detection is a duplicate if it shares this much of the smaller box with a face in the same "
        "frame",
    )
    doubt_s: float = Field(
        default=10.0,
        gt=0.0,
        le=3600.0,
        description="how long a face is kept that is detected, but that the second cascade no longer confirms, seconds",
    )
    smoothing_s: float = Field(
        default=0.1,
        ge=0.0,
        le=2.0,
        description="how long the average of a box's position and speed reaches back, seconds; 0 takes boxes as they "
        "come",
    )


_VERIFY_INTERVAL_S = 2.5

# Of a face that another one begins to hide only a part is detected: it seems to stop.
_BESIDE = 1.3  # mean sides from middle to middle
_SPEED_GAIN_BESIDE = 0.2

# Of a face that is not confirmed yet: the evidence of its looks adds up.
_MOST_OF_ONE_LOOK = 2.0
_SPEAKS_AGAINST = 4.0
_SURE_FROM = 4.0  # a look that says so much for it decides alone; the face need only be seen again
_UNDECIDED_S = 1.5


@dataclass(frozen=True, slots=True)
class TrackerUpdate:
    """The tracks after one frame.

    Attributes:
        active: confirmed tracks, in the order of their ids; those that were not detected lately have ``visible`` false.
        ended: confirmed tracks that were given up in this frame, with their last detected box.
    """

    active: tuple[Track, ...]
    ended: tuple[Track, ...]


class CentroidTracker:
    """Follows faces by the least total distance between detections and where the faces are expected.

    A face moves on at constant speed between detections. Position and speed follow a critically damped g-h filter
    (E. Brookner, "Tracking and Kalman Filtering Made Easy", 1998, chapter 1), whose gains follow from the time between
    detections, so that the frame rate does not matter. A new face has no id until it is confirmed, and only detections
    that are verified bring it there.
    """

    def __init__(self, settings: TrackerSettings) -> None:
        self._settings = settings
        self._followed: list[_Followed] = []
        self._last_id = 0
        self._time_s = -math.inf

    def expect(self, time_s: float) -> tuple[Expected, ...]:
        """Where every face, confirmed or not, should be at monotonic ``time_s``."""
        wait_s = self._settings.confirm_s / max(1, self._settings.confirm_hits - 1)
        return tuple(followed.as_expected(time_s, wait_s) for followed in self._followed)

    def update(self, faces: Sequence[Face], time_s: float, size: tuple[float, float] | None = None) -> TrackerUpdate:
        """Take the detections of a frame.

        Args:
            faces: what was detected.
            time_s: when the frame was taken, monotonic seconds that never go back.
            size: width and height of the frame, pixels: a face that moves out of it is given up at once.
        """
        if time_s < self._time_s:
            raise RecordError(f"a frame at {time_s} s comes after one at {self._time_s} s")
        self._time_s = time_s
        unclaimed = self._correct(faces, time_s)
        self._add_new(unclaimed, time_s)
        ended = self._give_up(time_s, size)
        self._confirm()
        visible_s = self._settings.visible_s
        active = (followed.as_track(time_s, visible_s) for followed in self._followed if followed.id)
        return TrackerUpdate(tuple(sorted(active, key=lambda track: track.id)), ended)

    def end_all(self) -> tuple[Track, ...]:
        """Give up every face; returns the confirmed tracks. Ids go on."""
        ended = tuple(followed.as_ended() for followed in self._followed if followed.id)
        self._followed = []
        return tuple(sorted(ended, key=lambda track: track.id))

    def _correct(self, faces: Sequence[Face], time_s: float) -> list[Face]:
        """Move tracks to their detections; returns the detections that are nobody's."""
        expected = [followed.expected(time_s) for followed in self._followed]
        pairs = assign(_distances(expected, [face.box for face in faces]), self._settings.max_distance)
        for row, column in pairs:
            others = expected[:row] + expected[row + 1 :]
            beside = any(_is_beside(expected[row], other) for other in others)
            self._followed[row].correct(faces[column], time_s, self._settings.smoothing_s, beside=beside)
        claimed = {column for _, column in pairs}
        return [face for column, face in enumerate(faces) if column not in claimed]

    def _add_new(self, faces: list[Face], time_s: float) -> None:
        judged = (face for face in faces if _is_judged(face))
        for face in sorted(judged, key=lambda face: face.score, reverse=True):
            seen = (followed.box for followed in self._followed if followed.last_seen_s == time_s)
            if all(face.box.overlap(box) < self._settings.duplicate_overlap for box in seen):
                self._followed.append(_Followed(face, time_s))

    def _give_up(self, time_s: float, size: tuple[float, float] | None) -> tuple[Track, ...]:
        kept, ended = [], []
        for followed in self._followed:
            if self._is_kept(followed, time_s) and (size is None or followed.is_inside(size, time_s)):
                kept.append(followed)
            elif followed.id:
                ended.append(followed.as_ended())
        self._followed = kept
        return tuple(sorted(ended, key=lambda track: track.id))

    def _is_kept(self, followed: "_Followed", time_s: float) -> bool:
        if not followed.id:
            undecided_s = time_s - followed.first_seen_s if followed.surplus < 0.0 else 0.0
            is_refused = followed.surplus <= -_SPEAKS_AGAINST or undecided_s > _UNDECIDED_S
            return time_s - followed.last_judged_s <= self._settings.confirm_s and not is_refused
        doubted_s = followed.last_seen_s - followed.last_verified_s
        return time_s - followed.last_seen_s <= self._settings.lost_s and doubted_s <= self._settings.doubt_s

    def _confirm(self) -> None:
        for followed in self._followed:
            lasted_s = followed.last_judged_s - followed.first_seen_s
            enough = followed.hits >= self._settings.confirm_hits and lasted_s >= self._settings.confirm_s
            if not followed.id and enough and followed.surplus >= 0.0:
                self._last_id += 1
                followed.id = self._last_id


class _Followed:
    """One face, confirmed or not (then its id is 0): its state at the last detection."""

    def __init__(self, face: Face, time_s: float) -> None:
        self.id = 0
        self.box = face.box
        self.roll_deg = face.roll_deg
        self.score = face.score
        self.frontalness = face.frontalness
        self.first_seen_s = self.last_seen_s = self.last_verified_s = self.last_judged_s = time_s
        self.hits = 1
        self.surplus = _surplus(face)
        self.clearest_look = face.surplus or 0.0
        self._speed = (0.0, 0.0)

    def expected(self, time_s: float) -> Box:
        """Where it should be at ``time_s``."""
        elapsed_s = time_s - self.last_seen_s
        dx, dy = (speed * elapsed_s for speed in self._speed)
        return Box(self.box.x + dx, self.box.y + dy, self.box.w, self.box.h)

    def is_inside(self, size: tuple[float, float], time_s: float) -> bool:
        """Whether its middle should be within a frame of that width and height."""
        x, y = self.expected(time_s).centre
        return 0 <= x < size[0] and 0 <= y < size[1]

    def correct(self, face: Face, time_s: float, memory_s: float, *, beside: bool) -> None:
        """Take a detection in; the speed changes little while another face is ``beside`` it."""
        detected = face.box
        elapsed_s = time_s - self.last_seen_s
        kept = math.exp(-elapsed_s / memory_s) if memory_s else 0.0
        position_gain, speed_gain = 1.0 - kept**2, (1.0 - kept) ** 2  # Brookner's g and h
        if beside:
            speed_gain *= _SPEED_GAIN_BESIDE
        expected = self.expected(time_s)
        missed = [found - awaited for found, awaited in zip(detected.centre, expected.centre, strict=True)]
        if elapsed_s > 0.0:
            vx, vy = (speed + speed_gain * by / elapsed_s for speed, by in zip(self._speed, missed, strict=True))
            self._speed = (vx, vy)
        centre_x, centre_y = (awaited + position_gain * by for awaited, by in zip(expected.centre, missed, strict=True))
        width = expected.w + position_gain * (detected.w - expected.w)
        height = expected.h + position_gain * (detected.h - expected.h)
        self.box = Box(centre_x - width / 2, centre_y - height / 2, width, height)
        self.last_seen_s = time_s
        self.roll_deg, self.score, self.frontalness = face.roll_deg, face.score, face.frontalness
        if face.verified:
            self.last_verified_s = time_s
        if _is_judged(face) or self._is_sure():
            self.last_judged_s = time_s
            self.hits += 1
            self.surplus += _surplus(face)
            self.clearest_look = max(self.clearest_look, face.surplus or 0.0)

    def as_expected(self, time_s: float, wait_s: float) -> Expected:
        """What the search for it should know; a second opinion on a new one is asked for every ``wait_s`` at most."""
        # A millisecond's grace: frames come a little early and late.
        is_due = time_s - self.last_judged_s >= wait_s - 0.001
        verify = time_s - self.last_verified_s >= _VERIFY_INTERVAL_S if self.id else is_due and not self._is_sure()
        return Expected(self.expected(time_s), self.roll_deg, time_s - self.last_seen_s, verify, not self.id)

    def _is_sure(self) -> bool:
        """Whether a new face needs no more evidence."""
        return not self.id and self.clearest_look >= _SURE_FROM

    def as_track(self, time_s: float, visible_s: float) -> Track:
        """Its record at ``time_s``; visible where it was seen no more than ``visible_s`` ago."""
        return self._as_track(self.expected(time_s), visible=time_s - self.last_seen_s <= visible_s)

    def as_ended(self) -> Track:
        """Its last record, at the place of its last detection."""
        return self._as_track(self.box, visible=False)

    def _as_track(self, box: Box, *, visible: bool) -> Track:
        return Track(
            self.id,
            box,
            self.first_seen_s,
            self.last_seen_s,
            visible,
            self.roll_deg,
            self.score,
            self.frontalness,
        )


def _is_beside(one: Box, other: Box) -> bool:
    """Whether they touch, or nearly so."""
    return math.dist(one.centre, other.centre) < _BESIDE * (one.w + other.w) / 2


def _is_judged(face: Face) -> bool:
    """Whether a second opinion was given, for the face or against it."""
    return face.verified or face.surplus is not None


def _surplus(face: Face) -> float:
    """What a look adds to the evidence of a new face; one look alone decides little."""
    return 0.0 if face.surplus is None else min(max(face.surplus, -_MOST_OF_ONE_LOOK), _MOST_OF_ONE_LOOK)


def _distances(expected: list[Box], detected: list[Box]) -> NDArray[np.float64]:
    """(expected, detected): distance of the centres in face sides, plus the difference of the sizes' logarithms."""
    rows = [[_distance(one, other) for other in detected] for one in expected]
    return np.array(rows, np.float64).reshape(len(expected), len(detected))


def _distance(one: Box, other: Box) -> float:
    side, other_side = math.sqrt(one.w * one.h), math.sqrt(other.w * other.h)
    return math.dist(one.centre, other.centre) / side + abs(math.log(other_side / side))
