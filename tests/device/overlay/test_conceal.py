"""Faces made unrecognisable before their picture leaves the sensor."""

import cv2
import numpy as np
import pytest

from device.overlay.privacy import conceal
from device.records import RelativeBox

BOX = RelativeBox(0.4, 0.4, 0.2, 0.2)


def stripes(*shape):
    picture = np.zeros(shape, np.uint8)
    picture[:, ::4] = 255
    picture[:, 1::4] = 255
    return picture


@pytest.mark.parametrize("shape", [(200, 200), (200, 200, 3)])
def test_nothing_fine_is_left_of_a_face(shape):
    picture = stripes(*shape)
    conceal(picture, [BOX])
    face = picture[75:125, 75:125].astype(float)
    assert face.std() < 12 < stripes(*shape)[75:125, 75:125].std()


def test_far_from_the_face_the_picture_stays():
    picture = stripes(200, 200)
    conceal(picture, [BOX])
    assert np.array_equal(picture[:, :40], stripes(200, 200)[:, :40])


@pytest.mark.parametrize(
    "box",
    [RelativeBox(0, 0, 0.2, 0.2), RelativeBox(0.9, 0.95, 0.1, 0.05), RelativeBox(0, 0, 1, 1)],
)
def test_a_face_at_the_edge_is_concealed_as_far_as_it_is_there(box):
    picture = np.random.default_rng(3).integers(0, 256, (120, 160, 3), np.uint8)
    conceal(picture, [box])
    x, y = min(round((box.x + box.w / 2) * 160), 159), min(round((box.y + box.h / 2) * 120), 119)
    around = picture[max(0, y - 2) : y + 2, max(0, x - 2) : x + 2]
    assert cv2.Laplacian(around, cv2.CV_64F).std() < 20


def test_a_box_that_has_left_the_picture_does_no_harm():
    picture = stripes(120, 160)
    conceal(picture, [RelativeBox(1, 1, 0, 0)])
    assert np.array_equal(picture[:-4], stripes(120, 160)[:-4])
