import itertools
from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from device.detect import DetectorSettings, HaarDetector
from device.detect.finder import FinderSettings, ScanningFinder
from device.detect.follower import HaarFollower
from device.detect.proposer import ROUNDS_FOR_CHANGES, WAYS
from device.detect.search import Search
from device.errors import UnavailableError
from device.records import Box, Expected, Face, Frame
from tests.device.detect.pictures import NOBODY, ONE, SMALLER, TWO, Picture, shot, tilted
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


def _blocks(seed: int):
    """A picture without a face that is another for every seed."""
    blocks = np.random.default_rng(seed).integers(0, 256, (6, 8), dtype=np.uint8)
    return np.kron(blocks, np.ones((80, 80), np.uint8))


def _flickering(picture, count: float):
    """``picture`` so many times, with a patch far from the faces that looks otherwise every time."""
    for number in range(round(count)):
        other = picture.copy()
        other[20:120, 500:600] = 37 * number % 256
        yield other


def _plain():
    return np.full((480, 640), 120, np.uint8)


def _first(found: list[list[Face]], box: Box) -> int:
    """The number of the first frame in which the face at ``box`` was found, from 1."""
    hits = [number for number, faces in enumerate(found, 1) if any(face.box.iou(box) > 0.5 for face in faces)]
    assert hits, "the face was never found"
    return hits[0]


@pytest.mark.parametrize("fps", [5.0, 15.0, 30.0])
def test_a_new_face_is_found_within_a_round_at_every_frame_rate(fps):
    watch = Watch(fps)
    watch.come_to_rest(shot(NOBODY)[0])
    picture, (box,) = shot(ONE)
    found = watch.look_for(2 * INTERVAL_S, picture)
    assert _first(found, box) / fps <= 2 * INTERVAL_S


@pytest.mark.parametrize(("fps", "share"), [(5.0, 1.0), (15.0, 1.0), (30.0, 0.5), (60.0, 0.25)])
def test_a_known_face_is_found_15_times_a_second_where_there_are_so_many_frames(fps, share):
    watch = Watch(fps)
    picture, (box,) = shot(ONE)
    watch.expected = (Expected(box, unseen_s=FRAME_S),)
    faces = [watch.follow(picture) for _ in range(round(2 * fps))]
    seen = [face for face in faces if face is not None]
    assert len(seen) == pytest.approx(share * len(faces), abs=1)
    assert all(face.box.iou(box) > 0.5 for face in seen)


def test_a_face_that_was_missed_is_looked_for_in_every_frame_however_many_there_are():
    watch = Watch(60.0)
    watch.expected = (Expected(Box(300, 200, 100, 100), unseen_s=FRAME_S),)
    for _ in range(10):
        watch.detector.searches.clear()
        assert watch.follow(_plain()) is None
        assert watch.detector.searches


def test_where_a_known_face_is_no_other_one_is_found_though_it_is_not_looked_for():
    watch = Watch(30.0)
    picture, (box,) = shot(ONE)
    watch.expected = (Expected(box, unseen_s=1 / 30),)
    assert not any(watch.look_for(1.0, picture))


def test_a_known_face_is_followed_where_it_goes():
    watch = Watch()
    picture, (box,) = shot(ONE)
    watch.expected = (Expected(box, unseen_s=FRAME_S),)
    for step in range(12):
        face = watch.follow(np.roll(picture, 12 * step, axis=1))
        assert face is not None
        assert face.box.iou(Box(box.x + 12 * step, box.y, box.w, box.h)) > 0.5


def test_a_face_is_found_once_though_it_is_known_and_searched_for():
    watch = Watch()
    picture, boxes = shot(TWO)
    watch.expected = tuple(Expected(box, unseen_s=FRAME_S) for box in boxes)
    for faces in watch.look_for(1.5, picture):
        assert all(one.box.overlap(other.box) < 0.5 for one, other in itertools.combinations(faces, 2))
        assert len(faces) == 2


def test_two_who_are_known_and_of_whom_one_went_are_one():
    watch = Watch()
    picture, (box,) = shot(ONE)
    watch.expected = (
        Expected(box, unseen_s=FRAME_S),
        Expected(Box(box.x + 15, box.y + 10, box.w, box.h), unseen_s=0.3),
    )
    assert len(watch.look(picture)) == 1


