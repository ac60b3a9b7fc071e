"""How sure a figure is: 95% intervals."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

RESAMPLES = 1000
_SEED = 20131
DECIMALS = 6
"""Of figures in JSON. A page that shows a tenth of a percent rounds them again: with 4, 81.946% became 82.0%."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A figure and the interval that holds the true one 95 times in a hundred."""

    value: float
    low: float
    high: float

    def as_dict(self) -> dict[str, float]:
        """For JSON, rounded to ``DECIMALS``."""
        return {
            "value": round(self.value, DECIMALS),
            "low": round(self.low, DECIMALS),
            "high": round(self.high, DECIMALS),
        }


def wilson(hits: int, count: int) -> Interval:
    """The share ``hits / count`` with Wilson's score interval; of no faces nothing is known, 0 to 1.

    E. B. Wilson, "Probable Inference, the Law of Succession, and Statistical Inference", JASA 22 (1927).
    """
    from scipy.stats import binomtest

    if not count:
        return Interval(0.0, 0.0, 1.0)
    share = hits / count
    found = binomtest(hits, count).proportion_ci(method="wilson")
    return Interval(share, min(share, float(found.low)), max(share, float(found.high)))


def newcombe(first: Interval, second: Interval) -> Interval:
    """The difference of two independent shares whose Wilson intervals are given.

    R. G. Newcombe, "Interval Estimation for the Difference Between Independent Proportions", Statistics in Medicine 17
    (1998), method 10.
    """
    difference = first.value - second.value
    down = math.hypot(first.value - first.low, second.high - second.value)
    up = math.hypot(first.high - first.value, second.value - second.low)
    return Interval(difference, max(-1.0, difference - down), min(1.0, difference + up))


def bootstrap_counts(
    counts: NDArray[np.int64],
    figure: Callable[[NDArray[np.int64]], NDArray[np.float64]],
    resamples: int = RESAMPLES,
) -> Interval:
    """``figure`` of a table of counts, with the percentile interval over tables drawn anew from it; seeded.

    Args:
        counts: int64 (rows, columns).
        figure: from int64 (n, rows, columns) to float64 (n,).
        resamples: how many tables are drawn.
    """
    total = int(counts.sum())
    value = float(figure(counts[np.newaxis])[0])
    if not total:
        return Interval(value, value, value)
    drawn = np.random.default_rng(_SEED).multinomial(total, counts.ravel() / total, size=resamples)
    return _percentiles(value, figure(drawn.reshape(resamples, *counts.shape)))


def bootstrap_rows(
    columns: tuple[NDArray[Any], ...], figure: Callable[..., float], resamples: int = RESAMPLES
) -> Interval:
    """``figure`` of columns of one length, with the percentile interval over rows drawn anew; seeded."""
    count = len(columns[0])
    value = figure(*columns)
    if not count:
        return Interval(value, value, value)
    random = np.random.default_rng(_SEED)
    found = np.empty(resamples)
    for turn in range(resamples):
        rows = random.integers(0, count, count)
        found[turn] = figure(*(column[rows] for column in columns))
    return _percentiles(value, found)


def _percentiles(value: float, found: NDArray[np.float64]) -> Interval:
    low, high = np.percentile(found, (2.5, 97.5))
    return Interval(float(value), float(low), float(high))
