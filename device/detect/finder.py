"""The faces of a frame, cheaply: around those that are known, and now and then elsewhere."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from device.detect.change import ChangeMap
from device.detect.distinct import SAME_FACE_OVERLAP, distinct
from device.detect.follower import Follower
from device.detect.picture import Picture
from device.detect.proposer import Proposer
from device.detect.schedule import ScanSchedule
from device.detect.search import Search, narrowed, programme
from device.records import Box, Expected, Face, Frame

_A_MOMENT_S = 0.5
_MOST_OF_A_FACE = 0.8  # of its side
_LATE = 1.5  # times the usual wait for its turn: then a face was looked for in vain


@dataclass(frozen=True, slots=True)
class FinderSettings:
    """When and where a finder looks; see ``detector`` in the configuration.

    Attributes:
        round_s: of one round through the programme of searches, seconds.
        still_interval_s: what has not changed is searched again after so long, seconds.
        cpu_share: of one core that searches may take.
        most_followed: faces that are looked for in one frame; of more, those that have waited longest.
        rests: whether a part that was searched in every way counts as still while no more than edges move in it.
    """

    round_s: float
    still_interval_s: float
    cpu_share: float
    most_followed: int
    rests: bool = False


class ScanningFinder:
    """``interfaces.FaceFinder`` over a proposer and a follower.

    A known face is looked for in every frame, or in its turn where there are many. The whole picture is searched in
    parts, a part in a frame, and only parts that have changed; what is found there is new, and is a face once a
    second opinion agrees.

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
        self._rests = settings.rests
        self._schedule = ScanSchedule(settings.round_s, settings.still_interval_s, settings.cpu_share)
        self._cpu_time_s = cpu_time_s
        self._size = (0, 0)
        self._time_s = 0.0
        self._parts: Sequence[Search] = ()
        self._changes = ChangeMap(())
        self._looks: list[int] = []  # by part: how often it was searched
        # By part: where it has changed, and how often it is still to be searched there, whatever moves elsewhere.
        self._pending: list[list[tuple[Box, int]]] = []

    def find(self, frame: Frame, expected: Sequence[Expected]) -> list[Face]:
        """Faces in ``frame``: those of ``expected`` that are seen, and new ones; boxes in its pixels."""
        picture = Picture(frame.grey, frame.colours)
        self._fit(picture.size)
        known = self._follow(picture, expected, frame.time_s)
        self._changes.look(picture.pyramid, [one.box for one in expected])
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
        turn_s = frame_s * max(1.0, len(expected) / self._most_followed)
        in_turn = sorted(expected, key=lambda one: (one.verify, one.unseen_s), reverse=True)[: self._most_followed]
        faces = (self._follower.follow(picture, one, missed=one.unseen_s > _LATE * turn_s) for one in in_turn)
        return [face for face in faces if face is not None]

    def _fit(self, size: tuple[int, int]) -> None:
        if size != self._size:
            self._size = size
            self._parts = self._proposer.parts(*size)
            self._changes = ChangeMap([part.region for part in self._parts])
            self._looks = [0] * len(self._parts)
            self._pending = [[] for _ in self._parts]
            self._schedule.begin(programme(self._parts))

    def _scan(self, picture: Picture, part: int, time_s: float) -> list[Face]:
        """What is found in a part of the picture, where it has changed.

        Who came may have been missed: where it is still again, it is searched in every other way that there is.
        """
        is_old = self._schedule.is_old(part, time_s)
        where = self._to_search(part)
        if is_old:
            where = self._parts[part].region
        if where is None:
            self._schedule.skipped(part)
            return []
        begun_s = self._cpu_time_s()
        found = self._proposer.propose(picture, self._parts[part], where, self._looks[part])
        self._looks[part] += 1
        whole = narrowed(self._parts[part], where).region == self._parts[part].region
        self._schedule.done(part, time_s, self._cpu_time_s() - begun_s, whole=whole)
        self._changes.searched(part, where)
        return found

    def _to_search(self, part: int) -> Box | None:
        """Where the part is to be searched now; None: nowhere."""
        pending, turns = self._pending[part], self._proposer.turns(self._parts[part])
        is_resting = self._rests and not pending and self._looks[part] >= turns
        changed = self._changes.changed(part, _MOST_OF_A_FACE * self._parts[part].smallest_px if is_resting else 0.0)
        if changed is not None and all(changed.overlap(box) < SAME_FACE_OVERLAP for box, _ in pending):
            pending = [*pending, (changed, turns)]
        self._pending[part] = [(box, turns - 1) for box, turns in pending if turns > 1]
        where = changed
        for box, _ in pending:
            where = box if where is None else where.union(box)
        return where