@pytest.mark.parametrize("side", [1.0, -1.0])
def test_a_head_that_is_slowly_tilted_and_kept_so_and_raised_again_is_followed_all_the_way(side):
    watch = Watch()
    picture, (box,) = shot(ONE)
    watch.expected = (Expected(box, unseen_s=FRAME_S),)
    rolls_deg = [side * roll for roll in (*range(0, 36, 2), *[35] * 6, *range(35, -1, -2), *[0] * 15)]
    faces = [watch.follow(tilted(picture, box, roll_deg)) for roll_deg in rolls_deg]
    seen = [face for face in faces if face is not None]
    assert len(seen) >= 0.8 * len(faces)
    assert all(face.box.iou(box) > 0.4 for face in seen)
    assert any(side * face.roll_deg >= 22.0 for face in seen)
    assert seen[-1].roll_deg == 0.0


@pytest.mark.parametrize("dropped", [0, 1, 3])
def test_a_tilted_head_is_now_and_then_searched_for_more_upright_whichever_frames_are_dropped(dropped):
    watch = Watch()
    watch.dropped = dropped
    watch.expected = (Expected(Box(300, 200, 100, 100), roll_deg=44.0, unseen_s=FRAME_S),)
    watch.look_for(1.0, _plain())
    around = [search.roll_deg for search in watch.detector.searches if search.region.w == pytest.approx(160)]
    assert set(around) == {22.0, 44.0}
    assert around.count(44.0) > 2 * around.count(22.0)


def test_where_upright_faces_alone_are_wanted_a_tilted_head_is_lost():
    watch = Watch(max_roll_deg=0)
    picture, (box,) = shot(ONE)
    watch.expected = (Expected(box, unseen_s=FRAME_S),)
    faces = [watch.follow(tilted(picture, box, roll_deg)) for roll_deg in (0, 10, 20, 30, 35, 35)]
    assert faces[0] is not None
    assert faces[-1] is None


def test_a_head_is_never_searched_for_beyond_the_tilt_configured():
    watch = Watch(max_roll_deg=10)
    picture, (box,) = shot(ONE)
    watch.expected = (Expected(box, roll_deg=10.0, unseen_s=FRAME_S),)
    watch.look_for(1.0, picture)
    assert max(abs(search.roll_deg) for search in watch.detector.searches) <= 10.0


def test_a_face_that_is_missed_is_searched_for_further_around():
    reaches = []
    for unseen_s in (0.07, 0.14, 0.2, 2.0):
        watch = Watch()
        watch.look(_plain())
        watch.detector.searches.clear()
        watch.expected = (Expected(Box(300, 200, 100, 100), unseen_s=unseen_s),)
        watch.look(_plain())
        reaches.append(watch.detector.searches[0].region.w)
    assert reaches == sorted(reaches)
    assert reaches[0] < reaches[2] < 300


@pytest.mark.parametrize(
    ("roll_deg", "tilts_deg"), [(0.0, {-22.0, 0.0, 22.0}), (22.0, {0.0, 22.0, 44.0}), (44.0, {22.0, 44.0})]
)
def test_a_face_that_is_missed_is_searched_for_a_little_more_and_less_tilted(roll_deg, tilts_deg):
    watch = Watch()
    watch.look(_plain())
    watch.detector.searches.clear()
    watch.expected = (Expected(Box(300, 200, 100, 100), roll_deg, unseen_s=1.0),)
    watch.look(_plain())
    assert {search.roll_deg for search in watch.detector.searches if search.region.w < 300} == tilts_deg


def test_a_second_opinion_on_a_known_face_is_asked_for_when_it_is_wanted():
    picture, (box,) = shot(ONE)
    for verify in (False, True):
        watch = Watch()
        watch.expected = (Expected(box, unseen_s=FRAME_S, verify=verify),)
        (face,) = watch.look(picture)
        assert face.verified == verify


def test_a_known_face_without_a_second_opinion_is_found_but_not_verified(monkeypatch):
    picture, (box,) = shot(ONE)
    watch = Watch()
    monkeypatch.setattr(watch.detector, "evidence", lambda *_: -9.0)
    watch.expected = (Expected(box, unseen_s=FRAME_S, verify=True),)
    (face,) = watch.look(picture)
    assert not face.verified


def test_a_new_face_that_the_second_cascade_refuses_is_not_found(monkeypatch):
    watch = Watch()
    monkeypatch.setattr(watch.detector, "evidence", lambda *_: -9.0)
    assert not any(watch.look_for(2.0, shot(ONE)[0]))


