import pytest

from device.records import Box, ObservedFace, Track
from tests.benchmarks.clips import Clip, Truth
from tests.benchmarks.race import HELD_IOU, _false, _held, _switches

HERE, THERE = Box(100, 100, 80, 80), Box(400, 100, 80, 80)


def _clip(*truths: list[Truth], fps: float = 1.0) -> Clip:
    return Clip("scripted", [], list(truths), fps)


def _truth(box: Box = HERE, person: str = "one", *, whole: bool = True) -> Truth:
    return Truth(person, box, whole)


def _seen(track: int, box: Box = HERE) -> ObservedFace:
    return ObservedFace(Track(track, box, 0.0, 0.0, visible=True), None)


def test_a_person_who_keeps_an_id_is_no_switch():
    assert _switches(_clip(*[[_truth()]] * 3), [(_seen(1),)] * 3) == 0


def test_another_id_at_the_same_persons_face_is_a_switch_and_back_another():
    assert _switches(_clip(*[[_truth()]] * 4), [(_seen(1),), (_seen(2),), (), (_seen(1),)]) == 2


def test_two_who_swap_their_ids_are_two_switches():
    both = [_truth(HERE, "one"), _truth(THERE, "two")]
    before, after = (_seen(1, HERE), _seen(2, THERE)), (_seen(2, HERE), _seen(1, THERE))
    assert _switches(_clip(both, both), [before, after]) == 2


def test_a_person_who_was_away_may_have_another_id_and_one_who_was_hidden_for_a_moment_may_not():
    seen = [(_seen(1),), (), (_seen(2),)]
    assert _switches(_clip([_truth()], [], [_truth()], fps=1.0), seen) == 0
    assert _switches(_clip([_truth()], [], [_truth()], fps=15.0), seen) == 1


def test_the_track_of_somebody_who_is_partly_hidden_is_not_that_of_who_stands_there():
    beside = Box(HERE.x + 24, HERE.y, 80, 80)
    both = [_truth(HERE, "one"), _truth(beside, "two", whole=False)]
    assert HERE.iou(beside) >= HELD_IOU
    assert _switches(_clip([_truth()], both, [_truth()]), [(_seen(1),), (_seen(2, beside),), (_seen(1),)]) == 0


def test_an_id_far_from_a_face_or_at_a_covered_one_is_no_switch():
    clip = _clip([_truth()], [_truth()], [_truth(whole=False)])
    assert _switches(clip, [(_seen(1),), (_seen(2, THERE),), (_seen(3),)]) == 0


def test_a_track_that_never_touched_a_face_is_false():
    assert _false(_clip([_truth()], [_truth()]), [(_seen(1), _seen(2, THERE)), (_seen(2, THERE),)]) == 1


def test_a_track_that_touched_a_face_once_is_not_false():
    assert _false(_clip([_truth()], [_truth()]), [(_seen(1, THERE),), (_seen(1, HERE),)]) == 0


def test_where_nobody_is_every_track_is_false():
    assert _false(_clip([], []), [(_seen(1),), (_seen(1), _seen(2, THERE))]) == 2


def test_a_face_is_held_where_a_box_lies_on_it_and_covered_faces_and_the_first_second_do_not_count():
    clip = _clip([_truth()], [_truth()], [_truth(whole=False)], [_truth()], [_truth()])
    held, mean_iou = _held(clip, [[], [HERE], [], [THERE], [THERE, HERE]])
    assert held == pytest.approx(2 / 3)
    assert mean_iou == 1.0


def test_where_there_is_no_face_none_is_lost():
    assert _held(_clip([], []), [[], [HERE]]) == (1.0, 0.0)
