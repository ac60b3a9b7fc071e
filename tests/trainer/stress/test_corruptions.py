import numpy as np
import pytest

from tests.trainer.files import picture
from trainer.stress.corruptions import CORRUPTIONS

FACES = np.stack([picture(label, label) for label in range(6)])[..., np.newaxis]
EVERY = pytest.mark.parametrize("corruption", CORRUPTIONS, ids=lambda one: one.name)


def _off_by(corrupted):
    return np.abs(corrupted.astype(float) - FACES).mean()


@EVERY
def test_a_stronger_level_corrupts_more(corruption):
    levels = [_off_by(corruption.apply(FACES, level, seed=1)) for level in corruption.levels]
    assert 0 < levels[0] < levels[1] < levels[2]


@EVERY
def test_size_and_type_stay_and_the_same_seed_gives_the_same_pixels(corruption):
    first, again = (corruption.apply(FACES, corruption.levels[0], seed=3) for _ in range(2))
    assert (first.shape, first.dtype) == (FACES.shape, np.uint8)
    assert (first == again).all()


def _named(name):
    return next(one for one in CORRUPTIONS if one.name == name)


def test_low_light_leaves_the_share_of_the_light_that_its_level_says():
    dark = _named("low light").apply(FACES, 0.25, seed=1)
    assert dark.mean() == pytest.approx(FACES.mean() * 0.25, rel=0.03)


def test_noise_has_the_deviation_that_its_level_says():
    grey = np.full((4, 48, 48, 1), 128, np.uint8)
    noisy = _named("noise").apply(grey, 16, seed=1).astype(float)
    assert noisy.std() == pytest.approx(16, rel=0.05)
    assert noisy.mean() == pytest.approx(128, abs=1)


def test_faces_are_rolled_to_either_side():
    """A bright spot above the middle moves left for some and right for others."""
    spot = np.zeros((20, 48, 48, 1), np.uint8)
    spot[:, 4:8, 22:26] = 255
    rolled = _named("roll").apply(spot, 25, seed=1)[..., 0].astype(float)
    columns = (rolled * np.arange(48)).sum(axis=(1, 2)) / rolled.sum(axis=(1, 2))
    assert columns.min() < 20
    assert columns.max() > 28
