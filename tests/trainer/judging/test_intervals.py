import numpy as np
import pytest

from trainer.judging.intervals import Interval, bootstrap_counts, bootstrap_rows, newcombe, wilson


@pytest.mark.parametrize(
    ("hits", "count", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_s_interval_is_the_one_in_newcombe_s_table(hits, count, low, high):
    # R. G. Newcombe, "Two-sided confidence intervals for the single proportion", 1998, table I, method 3.
    interval = wilson(hits, count)
    assert interval.value == hits / count
    assert (interval.low, interval.high) == pytest.approx((low, high), abs=5e-5)


def test_wilson_s_interval_is_scipy_s():
    stats = pytest.importorskip("scipy.stats")
    for hits, count in ((3093, 3589), (5, 9), (9, 9), (0, 1)):
        expected = stats.binomtest(hits, count).proportion_ci(method="wilson")
        interval = wilson(hits, count)
        assert (interval.low, interval.high) == pytest.approx((expected.low, expected.high), abs=1e-9)


def test_a_figure_in_json_is_fine_enough_for_a_page_that_rounds_it_again():
    written = Interval(0.85, 0.81946, 0.876).as_dict()
    assert f"{written['low']:.1%}" == "81.9%"


def test_of_no_faces_nothing_is_known():
    assert (wilson(0, 0).low, wilson(0, 0).high) == (0.0, 1.0)


@pytest.mark.parametrize(
    ("first", "second", "low", "high"),
    [((56, 70), (48, 80), 0.0524, 0.3339), ((9, 10), (3, 10), 0.1705, 0.8090), ((6, 7), (2, 7), 0.0582, 0.8062)],
)
def test_the_interval_of_a_difference_is_the_one_in_newcombe_s_table(first, second, low, high):
    # R. G. Newcombe, "Interval estimation for the difference between independent proportions", 1998, method 10.
    interval = newcombe(wilson(*first), wilson(*second))
    assert (interval.low, interval.high) == pytest.approx((low, high), abs=5e-5)


def test_bootstrapped_accuracy_agrees_with_wilson_s_interval():
    right = np.arange(1000) < 700
    by_rows = bootstrap_rows((right,), lambda column: float(column.mean()))
    by_counts = bootstrap_counts(np.array([[700, 300]]), lambda counts: counts[:, 0, 0] / 1000)
    expected = wilson(700, 1000)
    for interval in (by_rows, by_counts):
        assert interval.value == 0.7
        assert (interval.low, interval.high) == pytest.approx((expected.low, expected.high), abs=0.005)


def test_a_bootstrapped_interval_is_the_same_every_time():
    counts = np.array([[8, 2], [3, 7]])

    def share(tables):
        return tables[:, 0, 0] / 20

    assert bootstrap_counts(counts, share) == bootstrap_counts(counts, share)
