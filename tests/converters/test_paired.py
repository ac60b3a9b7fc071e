from fractions import Fraction
from math import comb

import numpy as np
import pytest

from converters.paired import compare_paired


def _right(both=0, first=0, second=0, neither=0):
    """Answers that are right in so many faces, of both models."""
    sizes = (both, first, second, neither)
    return np.repeat([True, True, False, False], sizes), np.repeat([True, False, True, False], sizes)


def test_a_model_that_is_right_where_the_other_is_and_often_where_it_is_not_is_better():
    found = compare_paired(*_right(both=60, first=2, second=30, neither=8))
    assert (found.first, found.second) == (0.62, 0.90)
    assert found.p_value < 1e-6
    assert 0.15 < found.low < 0.28 < found.high < 0.41


def test_as_many_faces_won_as_lost_are_no_difference():
    found = compare_paired(*_right(both=50, first=10, second=10, neither=30))
    assert found.p_value == pytest.approx(1.0)
    assert found.low < 0 < found.high


def test_equal_answers_are_equal_to_the_last_face():
    found = compare_paired(*_right(both=5, neither=5))
    assert (found.p_value, found.low, found.high) == (1.0, 0.0, 0.0)


@pytest.mark.parametrize(("first", "second"), [(0, 1), (3, 12), (9, 9), (24, 3), (30, 27)])
def test_the_p_value_is_mcnemars_to_the_last_digit(first, second):
    tosses = first + second
    tail = sum(Fraction(comb(tosses, heads), 2**tosses) for heads in range(min(first, second) + 1))
    found = compare_paired(*_right(both=20, first=first, second=second, neither=5))
    assert found.p_value == pytest.approx(float(min(2 * tail, 1)), rel=1e-12)


def test_the_interval_is_that_of_tables_drawn_anew():
    both, first, second, neither = 700, 60, 90, 150
    found = compare_paired(*_right(both, first, second, neither))
    count = both + first + second + neither
    shares = np.array([first, second, both + neither]) / count
    drawn = np.random.default_rng(1).multinomial(count, shares, size=20_000)
    expected = np.percentile((drawn[:, 1] - drawn[:, 0]) / count, (2.5, 97.5))
    assert (found.low, found.high) == pytest.approx(tuple(expected), abs=0.002)
