"""Where, how often and in which ways new faces are searched for."""

import itertools
from collections.abc import Iterable

import numpy as np
import pytest

from device.detect.proposer import ROUNDS_FOR_CHANGES, WAYS
from device.records import Box, Expected
from tests.device.detect.pictures import NOBODY, ONE, SMALLER, Picture, shot
from tests.device.detect.watching import (
    FRAME_S,
    INTERVAL_S,
    OFTEN,
    STILL_S,
    Watch,
    blocks,
    first_found,
    flickering,
    plain,
)


def test_a_frame_has_its_share_of_the_searches_and_no_more():
    watch = Watch(fps=15)
    frames = [watch.count(1 / 15, blocks(number)) for number in range(30)]
    assert max(frames) <= 2
    assert sum(frames) > 15


@pytest.mark.parametrize("fps", [5.0, 15.0, 30.0])
def test_a_round_is_as_fast_at_every_frame_rate(fps):
    watch = Watch(fps)
    searches = sum(watch.count(1 / fps, blocks(number)) for number in range(round(4 * fps)))
    a_round = sum(1 if part.rare else OFTEN for part in watch.detector.parts(640, 480))
    assert searches == pytest.approx(4 / (OFTEN * INTERVAL_S) * a_round, abs=OFTEN)


@pytest.mark.parametrize("fps", [5.0, 15.0, 30.0])
def test_a_still_picture_is_searched_in_every_way_and_then_no_more(fps):
    watch = Watch(fps)
    picture = blocks(1)
    assert watch.count(STILL_S - INTERVAL_S, picture) == WAYS * len(watch.detector.parts(640, 480))


def test_a_still_picture_is_searched_again_after_a_while():
    watch = Watch()
    picture = blocks(1)
    watch.come_to_rest(picture)
    assert watch.count(STILL_S, picture) >= len(watch.detector.parts(640, 480))


def test_a_face_that_was_missed_as_it_came_gets_a_second_chance_before_the_picture_is_old():
    watch = Watch()
    watch.come_to_rest(shot(NOBODY)[0])
    picture, (box,) = shot(ONE)
    watch.detector.miss(box, times=1)
    found = watch.look_for(4 * INTERVAL_S, picture)
    assert watch.detector.misses == 0
    assert first_found(found, box)


def test_it_gets_the_second_chance_though_something_else_always_moves():
    watch = Watch()
    watch.come_to_rest(shot(NOBODY)[0])
    picture, (box,) = shot(SMALLER)
    watch.detector.miss(box, times=1)
    found = watch.look_at(flickering(picture, 4 * INTERVAL_S * watch.fps))
    assert watch.detector.misses == 0
    assert first_found(found, box)


def test_a_face_that_was_missed_in_every_way_is_found_when_the_picture_is_old_though_something_else_always_moves():
    watch = Watch(max_roll_deg=0.0)
    picture, (box,) = shot(SMALLER)
    watch.detector.miss(box, times=WAYS)
    found = watch.look_at(flickering(picture, (STILL_S + 4 * INTERVAL_S) * watch.fps))
    assert watch.detector.misses == 0
    assert first_found(found, box) / watch.fps > 4 * INTERVAL_S


def test_where_something_moves_only_its_surroundings_are_searched():
    watch = Watch()
    still = plain()
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


def _walking(seconds: float):
    """A bright thing that goes through the picture."""
    for number in range(round(seconds * 15)):
        picture = plain()
        picture[200:300, 12 * number : 12 * number + 100] = 220
        yield picture


def test_a_picture_that_was_never_searched_is_searched_in_every_way_from_the_first_on():
    watch = Watch()
    assert _turns(watch, [plain()] * 15, 40) == [0, 1]


def test_who_comes_and_stands_is_searched_in_every_way_one_after_another():
    watch = Watch()
    watch.come_to_rest(plain())
    moved = plain()
    moved[200:300, 300:400] = 220
    first, second = _turns(watch, [moved] * 8, 40)
    assert (first % WAYS, second) == (0, first + 1)


def test_who_goes_on_moving_is_searched_in_the_rounds_for_changes_alone():
    watch = Watch()
    watch.come_to_rest(plain())
    turns = _turns(watch, _walking(3.0), 40)
    assert len(turns) >= 8
    assert set(turns) == set(range(ROUNDS_FOR_CHANGES * WAYS))


def test_where_nothing_changes_every_round_of_the_proposer_has_its_turn():
    watch = Watch()
    turns = _turns(watch, [plain()] * round(7 * STILL_S * 15), 40)
    assert {turn % (3 * WAYS) for turn in turns} == set(range(3 * WAYS))


def test_two_who_come_at_once_are_each_searched_for_where_they_are():
    watch = Watch()
    watch.come_to_rest(plain())
    watch.detector.searches.clear()
    moved = plain()
    moved[40:120, 40:120] = moved[340:420, 500:580] = 220
    watch.look_for(INTERVAL_S, moved)
    large = [search for search in watch.detector.searches if search.smallest_px > 40 and not search.roll_deg]
    assert len(large) >= 2
    assert sum(search.region.w * search.region.h for search in large[:2]) < 0.5 * 640 * 480


def test_the_movement_of_a_known_face_is_not_searched_for_new_ones():
    watch = Watch()
    watch.come_to_rest(plain())
    watch.detector.searches.clear()
    box = Box(300, 200, 100, 100)
    for number in range(round(2 * INTERVAL_S * watch.fps)):
        picture = plain()
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
    assert first_found(found, Box(box.x / 2, box.y / 2, box.w / 2, box.h / 2))


@pytest.mark.parametrize("size", [(120, 160), (480, 160), (20, 20), (1, 1)])
def test_a_face_that_is_expected_outside_a_smaller_frame_does_no_harm(size):
    watch = Watch()
    watch.look_for(0.5, plain())
    for roll_deg in (0.0, 22.0):
        watch.expected = (Expected(Box(500, 380, 90, 90), roll_deg, verify=True),)
        assert not any(watch.look_for(0.5, np.full(size, 120, np.uint8)))


@pytest.mark.parametrize("share", [0.05, 0.2])
def test_searching_for_new_faces_takes_no_more_than_its_share_of_a_core(share):
    cost_s = 0.05
    readings = itertools.count()
    watch = Watch(cpu_time_s=lambda: next(readings) * cost_s, cpu_share=share)
    for number in range(60):
        watch.look(blocks(number))
    seconds, begun = 20, next(readings)
    for number in range(round(seconds * watch.fps)):
        watch.look(blocks(number))
    spent_s = (next(readings) - begun) // 2 * cost_s  # a search reads the time as it begins and as it ends
    assert 0.7 * share * seconds <= spent_s <= 1.1 * share * seconds
