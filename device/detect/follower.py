"""A known face in the frame to come: around where it should be, at its size and tilt."""

import math
from dataclasses import dataclass, replace
from typing import Protocol

from device.detect.haar import ROLL_STEP_DEG, HaarDetector
from device.detect.picture import Picture
from device.detect.search import surroundings
from device.detect.yunet import FaceNetwork
from device.records import Box, Expected, Face


class Follower(Protocol):
    """Looks for one face."""

    def follow(self, picture: Picture, expected: Expected, *, missed: bool) -> Face | None:
        """The face, boxes in the frame's pixels; None where it is not seen.

        Args:
            picture: the frame.
            expected: where it should be.
            missed: whether it was looked for in vain the last time.
        """
        ...


class HaarFollower:
    """By the first cascade, in a square around the face.

    Args:
        detector: its cascades.
        max_roll_deg: how far a head may be tilted.
    """

    _REACH = 1.6  # side of the square in which a followed face is looked for, in its own sides
    _REACH_PER_S = 4.5
    _MOST_REACH = 2.4
    _GROWTH = 1.25
    _UPRIGHT_EVERY = 4

    def __init__(self, detector: HaarDetector, max_roll_deg: float) -> None:
        self._detector = detector
        self._max_roll_deg = max_roll_deg
        self._turn = 0

    def follow(self, picture: Picture, expected: Expected, *, missed: bool) -> Face | None:
        """See `Follower`."""
        self._turn += 1
        reach = min(self._MOST_REACH, self._REACH + (self._REACH_PER_S * expected.unseen_s if missed else 0.0))
        face = self._look(picture, expected, reach, missed=missed)
        if face is None or not expected.verify:
            return face and replace(face, verified=False)
        return self._detector.weighed(picture.pyramid, face)

    def _look(self, picture: Picture, expected: Expected, reach: float, *, missed: bool) -> Face | None:
        """At the tilt of before, sometimes at a more upright one first; at others once it is missed."""

        def at(roll_deg: float, *, otherwise: bool = False) -> Face | None:
            search = surroundings(expected.box, reach=reach, growth=self._GROWTH, roll_deg=roll_deg)
            return self._detector.look_for(picture.pyramid, search, otherwise=otherwise)

        last_deg = expected.roll_deg
        more_upright_deg = last_deg - math.copysign(min(ROLL_STEP_DEG, abs(last_deg)), last_deg)
        face = None
        if last_deg and self._turn % self._UPRIGHT_EVERY == 0:
            face = at(more_upright_deg)
        face = face or at(last_deg) or at(last_deg, otherwise=True)
        if face is None and missed:
            others = [at(roll_deg, otherwise=True) for roll_deg in self._others(last_deg)]
            face = max(filter(None, others), key=lambda one: one.score, default=None)
        return face

    def _others(self, last_deg: float) -> list[float]:
        """The two tilts beside the last one."""
        return [
            roll_deg
            for roll_deg in (last_deg - ROLL_STEP_DEG, last_deg + ROLL_STEP_DEG)
            if abs(roll_deg) <= self._max_roll_deg
        ]


@dataclass(frozen=True, slots=True)
class _Patch:
    """A square of ``side_px`` pixels with the face, ``face_px`` wide, in its middle.

    ``roll_gain`` is how much of the roll that is read in it is taken: small faces read roughly. ``colour`` is whether
    it is worth making the frame's colours for.
    """

    side_px: int
    face_px: int
    roll_gain: float
    colour: bool = False


class NetworkFollower:
    """By the network, in a small patch in which the face is upright.

    In patches of 185 faces of many people the network sees 96% at ``_SEEN_FROM`` with 32 pixels to the face, and of
    what it took for faces by mistake none from ``_VERIFIED_FROM`` on with 48. A known face is found in grey as well.
    """

    _SEEN_FROM = 0.4
    _VERIFIED_FROM = 0.8
    _NEAR = 0.75  # sides of the face from where it should be
    _SMALL = _Patch(64, face_px=32, roll_gain=0.5)
    _WIDE = _Patch(96, face_px=36, roll_gain=0.5)
    _CLOSE = _Patch(96, face_px=48, roll_gain=1.0, colour=True)
    # A frontal face scores 0.91 where it is upright, 0.85 at 30 degrees, 0.7 at 45 and 0.6 at 60.
    _UPRIGHT_FROM = 0.85
    _TURN_DEG = 35.0

    def __init__(self, network: FaceNetwork) -> None:
        self._network = network

    def follow(self, picture: Picture, expected: Expected, *, missed: bool) -> Face | None:
        """See `Follower`."""
        if expected.verify:
            return self.look_closely(picture, expected.box, expected.roll_deg)
        face = self._look(picture, expected.box, expected.roll_deg, self._SMALL)
        if face is None and missed:
            # Painted, lowered and lying faces are seen in colour, larger, or turned by more than before.
            face = self._look(picture, expected.box, expected.roll_deg, self._WIDE) or self.look_closely(
                picture, expected.box, expected.roll_deg
            )
        return face and replace(face, verified=False)

    def look_closely(self, picture: Picture, box: Box, roll_deg: float) -> Face | None:
        """A second opinion: the face by itself, larger and upright; verified where the network is sure of it."""
        face = self._look(picture, box, roll_deg, self._CLOSE)
        if face is not None and face.score >= self._UPRIGHT_FROM:
            return face
        turned = [self._look(picture, box, roll_deg + turn, self._CLOSE) for turn in (-self._TURN_DEG, self._TURN_DEG)]
        return max(filter(None, (face, *turned)), key=lambda one: one.score, default=None)

    def _look(self, picture: Picture, box: Box, roll_deg: float, how: _Patch) -> Face | None:
        bgr, patch = picture.square(
            box, face_px=how.face_px, patch_px=how.side_px, roll_deg=roll_deg, colour=how.colour
        )
        middle = (how.side_px / 2, how.side_px / 2)
        sightings = [one for one in self._network.look(bgr) if one.score >= self._SEEN_FROM]
        # Beside it another may stand, and be seen better.
        off = {id(one): math.dist(one.box.centre, middle) / how.face_px for one in sightings}
        near = [one for one in sightings if off[id(one)] <= self._NEAR]
        best = min(near, key=lambda one: off[id(one)] - one.score, default=None)
        if best is None:
            return None
        upright_deg = roll_deg + how.roll_gain * best.roll_deg
        return best.in_frame(patch.to_frame, upright_deg, verified=best.score >= self._VERIFIED_FROM)
