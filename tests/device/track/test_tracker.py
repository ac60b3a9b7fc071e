"""Faces that are found in each frame become tracks with steady numbers."""

from itertools import pairwise

import pytest

from device.errors import RecordError
from device.track.tracker import CentroidTracker, TrackerSettings
from tests.device.track.scene import FPS, Scene, face, ids


def test_a_face_counts_once_it_was_seen_often_enough():
    scene = Scene(confirm_hits=3, confirm_s=0.0)
    assert [ids(scene.look(face(100))) for _ in range(4)] == [[], [], [1], [1]]


def test_a_face_counts_once_it_was_seen_long_enough():
    scene = Scene(confirm_hits=1, confirm_s=0.25)
    assert [ids(scene.look(face(100))) for _ in range(4)] == [[], [], [], [1]]


@pytest.mark.parametrize("fps", [1.0, 5.0, 30.0])
def test_a_steady_face_counts_at_every_frame_rate(fps):
    scene = Scene(fps=fps)
    for _ in range(10):
        active = scene.look(face(100))
    assert ids(active) == [1]


def test_a_track_knows_when_it_was_first_and_last_seen():
    scene = Scene()
    begun_s = scene.time_s + 1 / FPS
    (track,) = scene.look_for(1.0, face(100))
    assert track.first_seen_s == begun_s
    assert track.last_seen_s == scene.time_s
    assert track.visible


def test_false_finds_that_flicker_never_count():
    scene = Scene()
    seen = [scene.look(*([face(300)] if number % 4 == 0 else [])) for number in range(40)]
    assert not any(seen)
    assert not scene.ended


def test_a_face_that_leaves_ends_its_track_after_a_while():
    scene = Scene(lost_s=0.5)
    scene.look_for(1.0, face(100))
    last_seen_s = scene.time_s
    coasting = scene.look_for(0.4)
    assert [(track.id, track.visible, track.last_seen_s) for track in coasting] == [(1, False, last_seen_s)]
    assert scene.look_for(0.2) == ()
    assert [(track.id, track.visible, track.last_seen_s) for track in scene.ended] == [(1, False, last_seen_s)]


def test_a_face_that_is_missed_for_a_moment_keeps_its_id():
    scene = Scene()
    scene.look_for(1.0, face(100))
    scene.look_for(0.6)
    (track,) = scene.look(face(105))
    assert (track.id, track.visible) == (1, True)


def test_an_id_is_never_used_twice():
    scene = Scene(lost_s=0.3)
    for number in (1, 2, 3):
        assert ids(scene.look_for(1.0, face(100))) == [number]
        scene.look_for(1.0)
    assert ids(scene.ended) == [1, 2, 3]


def test_ids_number_only_the_faces_that_counted():
    scene = Scene()
    scene.look(face(100))
    scene.look_for(1.0)
    assert ids(scene.look_for(1.0, face(400))) == [1]


def test_two_faces_that_pass_each_other_keep_their_ids_though_one_is_hidden():
    scene = Scene()
    for number in range(41):
        right, left = face(100 + 10 * number), face(500 - 10 * number, side=110)
        hidden = abs(right.box.centre[0] - left.box.centre[0]) < 80
        active = scene.look(left, *([] if hidden else [right]))
    places = {track.id: track.box.centre[0] for track in active}
    assert sorted(places) == [1, 2]
    start = Scene()
    first = {track.id: track.box.centre[0] for track in start.look_for(1.0, face(500, side=110), face(100))}
    assert (places[1] > places[2]) == (first[1] < first[2])


def test_a_moving_face_that_is_missed_is_expected_where_it_would_be():
    scene = Scene()
    for number in range(20):
        scene.look(face(100 + 12 * number))
    x = 100 + 12 * 19
    coasted = [scene.look()[0].box.centre[0] for _ in range(5)]
    assert coasted == pytest.approx([x + 12 * step for step in range(1, 6)], abs=3)


