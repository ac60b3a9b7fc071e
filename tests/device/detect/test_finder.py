"""The finder finds new faces, and follows those that are known."""

import itertools

import numpy as np
import pytest

from device.records import Box, Expected
from tests.device.detect.pictures import NOBODY, ONE, TWO, shot, tilted
from tests.device.detect.watching import (
    FRAME_S,
    INTERVAL_S,
    Watch,
    first_found,
    plain,
)


@pytest.mark.parametrize("fps", [5.0, 15.0, 30.0])
def test_a_new_face_is_found_within_a_round_at_every_frame_rate(fps):
    watch = Watch(fps)
    watch.come_to_rest(shot(NOBODY)[0])
    picture, (box,) = shot(ONE)
    found = watch.look_for(2 * INTERVAL_S, picture)
    assert first_found(found, box) / fps <= 2 * INTERVAL_S


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
        assert watch.follow(plain()) is None
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
    watch.look_for(1.0, plain())
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
        watch.look(plain())
        watch.detector.searches.clear()
        watch.expected = (Expected(Box(300, 200, 100, 100), unseen_s=unseen_s),)
        watch.look(plain())
        reaches.append(watch.detector.searches[0].region.w)
    assert reaches == sorted(reaches)
    assert reaches[0] < reaches[2] < 300


@pytest.mark.parametrize(
    ("roll_deg", "tilts_deg"), [(0.0, {-22.0, 0.0, 22.0}), (22.0, {0.0, 22.0, 44.0}), (44.0, {22.0, 44.0})]
)
def test_a_face_that_is_missed_is_searched_for_a_little_more_and_less_tilted(roll_deg, tilts_deg):
    watch = Watch()
    watch.look(plain())
    watch.detector.searches.clear()
    watch.expected = (Expected(Box(300, 200, 100, 100), roll_deg, unseen_s=1.0),)
    watch.look(plain())
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


def test_a_known_face_is_followed_though_searching_costs_too_much():
    readings = itertools.count()
    watch = Watch(cpu_time_s=lambda: next(readings) * 10.0, cpu_share=0.01)
    picture, (box,) = shot(ONE)
    watch.expected = (Expected(box, unseen_s=FRAME_S),)
    assert all(watch.follow(picture) for _ in range(20))
