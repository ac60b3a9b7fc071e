import pytest

from device.detect.places import around, grown, heaps, joined, scaled, within
from device.records import Box

LEFT, MIDDLE, RIGHT = Box(0, 0, 40, 40), Box(30, 10, 40, 40), Box(60, 20, 40, 40)
APART = Box(200, 200, 10, 10)


@pytest.mark.parametrize("boxes", [(LEFT, MIDDLE, RIGHT, APART), (LEFT, RIGHT, APART, MIDDLE)])
def test_boxes_that_touch_are_joined_into_one_even_if_only_a_third_one_joins_them(boxes):
    assert sorted(joined(boxes), key=lambda box: box.x) == [Box(0, 0, 100, 60), APART]


def test_a_heap_wants_as_much_overlap_as_is_asked_for():
    near = Box(5, 0, 40, 40)
    assert sorted(len(heap) for heap in heaps((LEFT, near, MIDDLE), 0.5)) == [1, 2]
    assert [len(heap) for heap in heaps((LEFT, near, MIDDLE), 0.0)] == [3]


def test_of_no_boxes_there_is_no_heap():
    assert heaps((), 0.5) == []
    assert joined(()) == []


def test_around_a_heap_lies_the_smallest_box_that_holds_all():
    assert around((LEFT, APART)) == Box(0, 0, 210, 210)


def test_a_box_grows_to_every_side_and_is_scaled_around_its_middle():
    assert grown(MIDDLE, 5) == Box(25, 5, 50, 50)
    assert scaled(MIDDLE, 0.5) == Box(40, 20, 20, 20)


def test_a_box_is_cut_at_the_edges_of_the_region():
    assert within(Box(-10, -10, 30, 100), LEFT) == Box(0, 0, 20, 40)
    assert within(MIDDLE, Box(0, 0, 640, 480)) == MIDDLE
