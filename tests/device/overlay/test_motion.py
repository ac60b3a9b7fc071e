import pytest

from device.overlay.motion import MEMORY_S, Motion
from device.records import RelativeBox
from tests.device.overlay.scenes import face

HERE, THERE = (0.2, 0.3, 0.1, 0.2), (0.5, 0.3, 0.2, 0.4)


def _moved(times_s) -> RelativeBox:
    motion = Motion()
    motion.follow([face(1, HERE)], 0.0)
    shown = {}
    for now_s in times_s:
        shown = motion.follow([face(1, THERE)], now_s)
    return shown[1]


def _edges(box: RelativeBox) -> tuple[float, ...]:
    return box.x, box.y, box.w, box.h


def test_a_new_face_appears_where_it_is():
    assert _edges(Motion().follow([face(1, HERE)], 5.0)[1]) == pytest.approx(HERE)


def test_a_box_is_on_its_way_after_a_moment_and_there_after_a_while():
    soon, late = _moved([MEMORY_S]), _moved([3 * MEMORY_S])
    assert soon.x == pytest.approx(0.2 + 0.3 * (1 - 0.3679), abs=1e-3)
    assert late.x == pytest.approx(0.5, abs=0.05 * 0.3 + 1e-6)


def test_where_a_box_is_does_not_depend_on_how_often_it_was_drawn():
    often, seldom = _moved([0.01 * n for n in range(1, 11)]), _moved([0.1])
    assert (often.x, often.w) == pytest.approx((seldom.x, seldom.w), abs=1e-9)


def test_drawing_the_same_moment_twice_moves_nothing():
    motion = Motion()
    motion.follow([face(1, HERE)], 1.0)
    once = motion.follow([face(1, THERE)], 1.05)
    assert motion.follow([face(1, THERE)], 1.05) == once


def test_a_face_that_left_is_forgotten_and_starts_afresh():
    motion = Motion()
    motion.follow([face(1, HERE), face(2, THERE)], 0.0)
    assert set(motion.follow([face(2, THERE)], 0.1)) == {2}
    assert _edges(motion.follow([face(1, THERE)], 0.2)[1]) == pytest.approx(THERE)


def test_boxes_at_the_edge_stay_in_the_picture_on_their_way():
    motion = Motion()
    motion.follow([face(1, (0.9, 0.8, 0.1, 0.2))], 0.0)
    box = motion.follow([face(1, (0.0, 0.0, 0.3, 0.3))], 0.03)[1]
    assert box.x + box.w <= 1.0
