import cv2
import numpy as np

from tests.trainer.files import picture
from trainer.datasets.duplicates import blank, difference_hashes, digests, later_copies, near_copies


def _stack(*pictures):
    return np.stack(pictures)[..., np.newaxis].astype(np.uint8)


def _photograph(seed):
    """Large soft shapes, as faces have."""
    coarse = np.random.default_rng(seed).integers(0, 256, (6, 6)).astype(np.float32)
    return np.clip(cv2.resize(coarse, (48, 48), interpolation=cv2.INTER_CUBIC), 0, 255)


def test_a_picture_of_one_grey_level_is_blank_even_with_a_ripple():
    flat = np.full((48, 48), 128)
    ripple = flat + np.random.default_rng(0).integers(0, 3, (48, 48))
    assert blank(_stack(flat, ripple, picture(6, 1))).tolist() == [True, True, False]


def test_only_the_later_of_equal_pictures_are_copies():
    one, other = picture(1, 1), picture(1, 2)
    assert later_copies(digests(_stack(one, other, one, one))).tolist() == [False, False, True, True]


def test_a_hash_does_not_follow_the_light():
    light = _photograph(1)
    np.testing.assert_array_equal(*difference_hashes(_stack(np.round(light), np.round(light * 0.5))))


def test_a_photograph_lit_or_cropped_otherwise_is_found_and_another_is_not():
    one = _photograph(1)
    darker = one * 0.6 + 5
    shifted = np.roll(one, 1, axis=1)
    found = near_copies(_stack(one), _stack(darker, shifted, _photograph(2), one))
    assert [pair.second for pair in found] == [0, 1, 3]
    assert found[2].correlation > 0.999


def test_nothing_is_near_to_nothing():
    assert near_copies(_stack(_photograph(1)), np.empty((0, 48, 48, 1), np.uint8)) == []
