"""A face is good, or has a plain cause for not being so."""

import pytest

from device.records import Box
from device.tools.aim.verdict import HINTS, judge

SIZE = (640, 480)
MIDDLE = Box(270, 190, 100, 100)
GOOD = {"brightness": 120.0, "sharpness": 350.0, "frontalness": 1.0}


def faults(box=MIDDLE, size=SIZE, **measures):
    return judge(box, size, **(GOOD | measures))


def test_a_large_well_lit_sharp_frontal_face_in_the_middle_has_no_fault():
    assert faults() == ()


@pytest.mark.parametrize(
    ("measures", "expected"),
    [
        ({"box": Box(300, 200, 47, 47)}, "too small"),
        ({"brightness": 49.0}, "too dark"),
        ({"brightness": 201.0}, "too bright"),
        ({"sharpness": 99.0}, "blurred"),
        ({"frontalness": 0.5}, "too oblique"),
        ({"doubted_s": 2.0}, "too oblique"),
        ({"box": Box(2, 190, 100, 100)}, "at the edge"),
        ({"box": Box(270, 378, 100, 100)}, "at the edge"),
    ],
)
def test_each_fault_has_its_word_and_a_hint(measures, expected):
    assert faults(**measures) == (expected,)
    assert HINTS[expected]


def test_a_face_that_just_suffices_is_good():
    assert faults(box=Box(300, 200, 48, 40), brightness=50.0, sharpness=100.0, frontalness=0.6, doubted_s=1.9) == ()
    assert faults(box=Box(6, 6, 100, 100)) == ()


def test_a_dark_or_small_face_is_not_called_blurred_or_oblique_as_well():
    assert faults(brightness=20.0, sharpness=10.0, frontalness=0.5) == ("too dark",)
    assert faults(box=Box(300, 200, 30, 30), sharpness=10.0, frontalness=0.5) == ("too small",)


def test_a_blurred_face_is_not_called_oblique_as_well():
    assert faults(sharpness=10.0, frontalness=0.5) == ("blurred",)


def test_faults_that_have_nothing_to_do_with_each_other_are_all_told():
    assert faults(box=Box(0, 200, 30, 30), brightness=20.0) == ("at the edge", "too small", "too dark")
    assert faults(box=Box(0, 200, 80, 80), sharpness=10.0) == ("at the edge", "blurred")