def test_a_frame_has_its_share_of_the_searches_and_no_more():
    watch = Watch(fps=15)
    frames = [watch.count(1 / 15, _blocks(number)) for number in range(30)]
    assert max(frames) <= 2
    assert sum(frames) > 15


@pytest.mark.parametrize("fps", [5.0, 15.0, 30.0])
def test_a_round_is_as_fast_at_every_frame_rate(fps):
    watch = Watch(fps)
    searches = sum(watch.count(1 / fps, _blocks(number)) for number in range(round(4 * fps)))
    a_round = sum(1 if part.rare else OFTEN for part in watch.detector.parts(640, 480))
    assert searches == pytest.approx(4 / (OFTEN * INTERVAL_S) * a_round, abs=OFTEN)


@pytest.mark.parametrize("fps", [5.0, 15.0, 30.0])
def test_a_still_picture_is_searched_in_every_way_and_then_no_more(fps):
    watch = Watch(fps)
    picture = _blocks(1)
    assert watch.count(STILL_S - INTERVAL_S, picture) == WAYS * len(watch.detector.parts(640, 480))


def test_a_still_picture_is_searched_again_after_a_while():
    watch = Watch()
    picture = _blocks(1)
    watch.come_to_rest(picture)
    assert watch.count(STILL_S, picture) >= len(watch.detector.parts(640, 480))


def test_a_face_that_was_missed_as_it_came_gets_a_second_chance_before_the_picture_is_old():
    watch = Watch()
    watch.come_to_rest(shot(NOBODY)[0])
    picture, (box,) = shot(ONE)
    watch.detector.miss(box, times=1)
    found = watch.look_for(4 * INTERVAL_S, picture)
    assert watch.detector.misses == 0
    assert _first(found, box)


def test_it_gets_the_second_chance_though_something_else_always_moves():
    watch = Watch()
    watch.come_to_rest(shot(NOBODY)[0])
    picture, (box,) = shot(SMALLER)
    watch.detector.miss(box, times=1)
    found = watch.look_at(_flickering(picture, 4 * INTERVAL_S * watch.fps))
    assert watch.detector.misses == 0
    assert _first(found, box)


def test_a_face_that_was_missed_in_every_way_is_found_when_the_picture_is_old_though_something_else_always_moves():
    watch = Watch(max_roll_deg=0.0)
    picture, (box,) = shot(SMALLER)
    watch.detector.miss(box, times=WAYS)
    found = watch.look_at(_flickering(picture, (STILL_S + 4 * INTERVAL_S) * watch.fps))
    assert watch.detector.misses == 0
    assert _first(found, box) / watch.fps > 4 * INTERVAL_S


def test_where_something_moves_only_its_surroundings_are_searched():
    watch = Watch()
    still = _plain()
    watch.come_to_rest(still)
    watch.detector.searches.clear()
    moved = still.copy()
    moved[300:340, 500:540] = 220
    watch.look_for(2 * INTERVAL_S, moved)
    middle = [search for search in watch.detector.searches if search.smallest_px > 40]
    assert middle
    assert all(search.region.w * search.region.h < 0.5 * 640 * 480 for search in middle)


def _turns(watch: Watch, pictures: Iterable[Picture], smallest_px: float) -> list[int]:
    """The turns of searches for large upright faces in these pictures, one after another."""
    watch.detector.proposals.clear()
    watch.look_at(pictures)
    return [turn for part, turn in watch.detector.proposals if part.smallest_px > smallest_px and not part.roll_deg]


def test_a_known_face_that_looks_as_before_is_searched_for_five_times_a_second_and_found_in_each_frame(monkeypatch):
    watch = Watch()
    picture, (box,) = shot(ONE)
    watch.come_to_rest(picture)
    watch.expected, looks, look_for = (Expected(box, unseen_s=FRAME_S),), [], watch.detector.look_for

    def look(*args, **how):
        looks.append(args)
        return look_for(*args, **how)

    monkeypatch.setattr(watch.detector, "look_for", look)
    found = watch.look_for(2.0, picture)
    assert all(faces and max(face.box.iou(box) for face in faces) > 0.7 for faces in found)
    assert 8 <= len(looks) <= 11


def _walking(seconds: float):
    """A bright thing that goes through the picture."""
    for number in range(round(seconds * 15)):
        picture = _plain()
        picture[200:300, 12 * number : 12 * number + 100] = 220
        yield picture


