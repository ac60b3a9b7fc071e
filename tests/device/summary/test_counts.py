"""Counters add up, and what is read from them is near the truth."""

from statistics import median

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.errors import RecordError
from device.summary.counts import DWELL_BINS, Counts, dwell_bin, total

LENGTHS = st.floats(0.0, 1e7, allow_nan=False)


def of_visits(lengths) -> Counts:
    return total(Counts(visits=1, dwell_s=length, dwell_bins={dwell_bin(length): 1}) for length in lengths)


@given(st.lists(st.floats(1.0, 20_000.0), min_size=1, max_size=60))
def test_the_median_of_many_visits_is_right_to_the_width_of_a_bin(lengths):
    found = of_visits(lengths).median_dwell_s
    middle = sorted(lengths)[(len(lengths) - 1) // 2 : len(lengths) // 2 + 1]
    assert middle[0] / 1.19 <= found <= middle[-1] * 1.19


def test_the_median_of_a_usual_day_is_right_to_a_twentieth():
    lengths = [2.0 + 0.37 * number for number in range(301)]
    assert of_visits(lengths).median_dwell_s == pytest.approx(median(lengths), rel=0.05)


@given(st.lists(LENGTHS, max_size=20), st.lists(LENGTHS, max_size=20))
def test_two_halves_of_a_day_add_up_to_the_day(morning, evening):
    together = of_visits(morning).plus(of_visits(evening))
    assert together.visits == len(morning) + len(evening)
    assert together.dwell_bins == of_visits(morning + evening).dwell_bins
    assert together.dwell_s == pytest.approx(sum(morning) + sum(evening))


@given(LENGTHS)
def test_every_length_has_a_bin(length_s):
    assert 0 <= dwell_bin(length_s) < DWELL_BINS
    assert dwell_bin(length_s) <= dwell_bin(length_s * 2 + 0.1)


def test_shares_are_of_the_time_that_was_read_and_uncertain_is_one_of_them():
    counts = Counts(emotion_s={"happy": 30.0, "uncertain": 10.0}, presence_s=50.0, frontal_s=20.0)
    assert counts.emotion_shares == {"happy": 0.75, "uncertain": 0.25}
    assert counts.frontal_share == 0.4


def test_an_hour_without_anybody_has_no_lengths_and_no_shares():
    nobody = Counts(watched_s=3600.0)
    assert nobody.mean_dwell_s is nobody.median_dwell_s is nobody.frontal_share is None
    assert nobody.emotion_shares == {}
    assert not nobody.is_empty
    assert Counts().is_empty


@pytest.mark.parametrize(
    "wrong",
    [
        {"watched_s": -1.0},
        {"dwell_s": float("nan")},
        {"emotion_s": {"happy": float("inf")}},
        {"visits": 1},
        {"visits": 1, "dwell_bins": {DWELL_BINS: 1}},
        {"visits": 1, "dwell_bins": {3: 1}, "looked": 2},
        {"visits": 1, "dwell_bins": {3: 1}, "dominant": {"happy": 2}},
    ],
)
def test_counts_that_cannot_be_are_refused(wrong):
    with pytest.raises(RecordError):
        Counts(**wrong)
