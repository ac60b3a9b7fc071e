import math

import numpy as np
import pytest

from device.detect.pyramid import Pyramid
from device.records import Box


def _marked(x: float, y: float, width: int = 320, height: int = 240) -> Pyramid:
    """A dark picture with a soft bright spot around (x, y), pixels counted from the picture's corner."""
    rows, columns = np.mgrid[:height, :width] + 0.5
    spot = 30 + 220 * np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / (2 * 6.0**2))
    return Pyramid(spot.astype(np.uint8))


def _spot(pixels) -> tuple[float, float]:
    """Where the spot's middle is in a patch, pixels counted from its corner."""
    light = np.clip(pixels.astype(float) - 60, 0, None)
    rows, columns = np.mgrid[: pixels.shape[0], : pixels.shape[1]] + 0.5
    return float((light * columns).sum() / light.sum()), float((light * rows).sum() / light.sum())


def _mapped_back(patch) -> tuple[float, float]:
    x, y = _spot(patch.pixels)
    return patch.box_in_frame(x - 2, y - 2, 4, 4).centre


def test_the_first_level_is_the_frame_itself():
    grey = np.zeros((48, 64), np.uint8)
    pyramid = Pyramid(grey)
    assert pyramid.level(0) is grey
    assert pyramid.size == (64, 48)


def test_a_level_is_the_mean_of_four_pixels_of_the_one_before():
    grey = np.random.default_rng(1).integers(0, 256, (40, 60), dtype=np.uint8)
    means = grey.reshape(20, 2, 30, 2).mean(axis=(1, 3))
    assert np.abs(Pyramid(grey).level(1) - means).max() <= 1.0


def test_an_odd_last_row_and_column_are_left_out():
    grey = np.full((41, 61), 100, np.uint8)
    grey[-1], grey[:, -1] = 255, 255
    half = Pyramid(grey).level(1)
    assert half.shape == (20, 30)
    assert (half == 100).all()


def test_every_level_is_made_once():
    pyramid = _marked(100, 100)
    assert pyramid.level(3) is pyramid.level(3)


@pytest.mark.parametrize("size", [(1, 1), (1, 50), (50, 1), (3, 2)])
def test_a_tiny_picture_is_not_halved_to_nothing_and_can_be_cut(size):
    pyramid = Pyramid(np.full(size, 77, np.uint8))
    assert pyramid.level(9).size
    for roll_deg in (0.0, 22.0):
        patch = pyramid.cut(Box(0, 0, size[1], size[0]), 0.01, roll_deg)
        assert patch.pixels.size
        assert (patch.pixels == 77).all()


@pytest.mark.parametrize("roll_deg", [0.0, 22.0, -44.0])
@pytest.mark.parametrize("scale", [1.0, 0.7, 0.5, 0.36, 0.2])
@pytest.mark.parametrize("place", [(160.0, 120.0), (131.5, 150.25)])
def test_what_is_found_in_a_patch_is_where_it_is_in_the_frame(place, scale, roll_deg):
    patch = _marked(*place).cut(Box(90, 60, 140, 140), scale, roll_deg)
    assert _mapped_back(patch) == pytest.approx(place, abs=0.4)


@pytest.mark.parametrize("roll_deg", [0.0, 22.0])
def test_a_patch_can_be_larger_than_the_part_it_shows(roll_deg):
    patch = _marked(160, 120).cut(Box(120, 80, 80, 80), 2.5, roll_deg)
    assert patch.pixels.shape == (200, 200)
    assert _mapped_back(patch) == pytest.approx((160, 120), abs=0.4)


@pytest.mark.parametrize("roll_deg", [0.0, 22.0, -22.0])
@pytest.mark.parametrize(
    ("place", "region"),
    [
        ((20.0, 120.0), Box(-60, 60, 120, 120)),
        ((300.0, 120.0), Box(250, 60, 120, 120)),
        ((160.0, 20.0), Box(100, -50, 120, 120)),
        ((160.0, 220.0), Box(100, 170, 120, 120)),
        ((22.0, 22.0), Box(-70, -70, 140, 140)),
    ],
    ids=["left", "right", "top", "bottom", "corner"],
)
def test_a_region_that_is_partly_outside_is_mapped_back_as_well(place, region, roll_deg):
    patch = _marked(*place).cut(region, 0.5, roll_deg)
    assert _mapped_back(patch) == pytest.approx(place, abs=0.5)


