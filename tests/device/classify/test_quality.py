from itertools import pairwise

import cv2
import numpy as np
import pytest

from device.classify.quality import crop_quality, size_quality
from device.contract.preprocess import InputSpec, crop_face
from device.records import Box, Track
from tests.device.detect.pictures import ONE, shot

INPUT_PX = 48


def _track(side: float = 100.0, frontalness: float = 1.0, height: float | None = None) -> Track:
    return Track(1, Box(50, 50, side, height or side), 0.0, 0.0, visible=True, frontalness=frontalness)


def _crop(contrast: float = 60.0):
    """A sharp pattern around middle grey, as a crop of the model's size."""
    pattern = np.random.default_rng(4).choice([-1.0, 1.0], (INPUT_PX, INPUT_PX))
    soft = cv2.GaussianBlur(np.kron(pattern[::4, ::4], np.ones((4, 4))), (3, 3), 0)
    return np.clip(128 + contrast * soft, 0, 255).astype(np.uint8)[..., np.newaxis]


def _blurred(crop, sigma: float):
    return cv2.GaussianBlur(crop[..., 0], (0, 0), sigma)[..., np.newaxis].astype(np.uint8)


def _rises(qualities) -> bool:
    return all(before < after for before, after in pairwise(qualities))


def test_a_good_crop_is_worth_all():
    assert crop_quality(_crop(), _track(), INPUT_PX) == 1.0


def test_a_larger_face_is_worth_more_until_it_fills_the_input():
    assert _rises([crop_quality(_crop(), _track(side), INPUT_PX) for side in (12, 24, 36, 48)])
    assert [size_quality(_track(side), INPUT_PX) for side in (24, 48, 480)] == [0.5, 1.0, 1.0]


def test_of_a_face_that_is_not_square_the_longer_side_counts():
    assert size_quality(_track(12, height=36), INPUT_PX) == 0.75


def test_a_sharper_crop_is_worth_more():
    crops = [_blurred(_crop(), sigma) for sigma in (6.0, 2.2, 2.0, 1.8)]
    assert _rises([crop_quality(crop, _track(), INPUT_PX) for crop in (*crops[1:], _crop())])
    assert crop_quality(crops[0], _track(), INPUT_PX) <= crop_quality(crops[1], _track(), INPUT_PX)


def test_more_contrast_is_worth_more():
    assert _rises([crop_quality(_crop(contrast), _track(), INPUT_PX) for contrast in (12, 16, 20, 40)])


def test_a_more_frontal_face_is_worth_more():
    assert _rises([crop_quality(_crop(), _track(frontalness=share), INPUT_PX) for share in (0.25, 0.5, 0.75, 1.0)])


def test_what_is_more_than_enough_of_one_does_not_make_up_for_another():
    poor = crop_quality(_crop(), _track(frontalness=0.5), INPUT_PX)
    assert poor == crop_quality(_crop(), _track(side=400, frontalness=0.5), INPUT_PX) == 0.5


@pytest.mark.parametrize("grey", [0, 128, 255])
def test_the_worst_crop_still_counts_a_little(grey):
    plain = np.full((INPUT_PX, INPUT_PX, 1), grey, np.uint8)
    assert crop_quality(plain, _track(side=1, frontalness=0.0), INPUT_PX) == 0.1


def test_in_dim_light_a_face_that_moved_while_it_was_taken_is_worth_less_than_at_rest():
    picture, (box,) = shot(ONE)
    picture //= 3
    track = Track(1, box, 0.0, 0.0, visible=True)
    qualities = [
        crop_quality(crop_face(cv2.blur(picture, (moved_px, 1)).astype(np.uint8), box, InputSpec()), track, INPUT_PX)
        for moved_px in (40, 20, 10, 1)
    ]
    assert _rises(qualities[:3])
    assert qualities[2] < 0.8 * qualities[3]
    assert qualities[3] > 0.5
