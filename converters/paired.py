"""Two models over the same faces: whether one is better, or only luckier."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_RESAMPLES = 2000
_SEED = 20131


@dataclass(frozen=True, slots=True)
class PairedComparison:
    """Answers of two models to the same labelled faces.

    Attributes:
        faces: how many have a label.
        first, second: the share that each names right.
        only_first, only_second: faces that one alone names right.
        p_value: of McNemar's exact test, that both are right equally often (McNemar, 1947).
        low, high: the 95% bootstrap interval of ``second`` less ``first``, over faces drawn anew.
    """

    faces: int
    first: float
    second: float
    only_first: int
    only_second: int
    p_value: float
    low: float
    high: float


def compare_paired(first: NDArray[np.bool_], second: NDArray[np.bool_]) -> PairedComparison:
    """From whether each model is right on each face, bool (n,), n > 0."""
    from scipy.stats import binomtest, bootstrap

    only_first, only_second = int((first & ~second).sum()), int((second & ~first).sum())
    differing = only_first + only_second
    difference = second.astype(np.float64) - first
    if np.ptp(difference) == 0:  # equal on every face, or one right wherever the other is wrong
        low = high = float(difference[0])
    else:
        found = bootstrap(
            (difference,), np.mean, n_resamples=_RESAMPLES, method="percentile", rng=np.random.default_rng(_SEED)
        )
        low, high = map(float, found.confidence_interval)
    return PairedComparison(
        faces=len(first),
        first=float(first.mean()),
        second=float(second.mean()),
        only_first=only_first,
        only_second=only_second,
        p_value=float(binomtest(only_first, differing, 0.5).pvalue) if differing else 1.0,
        low=low,
        high=high,
    )