def test_speed_is_in_seconds_so_that_a_dropped_frame_does_not_matter():
    scene = Scene()
    for number in range(20):
        scene.look(face(100 + 12 * number))
    scene.time_s += 0.3
    (track,) = scene.look(face(100 + 12 * 23))
    assert track.id == 1
    assert track.box.centre[0] == pytest.approx(100 + 12 * 23, abs=2)


def test_boxes_are_steadier_than_the_detections_and_not_far_behind():
    scene = Scene(fps=30)
    detected = [100 + (3 if number % 2 else -3) for number in range(60)]
    boxes = [track.box.centre[0] for x in detected for track in scene.look(face(x))]
    jitter = max(abs(after - before) for before, after in pairwise(boxes))
    assert jitter < 0.8 * 6
    assert boxes[-1] == pytest.approx(100, abs=3)


def test_without_memory_boxes_are_taken_as_they_come():
    scene = Scene(smoothing_s=0.0)
    for x in (100, 103, 97, 104, 96):
        active = scene.look(face(x, side=x))
    assert active[0].box == face(96, side=96).box


def test_a_face_far_away_is_another_face():
    scene = Scene()
    scene.look_for(1.0, face(100))
    assert ids(scene.look_for(1.0, face(500))) == [1, 2]


def test_a_face_of_quite_another_size_is_another_face():
    scene = Scene()
    scene.look_for(1.0, face(100, side=50))
    active = scene.look_for(1.0, face(100, side=200))
    assert [(track.id, track.visible) for track in active] == [(1, False), (2, True)]


def test_a_second_find_inside_a_face_is_no_second_face():
    scene = Scene()
    active = scene.look_for(2.0, face(100, side=100), face(110, 190, side=50, score=5.0))
    assert ids(active) == [1]
    assert active[0].box.w == pytest.approx(100)


def test_the_surer_of_two_finds_of_a_new_face_is_taken():
    scene = Scene()
    active = scene.look_for(2.0, face(110, 190, side=50, score=5.0), face(100, side=100, score=9.0))
    assert [(track.id, track.box.w) for track in active] == [(1, pytest.approx(100))]


def test_two_faces_side_by_side_are_two():
    scene = Scene()
    assert ids(scene.look_for(1.0, face(100), face(190))) == [1, 2]


def test_giving_up_all_faces_returns_those_that_counted_and_ids_go_on():
    scene = Scene()
    scene.look_for(1.0, face(100))
    scene.look(face(105), face(400))
    assert ids(scene.tracker.end_all()) == [1]
    assert scene.tracker.end_all() == ()
    assert ids(scene.look_for(1.0, face(100))) == [2]


def test_two_frames_of_the_same_moment_do_no_harm():
    tracker = CentroidTracker(TrackerSettings())
    for time_s in (1.0, 1.0, 1.2, 1.2, 1.4):
        update = tracker.update([face(100)], time_s)
    assert ids(update.active) == [1]


def test_time_that_goes_back_is_refused():
    tracker = CentroidTracker(TrackerSettings())
    tracker.update([], 2.0)
    with pytest.raises(RecordError, match=r"a frame at 1\.0 s comes after one at 2\.0 s"):
        tracker.update([], 1.0)


def test_nothing_is_expected_where_nothing_was():
    assert Scene().expect() == ()


def test_a_face_is_expected_from_its_first_detection_on_before_it_counts():
    scene = Scene()
    assert scene.look(face(100)) == ()
    (expected,) = scene.expect()
    assert expected.box == face(100).box


def test_a_moving_face_is_expected_where_it_is_going():
    scene = Scene()
    for number in range(20):
        scene.look(face(100 + 12 * number))
    (expected,) = scene.expect()
    assert expected.box.centre[0] == pytest.approx(100 + 12 * 20, abs=3)


def test_a_face_is_expected_with_the_time_since_it_was_seen():
    scene = Scene(fps=10)
    scene.look_for(1.0, face(100))
    unseen_s = []
    for faces in ([], [], [face(100)], []):
        scene.look(*faces)
        unseen_s.append(scene.expect()[0].unseen_s)
    assert unseen_s == pytest.approx([0.2, 0.3, 0.1, 0.2])


