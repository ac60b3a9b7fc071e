"""Pixels that are not square are made so: by what the stream tells, and by what the configuration says."""

import numpy as np
import pytest

from device.capture.sources.square import SquarePixels, looks_squeezed

MOST_PIXELS = 2_000_000


@pytest.mark.parametrize(
    ("pixel", "aspect", "becomes"),
    [
        ((0, 1), None, (704, 288)),
        ((1, 1), None, (704, 288)),
        ((6, 11), None, (704, 528)),
        ((12, 11), None, (768, 288)),
        ((101, 100), None, (704, 288)),
        ((0, 1), 4 / 3, (704, 528)),
        ((0, 1), 16 / 9, (704, 396)),
        ((6, 11), 16 / 9, (704, 396)),
    ],
)
def test_a_picture_becomes_as_wide_as_it_is_and_loses_nothing(pixel, aspect, becomes):
    square = SquarePixels(aspect, MOST_PIXELS)
    square.declare(*pixel)
    pictures = square.stretch({"grey": np.zeros((288, 704), np.uint8), "bgr": np.zeros((288, 704, 3), np.uint8)})
    assert pictures["grey"].shape == becomes[::-1]
    assert pictures["bgr"].shape == (*becomes[::-1], 3)


@pytest.mark.parametrize("pixel", [(1, 10_000), (10_000, 1), (-1, 1), (float("nan"), 1), (1, 0)])
def test_what_no_recorder_has_is_not_believed(pixel):
    square = SquarePixels(None, MOST_PIXELS)
    square.declare(*pixel)
    assert square.size(704, 288) == (704, 288)


def test_a_picture_that_would_become_too_large_stays_as_it_is():
    square = SquarePixels(4 / 1, MOST_PIXELS)
    assert square.size(1400, 1400) == (1400, 1400)


@pytest.mark.parametrize(
    ("size", "squeezed"),
    [((704, 288), True), ((960, 288), True), ((640, 480), False), ((1920, 1080), False), ((1080, 2340), False)],
)
def test_the_shapes_of_analogue_recorders_are_known(size, squeezed):
    assert looks_squeezed(*size) is squeezed
