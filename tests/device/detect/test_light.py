import numpy as np
import pytest

from device.detect import DetectorSettings, HaarDetector
from device.detect.light import LightEvener, is_dull, lifted
from tests.device.detect.network import needs_cascades
from tests.device.detect.pictures import ONE, shot

PATTERN = (np.indices((60, 60)).sum(axis=0) // 3 % 2).astype(np.uint8)


def test_what_has_contrast_is_left_as_it_is():
    grey = PATTERN * 100
    assert lifted(grey) is grey


@pytest.mark.parametrize(("dark", "step"), [(3, 6), (200, 10)])
def test_little_contrast_becomes_enough_for_a_cascade(dark, step):
    raised = lifted(dark + PATTERN * step)
    assert raised.std() > 25
    assert (raised > 128).mean() == pytest.approx(0.5, abs=0.02)


def test_a_picture_of_one_grey_stays_one():
    assert np.ptp(lifted(np.full((30, 30), 7, np.uint8))) == 0


@pytest.mark.parametrize(
    ("grey", "dull"),
    [(100 + PATTERN * 60, False), (100 + PATTERN * 40, True), (PATTERN * 110, True), (5 + PATTERN * 120, False)],
)
def test_a_picture_is_dull_that_is_dark_or_nearly_of_one_grey(grey, dull):
    assert is_dull(grey) == dull


def test_evened_light_shows_more_of_what_is_in_shadow():
    grey = np.random.default_rng(1).integers(20, 220, (160, 160)).astype(np.uint8)
    grey[:, :80] //= 10
    evened = LightEvener().even(grey)
    assert evened[:, 10:60].std() > 3 * grey[:, 10:60].std()


@needs_cascades
@pytest.mark.parametrize("share", [0.08, 0.12])
def test_a_face_in_the_dark_is_found_in_evened_light_alone(share):
    picture, (box,) = shot(ONE)
    dark = (picture * share).astype(np.uint8)
    assert HaarDetector(DetectorSettings(equalise=False)).detect(dark) == []
    found = HaarDetector(DetectorSettings()).detect(dark)
    assert max(face.box.iou(box) for face in found) > 0.6