def test_a_picture_that_was_never_searched_is_searched_in_every_way_from_the_first_on():
    watch = Watch()
    assert _turns(watch, [_plain()] * 15, 40) == [0, 1]


def test_who_comes_and_stands_is_searched_in_every_way_one_after_another():
    watch = Watch()
    watch.come_to_rest(_plain())
    moved = _plain()
    moved[200:300, 300:400] = 220
    first, second = _turns(watch, [moved] * 8, 40)
    assert (first % WAYS, second) == (0, first + 1)


def test_who_goes_on_moving_is_searched_in_the_rounds_for_changes_alone():
    watch = Watch()
    watch.come_to_rest(_plain())
    turns = _turns(watch, _walking(3.0), 40)
    assert len(turns) >= 8
    assert set(turns) == set(range(ROUNDS_FOR_CHANGES * WAYS))


def test_where_nothing_changes_every_round_of_the_proposer_has_its_turn():
    watch = Watch()
    turns = _turns(watch, [_plain()] * round(7 * STILL_S * 15), 40)
    assert {turn % (3 * WAYS) for turn in turns} == set(range(3 * WAYS))


def test_two_who_come_at_once_are_each_searched_for_where_they_are():
    watch = Watch()
    watch.come_to_rest(_plain())
    watch.detector.searches.clear()
    moved = _plain()
    moved[40:120, 40:120] = moved[340:420, 500:580] = 220
    watch.look_for(INTERVAL_S, moved)
    large = [search for search in watch.detector.searches if search.smallest_px > 40 and not search.roll_deg]
    assert len(large) >= 2
    assert sum(search.region.w * search.region.h for search in large[:2]) < 0.5 * 640 * 480


def test_the_movement_of_a_known_face_is_not_searched_for_new_ones():
    watch = Watch()
    watch.come_to_rest(_plain())
    watch.detector.searches.clear()
    box = Box(300, 200, 100, 100)
    for number in range(round(2 * INTERVAL_S * watch.fps)):
        picture = _plain()
        picture[200:300, 300 + 2 * number : 400 + 2 * number] = 200
        watch.expected = (Expected(Box(box.x + 2 * number, box.y, box.w, box.h), unseen_s=FRAME_S),)
        watch.look(picture)
    assert watch.detector.searches
    assert all(search.region.w < 640 for search in watch.detector.searches)


def test_a_frame_of_another_size_is_searched_afresh():
    watch = Watch()
    picture, (box,) = shot(ONE)
    watch.look_for(2.0, picture)
    half = np.ascontiguousarray(picture[::2, ::2])
    found = watch.look_for(2.0, half)
    assert _first(found, Box(box.x / 2, box.y / 2, box.w / 2, box.h / 2))


@pytest.mark.parametrize("size", [(120, 160), (480, 160), (20, 20), (1, 1)])
def test_a_face_that_is_expected_outside_a_smaller_frame_does_no_harm(size):
    watch = Watch()
    watch.look_for(0.5, _plain())
    for roll_deg in (0.0, 22.0):
        watch.expected = (Expected(Box(500, 380, 90, 90), roll_deg, verify=True),)
        assert not any(watch.look_for(0.5, np.full(size, 120, np.uint8)))


@pytest.mark.parametrize("share", [0.05, 0.2])
def test_searching_for_new_faces_takes_no_more_than_its_share_of_a_core(share):
    cost_s = 0.05
    readings = itertools.count()
    watch = Watch(cpu_time_s=lambda: next(readings) * cost_s, cpu_share=share)
    for number in range(60):
        watch.look(_blocks(number))
    seconds, begun = 20, next(readings)
    for number in range(round(seconds * watch.fps)):
        watch.look(_blocks(number))
    spent_s = (next(readings) - begun) // 2 * cost_s  # a search reads the time as it begins and as it ends
    assert 0.7 * share * seconds <= spent_s <= 1.1 * share * seconds


def test_a_known_face_is_followed_though_searching_costs_too_much():
    readings = itertools.count()
    watch = Watch(cpu_time_s=lambda: next(readings) * 10.0, cpu_share=0.01)
    picture, (box,) = shot(ONE)
    watch.expected = (Expected(box, unseen_s=FRAME_S),)
    assert all(watch.follow(picture) for _ in range(20))
