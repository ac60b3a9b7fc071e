"""The faces of a frame, cheaply: around those that are known, and now and then elsewhere."""

import math
import time
from collections.abc import Callable, Sequence

from device.detect.change import ChangeMap
from device.detect.distinct import SAME_FACE_OVERLAP, distinct
from device.detect.haar import ROLL_STEP_DEG, HaarDetector
from device.detect.pyramid import Pyramid
from device.detect.schedule import ScanSchedule
from device.detect.search import Search, between_sizes, narrowed, programme, surroundings
from device.detect.settings import DetectorSettings
from device.records import Box, Expected, Face, Frame

_REACH = 1.6  # side of the square in which a followed face is looked for, in its own sides
_REACH_PER_MISS = 0.3
_MOST_REACH = 2.4
_GROWTH = 1.25
_UPRIGHT_EVERY = 4
_OTHERWISE_EVERY = 3  # searches of a part in which things move: one at other sizes, in evened light


class ScanningFinder:
    """``interfaces.FaceFinder`` over two cascades.

    A known face is looked for in every frame, around where it is expected, at its size and tilt. The whole picture is
    searched in parts, a part in a frame, and only parts that have changed; what is found there is new, and is a face
    once the second cascade agrees.

    Args:
        settings: the section ``detector``.
        cpu_time_s: CPU seconds that this thread has used.

    Raises:
        UnavailableError: a cascade is missing or cannot be read.
    """

    def __init__(self, settings: DetectorSettings, cpu_time_s: Callable[[], float] = time.thread_time) -> None:
        self._settings = settings
        self._detector = HaarDetector(settings)
        self._rolls_deg = _rolls(settings.max_roll_deg)
        self._schedule = ScanSchedule(2 * settings.scan_interval_s, settings.still_interval_s, settings.cpu_share)
        self._cpu_time_s = cpu_time_s
        self._size = (0, 0)
        self._frames = 0
        self._parts: tuple[Search, ...] = ()
        self._changes = ChangeMap(())
        self._looks: list[int] = []  # by part: how often it was searched
        self._again: list[Box | None] = []  # by part: where it had changed the last time

    def find(self, frame: Frame, expected: Sequence[Expected]) -> list[Face]:
        """Faces in ``frame``: those of ``expected`` that are seen, and new ones; boxes in its pixels."""
        pyramid = Pyramid(frame.grey)
        self._fit(pyramid.size)
        self._frames += 1  # the frame's own number also counts dropped ones, and may skip every multiple of four
        known = [face for one in expected if (face := self._follow(pyramid, one))]
        self._changes.look(pyramid, [one.box for one in expected])
        new = [face for part in self._schedule.due(frame.time_s) for face in self._scan(pyramid, part, frame.time_s)]
        strange = (face for face in new if all(face.box.overlap(one.box) < SAME_FACE_OVERLAP for one in known))
        return distinct(known) + [face for face in distinct(strange) if self._detector.agrees(pyramid, face)]

    def _fit(self, size: tuple[int, int]) -> None:
        if size != self._size:
            self._size = size
            self._parts = self._detector.parts(*size)
            self._changes = ChangeMap([part.region for part in self._parts])
            self._looks = [0] * len(self._parts)
            self._again = [None] * len(self._parts)
            self._schedule.begin(programme(self._parts))

    def _scan(self, pyramid: Pyramid, part: int, time_s: float) -> list[Face]:
        """What is found in a part of the picture, where it has changed.

        Where it is still again, a face that came may have been missed: it is looked for once more, otherwise.
        """
        is_old = self._schedule.is_old(part, time_s)
        changed, again = self._changes.changed(part), self._again[part]
        where = self._parts[part].region if is_old else changed or again
        self._again[part] = changed
        if where is None:
            self._schedule.skipped(part)
            return []
        begun_s = self._cpu_time_s()
        self._looks[part] += 1
        otherwise = (changed is None and not is_old) or self._looks[part] % _OTHERWISE_EVERY == 0
        search = narrowed(self._parts[part], where)
        found = self._search(pyramid, search, otherwise=otherwise)
        whole = search.region == self._parts[part].region
        self._schedule.done(part, time_s, self._cpu_time_s() - begun_s, whole=whole)
        self._changes.searched(part, where)
        return found

    def _search(self, pyramid: Pyramid, search: Search, *, otherwise: bool) -> list[Face]:
        if not otherwise:
            return self._detector.search(pyramid, search)
        search = between_sizes(search, self._settings.scale_factor)
        return self._detector.search(pyramid, search, evened=self._settings.equalise)

    def _follow(self, pyramid: Pyramid, expected: Expected) -> Face | None:
        reach = min(_MOST_REACH, _REACH + _REACH_PER_MISS * expected.missed)
        for roll_deg in self._tilts(expected):
            search = surroundings(expected.box, reach=reach, growth=_GROWTH, roll_deg=roll_deg)
            face = self._detector.look_for(pyramid, search)
            if face is not None:
                verified = expected.verify and self._detector.agrees(pyramid, face)
                return Face(face.box, face.score, roll_deg, verified)
        return None

    def _tilts(self, expected: Expected) -> tuple[float, ...]:
        """The tilts to try, in order: as before, sometimes a more upright one first, another one once it is missed."""
        last_deg = expected.roll_deg
        if expected.missed:
            other_deg = self._rolls_deg[expected.missed % len(self._rolls_deg)]
            return (last_deg,) if other_deg == last_deg else (last_deg, other_deg)
        if last_deg and self._frames % _UPRIGHT_EVERY == 0:
            step_deg = math.copysign(min(ROLL_STEP_DEG, abs(last_deg)), last_deg)
            return (last_deg - step_deg, last_deg)
        return (last_deg,)


def _rolls(most_deg: float) -> tuple[float, ...]:
    """Upright, then either side in steps."""
    steps = (ROLL_STEP_DEG * number for number in range(1, int(most_deg / ROLL_STEP_DEG) + 1))
    return (0.0, *(sign * step for step in steps for sign in (1.0, -1.0)))
