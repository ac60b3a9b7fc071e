"""The faces of a frame, cheaply: around those that are known, and now and then elsewhere."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from device.detect.change import ChangeMap
from device.detect.distinct import SAME_FACE_OVERLAP, distinct
from device.detect.follower import Follower
from device.detect.likeness import Likeness
from device.detect.picture import Picture
from device.detect.places import grown, joined, within
from device.detect.proposer import ROUNDS_FOR_CHANGES, WAYS, Proposer
from device.detect.schedule import ScanSchedule
from device.detect.search import Search, programme
from device.records import Box, Expected, Face, Frame

_A_MOMENT_S = 0.5
# A face that was seen so lately is not looked for: at 15 frames a second each frame counts, at more not every one.
_FRESH_S = 0.06
_MOST_OF_A_FACE = 0.8  # of its side
# What is searched around what has changed: most of a face changes when it comes.
_SMALLEST_AROUND = 0.8  # sides of the smallest face
_SHARE_AROUND = 0.35  # of the shorter side of what has changed
_LATE = 1.5  # times the usual wait for its turn: then a face was looked for in vain


@dataclass(frozen=True, slots=True)
class FinderSettings:
    """When and where a finder looks; see ``detector`` in the configuration.

    Attributes:
        round_s: of one round through the programme of searches, seconds.
        still_interval_s: what has not changed is searched again after so long, seconds.
        cpu_share: of one core that searches may take.
        most_followed: faces that are looked for in one frame; of more, those that have waited longest.
        often: how often in a round what is not rare is searched.
        by_place: whether each place that has changed is searched by itself, and a part that was searched in every way
            counts as still while no more than edges move in it; else a change anywhere has the whole part searched.
    """

    round_s: float
    still_interval_s: float
    cpu_share: float
    most_followed: int
    often: int = 1
    by_place: bool = False


@dataclass(slots=True)
class _Unsettled:
    """A place that has changed, and is searched in one way after another; ``turn`` is the next of them."""

    box: Box
    turn: int


class ScanningFinder:
    """``interfaces.FaceFinder`` over a proposer and a follower.

    A known face is looked for 15 times a second, or in its turn where there are many: by how it looked a moment ago,
    and where that does not show it, by the follower. The whole picture is searched in parts, a part in a frame, and
    only where a part has changed; what is found there is new, and is a face once a second opinion agrees.

    Args:
        proposer: finds new faces.
        follower: finds known ones again.
        settings: how often.
        cpu_time_s: CPU seconds that this thread has used.
    """

    def __init__(
        self,
        proposer: Proposer,
        follower: Follower,
        settings: FinderSettings,
        cpu_time_s: Callable[[], float] = time.thread_time,
    ) -> None:
        self._proposer = proposer
        self._follower = follower
        self._most_followed = settings.most_followed
        self._often = settings.often
        self._by_place = settings.by_place
        self._schedule = ScanSchedule(settings.round_s, settings.still_interval_s, settings.cpu_share)
        self._cpu_time_s = cpu_time_s
        self._size = (0, 0)
        self._time_s = 0.0
        self._parts: Sequence[Search] = ()
        self._changes = ChangeMap(())
        self._likeness = Likeness()
        self._known: list[Box] = []  # faces that need not be found again in this frame
        self._rounds: list[int] = []  # by part: how often something in it was searched in every way
        self._unsettled: list[list[_Unsettled]] = []  # by part
        self._old_looks: list[int] = []  # by part: the turn of its next search without a change

    def find(self, frame: Frame, expected: Sequence[Expected]) -> list[Face]:
        """Faces in ``frame``: those of ``expected`` that are seen, and new ones; boxes in its pixels."""
        picture = Picture(frame.grey, frame.colours)
        self._fit(picture.size)
        known = self._follow(picture, expected, frame.time_s)
        self._known = [one.box for one in known] + [one.box for one in expected if _is_fresh(one)]
        self._changes.look(picture.pyramid, self._known)
        new = [face for part in self._schedule.due(frame.time_s) for face in self._scan(picture, part, frame.time_s)]
        strange = (face for face in new if all(face.box.overlap(one.box) < SAME_FACE_OVERLAP for one in known))
        vouched = (self._vouch(picture, face, expected) for face in distinct(strange))
        return distinct(known) + [face for face in vouched if face is not None]

    def _vouch(self, picture: Picture, face: Face, expected: Sequence[Expected]) -> Face | None:
        """The face, once a second opinion agrees; of one that was seen a moment ago, and had no turn, none is asked."""
        for one in expected:
            if not one.verify and one.unseen_s <= _A_MOMENT_S and one.box.overlap(face.box) >= SAME_FACE_OVERLAP:
                return replace(face, verified=False, roll_deg=one.roll_deg)
        return self._proposer.vouch(picture, face)

    def _follow(self, picture: Picture, expected: Sequence[Expected], time_s: float) -> list[Face]:
        frame_s, self._time_s = time_s - self._time_s, time_s
        due = [one for one in expected if not _is_fresh(one)]
        alike = [self._likeness.find(picture.pyramid, one, time_s) for one in due]
        due = [one for one, face in zip(due, alike, strict=True) if face is None]
        turn_s = max(_FRESH_S, frame_s * max(1.0, len(due) / self._most_followed))
        in_turn = sorted(due, key=lambda one: (one.verify, one.unseen_s), reverse=True)[: self._most_followed]
        faces = (self._follower.follow(picture, one, missed=one.unseen_s > _LATE * turn_s) for one in in_turn)
        found = [face for face in faces if face is not None]
        self._likeness.remember(picture.pyramid, found, time_s)
        return found + [face for face in alike if face is not None]

    def _fit(self, size: tuple[int, int]) -> None:
        if size != self._size:
            self._size = size
            self._parts = self._proposer.parts(*size)
            self._changes = ChangeMap([part.region for part in self._parts])
            self._rounds = [0] * len(self._parts)
            self._unsettled = [[] for _ in self._parts]
            self._old_looks = [WAYS] * len(self._parts)  # the first round is for what is new
            self._schedule.begin(programme(self._parts, self._often))

    def _scan(self, picture: Picture, part: int, time_s: float) -> list[Face]:
        """What is found in a part of the picture, where it has changed.

        Who came may have been missed: where it is still again, it is searched in every other way that there is.
        """
        search, places = self._parts[part], self._to_search(part)
        if self._rounds[part] and self._schedule.is_old(part, time_s):
            places = [_Unsettled(search.region, self._old_looks[part])]
            self._old_looks[part] += 1
        if not places:
            self._schedule.skipped(part)
            return []
        begun_s = self._cpu_time_s()
        found: list[Face] = []
        for place in places:
            found += self._proposer.propose(picture, search, place.box, place.turn, self._known)
            self._changes.searched(part, place.box)
        whole = not self._by_place or any(place.box == search.region for place in places)
        self._schedule.done(part, time_s, self._cpu_time_s() - begun_s, whole=whole)
        return found

    def _to_search(self, part: int) -> list[_Unsettled]:
        """Where the part is to be searched now, and in which way."""
        for box in self._changed(part):
            self._unsettle(part, box)
        places = [replace(place) for place in self._unsettled[part]]
        for place in self._unsettled[part]:
            place.turn += 1
        self._unsettled[part] = [place for place in self._unsettled[part] if place.turn % WAYS]
        self._rounds[part] += len(self._unsettled[part]) < len(places)
        return places

    def _changed(self, part: int) -> list[Box]:
        """Where the part has changed, and as much around it as a face may reach beyond."""
        search = self._parts[part]
        is_settled = not self._unsettled[part] and self._rounds[part] > 0
        edges_px = _MOST_OF_A_FACE * search.smallest_px if self._by_place and is_settled else 0.0
        changed = self._changes.changed(part, edges_px, together=not self._by_place)
        if not self._by_place:
            return changed
        least_px = _SMALLEST_AROUND * search.smallest_px
        around = (grown(box, least_px + _SHARE_AROUND * min(box.w, box.h)) for box in changed)
        return joined(within(box, search.region) for box in around)

    def _unsettle(self, part: int, box: Box) -> None:
        """Have a place searched in both ways of a round; one that goes on changing goes on where it was."""
        same = [place for place in self._unsettled[part] if place.box.overlap(box) >= SAME_FACE_OVERLAP]
        turn = min((place.turn for place in same), default=self._rounds[part] % ROUNDS_FOR_CHANGES * WAYS)
        for place in same:
            self._unsettled[part].remove(place)
            box = box.union(place.box)
        self._unsettled[part].append(_Unsettled(box, turn))


def _is_fresh(one: Expected) -> bool:
    return not one.verify and one.unseen_s < _FRESH_S