def test_a_face_that_flickers_stays_visible_and_one_that_is_gone_does_not():
    scene = Scene(fps=10, visible_s=0.25)
    scene.look_for(1.0, face(100))
    assert [track.visible for _ in range(4) for track in scene.look()] == [True, True, False, False]


def test_every_face_is_expected_by_itself():
    scene = Scene()
    scene.look_for(1.0, face(100), face(400))
    scene.look(face(400))
    assert {round(expected.box.centre[0]): round(expected.unseen_s, 1) for expected in scene.expect()} == {
        100: 0.2,
        400: 0.1,
    }


def test_a_face_that_was_given_up_is_expected_no_more():
    scene = Scene(lost_s=0.5)
    scene.look_for(1.0, face(100))
    scene.look_for(1.0)
    assert scene.expect() == ()


def test_a_tilt_is_kept_while_a_face_is_not_seen_and_follows_the_next_detection():
    scene = Scene()
    scene.look_for(1.0, face(100, roll_deg=22.0))
    (coasting,) = scene.look()
    assert (coasting.roll_deg, scene.expect()[0].roll_deg) == (22.0, 22.0)
    (upright,) = scene.look(face(100))
    assert (upright.roll_deg, scene.expect()[0].roll_deg) == (0.0, 0.0)


def test_a_track_has_the_score_of_its_last_detection():
    scene = Scene()
    scene.look_for(1.0, face(100, score=3.0))
    (track,) = scene.look(face(100, score=7.0))
    assert track.score == 7.0


def test_a_face_that_moves_out_of_the_frame_ends_at_once():
    scene = Scene(size=(640, 480), lost_s=5.0)
    for number in range(30):
        scene.look(face(300 + 10 * number))
    assert ids(scene.look()) == [1]
    for _ in range(6):
        active = scene.look()
    assert active == ()
    assert ids(scene.ended) == [1]


@pytest.mark.parametrize(("dx", "dy"), [(-12, 0), (0, -12), (0, 12)])
def test_it_may_leave_over_any_edge(dx, dy):
    scene = Scene(size=(640, 480), lost_s=5.0)
    for number in range(15, -1, -1):
        scene.look(face((60 if dx else 300) - dx * number, (420 if dy > 0 else 60 if dy else 200) - dy * number))
    assert ids(scene.look_for(0.2)) == [1]
    assert scene.look_for(0.6) == ()


def test_a_face_at_rest_near_the_edge_is_kept_as_long_as_any():
    scene = Scene(size=(640, 480), lost_s=1.5)
    scene.look_for(2.0, face(620))
    assert ids(scene.look_for(1.4)) == [1]
    assert scene.look_for(0.2) == ()


def test_the_speed_of_a_face_is_learnt_within_a_second_and_kept():
    scene = Scene(smoothing_s=0.1)
    for number in range(10):
        scene.look(face(100 + 20 * number, 200 + 10 * number))
    (expected,) = scene.expect()
    assert expected.box.centre == pytest.approx((300, 300), abs=2)


def test_who_is_hidden_behind_somebody_and_seems_to_stop_there_first_comes_out_with_the_own_id():
    scene = Scene(fps=15.0)
    step = 200.0 / 15.0
    for index in range(20):
        walks = face(100 + step * index, side=80)
        scene.look(walks, face(650 - 0.8 * step * index, side=90))
    x, other_x = walks.box.centre[0], 650 - 0.8 * step * 19
    # Of who goes behind the other, less and less is seen.
    scene.look(face(x + 0.4 * step, side=72), face(other_x - 0.8 * step, side=90))
    before = scene.look(face(x + 0.3 * step, side=60), face(other_x - 1.6 * step, side=90))
    for index in range(3, 10):
        scene.look(face(other_x - 0.8 * step * index, side=90))
    out = face(x + 10 * step, side=80)
    after = scene.look(out, face(other_x - 8.0 * step, side=90))
    assert [track.id for track in after if out.box.iou(track.box) > 0.5] == [before[0].id]