@pytest.mark.parametrize("size", [(317, 239), (333, 257)])
@pytest.mark.parametrize("roll_deg", [0.0, 22.0])
def test_in_a_picture_of_odd_size_the_far_corner_is_mapped_back_too(size, roll_deg):
    width, height = size
    place = (width - 30.0, height - 30.0)
    patch = _marked(*place, width, height).cut(Box(width - 80, height - 80, 90, 90), 0.24, roll_deg)
    assert _mapped_back(patch) == pytest.approx(place, abs=1.0)


@pytest.mark.parametrize("roll_deg", [0.0, 30.0])
@pytest.mark.parametrize("scale", [0.3, 1.0, 1.7])
def test_a_box_is_as_large_in_the_frame_as_the_scale_says(scale, roll_deg):
    patch = _marked(160, 120).cut(Box(60, 20, 200, 200), scale, roll_deg)
    box = patch.box_in_frame(5, 5, 24, 24)
    assert (box.w, box.h) == pytest.approx((24 / scale, 24 / scale), rel=0.01)
    assert {type(value) for value in (box.x, box.y, box.w, box.h)} == {float}


@pytest.mark.parametrize("roll_deg", [22.0, -22.0, 45.0])
def test_what_is_tilted_by_the_angle_is_upright_in_the_patch(roll_deg):
    """Two spots one above the other in a head that is tilted clockwise: they are above each other in the patch."""
    radians = math.radians(roll_deg)
    top_x, top_y = 160 + 40 * math.sin(radians), 120 - 40 * math.cos(radians)
    patch = _marked(top_x, top_y).cut(Box(90, 50, 140, 140), 1.0, roll_deg)
    assert _spot(patch.pixels) == pytest.approx((70, 30), abs=0.5)


@pytest.mark.parametrize("region", [Box(-90, 20, 50, 50), Box(500, 20, 50, 50), Box(20, 400, 50, 50)])
@pytest.mark.parametrize("roll_deg", [0.0, 22.0])
def test_a_region_outside_the_frame_shows_its_edge(region, roll_deg):
    patch = Pyramid(np.full((240, 320), 90, np.uint8)).cut(region, 0.5, roll_deg)
    assert patch.pixels.size
    assert (patch.pixels == 90).all()


@pytest.mark.parametrize("region", [Box(-90, 20, 50, 50), Box(500, 20, 50, 50), Box(20, 400, 50, 50)])
def test_the_upright_patch_of_a_region_outside_the_frame_says_which_of_its_pixels_it_has(region):
    patch = Pyramid(np.full((240, 320), 90, np.uint8)).cut(region, 1.0)
    height, width = patch.pixels.shape
    shown = patch.box_in_frame(0, 0, width, height)
    x, y = shown.centre
    assert 0 < x < 320
    assert 0 < y < 240


def test_cutting_leaves_the_frame_as_it_was():
    grey = np.random.default_rng(2).integers(0, 256, (120, 160), dtype=np.uint8)
    before = grey.copy()
    for roll_deg in (0.0, 22.0):
        Pyramid(grey).cut(Box(10, 10, 100, 100), 0.4, roll_deg)
    assert np.array_equal(grey, before)


def test_without_a_box_there_is_nothing_to_see_in_it_at_any_size_and_the_frame_is_left_as_it_was():
    pyramid = _marked(100, 80)
    before = pyramid.level(0).copy()
    hidden = pyramid.without([Box(70, 50, 60, 60), Box(300, -20, 60, 60), Box(900, 900, 10, 10)])
    for number in (0, 1, 2):
        rows, columns = (slice(low >> number, high >> number) for low, high in ((52, 108), (72, 128)))
        assert np.ptp(hidden.level(number)[rows, columns]) == 0
    assert hidden.level(0)[80, 100] == round(float(before[50:110, 70:130].mean()))
    assert np.array_equal(hidden.level(0)[:50], before[:50])
    assert np.array_equal(pyramid.level(0), before)


def test_without_any_box_the_pyramid_is_the_same():
    pyramid = _marked(100, 80)
    assert pyramid.without([]) is pyramid
