"""A finder that is watched: what it searches, and what it is made to miss."""

import itertools
from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from device.detect import DetectorSettings, HaarDetector
from device.detect.finder import FinderSettings, ScanningFinder
from device.detect.follower import HaarFollower
from device.detect.search import Search
from device.errors import UnavailableError
from device.records import Box, Expected, Face, Frame
from tests.device.detect.pictures import Picture
from tests.fakes import START

INTERVAL_S, STILL_S = 0.25, 5.0
FRAME_S = 1 / 15
OFTEN = 4


class Counting(HaarDetector):
    """Counts searches, and can miss what it searches for."""

    def __init__(self, settings):
        super().__init__(settings)
        self.searches = []
        self.proposals: list[tuple[Search, int]] = []
        self.misses = 0
        self.missed: Box | None = None

    def propose(self, picture, part, where, turn, known):
        self.proposals.append((part, turn))
        missed = self._is_missed(replace(part, region=where))
        return [] if missed else super().propose(picture, part, where, turn, known)

    def look_for(self, pyramid, search, *, otherwise=False):
        missed = self._is_missed(search) and not otherwise
        return None if missed else super().look_for(pyramid, search, otherwise=otherwise)

    def _is_missed(self, search) -> bool:
        self.searches.append(search)
        if self.misses <= 0 or self.missed is None or search.region.overlap(self.missed) < 1.0:
            return False
        side = 1.1 * self.missed.w
        self.misses -= not search.roll_deg and search.smallest_px <= side <= 1.2 * search.largest_px
        return True

    def miss(self, box, times: int) -> None:
        """Find nothing at ``box`` until faces as large were searched for there so many times."""
        self.misses, self.missed = times, box


class Watch:
    """A finder and the time, which goes on by a frame with every look; known faces are told to it by hand."""

    def __init__(self, fps: float = 15.0, cpu_time_s=lambda: 0.0, most_followed: int = 8, **settings):
        self.settings = DetectorSettings(**({"scan_interval_s": INTERVAL_S, "still_interval_s": STILL_S} | settings))
        try:
            self.detector = Counting(self.settings)
        except UnavailableError as error:
            pytest.skip(str(error))
        follower = HaarFollower(self.detector, self.settings.max_roll_deg)
        often = FinderSettings(
            OFTEN * self.settings.scan_interval_s,
            self.settings.still_interval_s,
            self.settings.cpu_share,
            most_followed,
            often=OFTEN,
            by_place=True,
        )
        self.finder = ScanningFinder(self.detector, follower, often, cpu_time_s)
        self.fps = fps
        self.index = 0
        self.dropped = 0
        self.expected: tuple[Expected, ...] = ()

    @property
    def time_s(self) -> float:
        return 100.0 + self.index / self.fps

    def look(self, picture) -> list[Face]:
        self.index += 1
        taken_at = START + timedelta(seconds=self.time_s)
        number = self.index * (1 + self.dropped) + self.dropped
        return self.finder.find(Frame(picture, self.time_s, taken_at, number), self.expected)

    def look_for(self, seconds: float, picture) -> list[list[Face]]:
        """What is found in each frame of so many seconds of the same picture."""
        return self.look_at(itertools.repeat(picture, round(seconds * self.fps)))

    def look_at(self, pictures: Iterable[Picture]) -> list[list[Face]]:
        """What is found in each of these frames."""
        return [self.look(picture) for picture in pictures]

    def follow(self, picture) -> Face | None:
        """Look for the one known face, and expect it where it was seen."""
        (known,) = self.expected
        found = [face for face in self.look(picture) if face.box.overlap(known.box) > 0.3]
        if found:
            self.expected = (Expected(found[0].box, found[0].roll_deg, 1 / self.fps),)
            return found[0]
        self.expected = (Expected(known.box, known.roll_deg, known.unseen_s + 1 / self.fps),)
        return None

    def count(self, seconds: float, picture) -> int:
        """How many searches that time takes."""
        before = len(self.detector.searches)
        self.look_for(seconds, picture)
        return len(self.detector.searches) - before

    def come_to_rest(self, picture) -> None:
        """Look until the picture has been searched and searched again."""
        self.look_for(STILL_S - INTERVAL_S, picture)


def blocks(seed: int):
    """A picture without a face that is another for every seed."""
    blocks = np.random.default_rng(seed).integers(0, 256, (6, 8), dtype=np.uint8)
    return np.kron(blocks, np.ones((80, 80), np.uint8))


def flickering(picture, count: float):
    """``picture`` so many times, with a patch far from the faces that looks otherwise every time."""
    for number in range(round(count)):
        other = picture.copy()
        other[20:120, 500:600] = 37 * number % 256
        yield other


def plain():
    return np.full((480, 640), 120, np.uint8)


def first_found(found: list[list[Face]], box: Box) -> int:
    """The number of the first frame in which the face at ``box`` was found, from 1."""
    hits = [number for number, faces in enumerate(found, 1) if any(face.box.iou(box) > 0.5 for face in faces)]
    assert hits, "the face was never found"
    return hits[0]
