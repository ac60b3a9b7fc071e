import cv2
import numpy as np
import pytest

from device.detect.likeness import Likeness
from device.detect.pyramid import Pyramid
from device.records import Box, Expected, Face
from tests.device.detect.pictures import NOBODY, ONE, TWO, Picture, shot, tilted

MOMENT_S = 0.1


def _moved(picture: Picture, right: float, down: float) -> Picture:
    shift = np.array([[1.0, 0.0, right], [0.0, 1.0, down]])
    size = picture.shape[1], picture.shape[0]
    return cv2.warpAffine(picture, shift, size, borderMode=cv2.BORDER_REPLICATE).astype(np.uint8)


def _at(box: Box, right: float, down: float) -> Box:
    return Box(box.x + right, box.y + down, box.w, box.h)


def _remembering(picture: Picture, *faces: Face) -> Likeness:
    likeness = Likeness()
    likeness.remember(Pyramid(picture), faces, 0.0)
    return likeness


@pytest.mark.parametrize("roll_deg", [0.0, 30.0, -44.0])
@pytest.mark.parametrize("shift", [(0, 0), (9, -4), (-4, 7)])
def test_a_face_that_has_moved_is_found_where_it_is(roll_deg, shift):
    grey, (box,) = shot(ONE)
    picture = tilted(grey, box, roll_deg)
    likeness = _remembering(picture, Face(box, 7.0, roll_deg, frontalness=0.8))
    found = likeness.find(Pyramid(_moved(picture, *shift)), Expected(box, roll_deg), MOMENT_S)
    assert found is not None
    assert found.box.centre == pytest.approx(_at(box, *shift).centre, abs=0.02 * box.w)
    assert (found.score, found.roll_deg, found.frontalness, found.verified) == (7.0, roll_deg, 0.8, False)


@pytest.mark.parametrize("growth", [0.93, 1.06, 1.08])
def test_who_comes_nearer_grows(growth):
    grey, (box,) = shot(ONE)
    zoom = cv2.getRotationMatrix2D(box.centre, 0.0, growth)
    nearer = cv2.warpAffine(grey, zoom, (640, 480), borderMode=cv2.BORDER_REPLICATE).astype(np.uint8)
    found = _remembering(grey, Face(box, 7.0)).find(Pyramid(nearer), Expected(box), MOMENT_S)
    assert found is not None
    assert (found.box.w, found.box.h) == pytest.approx((growth * box.w, growth * box.h), rel=0.025)
    assert found.box.centre == pytest.approx(box.centre, abs=0.02 * box.w)


def test_noise_and_another_light_leave_it_alike():
    grey, (box,) = shot(ONE)
    noise = np.random.default_rng(0).normal(0.0, 4.0, grey.shape)
    darker = np.clip(0.7 * grey + noise, 0, 255).astype(np.uint8)
    assert _remembering(grey, Face(box, 7.0)).find(Pyramid(darker), Expected(box), MOMENT_S)


def test_it_is_not_found_once_it_is_gone_or_hidden_or_has_turned():
    grey, (box,) = shot(ONE)
    hidden = grey.copy()
    hidden[round(box.y + box.h / 2) :, :] = 90
    for other in (shot(NOBODY)[0], hidden, tilted(grey, box, 25.0)):
        assert _remembering(grey, Face(box, 7.0)).find(Pyramid(other), Expected(box), MOMENT_S) is None


def test_it_is_found_for_a_moment_only_and_then_a_detector_must_look():
    grey, (box,) = shot(ONE)
    likeness = _remembering(grey, Face(box, 7.0))
    assert likeness.find(Pyramid(grey), Expected(box), 0.19)
    assert likeness.find(Pyramid(grey), Expected(box), 0.21) is None


@pytest.mark.parametrize("how", [{"verify": True}, {"is_new": True}])
def test_a_new_face_and_one_of_which_a_second_opinion_is_wanted_are_left_to_the_detector(how):
    grey, (box,) = shot(ONE)
    assert _remembering(grey, Face(box, 7.0)).find(Pyramid(grey), Expected(box, **how), MOMENT_S) is None


def test_each_of_two_people_is_found_and_neither_while_one_is_before_the_other():
    grey, boxes = shot(TWO)
    likeness = _remembering(grey, *(Face(box, 7.0) for box in boxes))
    for box in boxes:
        found = likeness.find(Pyramid(grey), Expected(box), MOMENT_S)
        assert found is not None
        assert found.box.iou(box) > 0.9
    close = _remembering(grey, Face(boxes[0], 7.0), Face(_at(boxes[0], 20, 0), 7.0))
    assert close.find(Pyramid(grey), Expected(boxes[0]), MOMENT_S) is None


def test_of_one_face_only_the_last_look_counts():
    grey, (box,) = shot(ONE)
    likeness = _remembering(grey, Face(box, 7.0))
    likeness.remember(Pyramid(_moved(grey, 8, 0)), [Face(_at(box, 8, 0), 5.0)], MOMENT_S)
    found = likeness.find(Pyramid(_moved(grey, 12, 0)), Expected(_at(box, 8, 0)), 2.5 * MOMENT_S)
    assert found is not None
    assert found.score == 5.0
