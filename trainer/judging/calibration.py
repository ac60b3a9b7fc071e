"""Whether the model's confidence is the share of times it is right."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trainer.judging.intervals import DECIMALS, Interval, bootstrap_rows, wilson

BINS = 15


@dataclass(frozen=True, slots=True)
class ReliabilityBin:
    """The faces whose confidence lies above ``low`` and not above ``high``.

    Attributes:
        low, high: confidence, 0 to 1.
        count: how many faces.
        confidence: their mean confidence.
        accuracy: the share of them that was named rightly, with Wilson's interval.
    """

    low: float
    high: float
    count: int
    confidence: float
    accuracy: Interval

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "low": round(self.low, DECIMALS),
            "high": round(self.high, DECIMALS),
            "count": self.count,
            "confidence": round(self.confidence, DECIMALS),
            "accuracy": self.accuracy.as_dict(),
        }


@dataclass(frozen=True, slots=True)
class Calibration:
    """Expected calibration error with a bootstrap interval, and the bins that have faces.

    Attributes:
        ece: over 15 bins of equal width, 0 to 1 (Guo et al., "On Calibration of Modern Neural Networks", 2017).
        confidence: mean confidence; above the accuracy the model is too sure of itself.
        bins: those that have faces, from low to high.
    """

    ece: Interval
    confidence: float
    bins: tuple[ReliabilityBin, ...]

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "ece": self.ece.as_dict(),
            "mean_confidence": round(self.confidence, DECIMALS),
            "bins": [one.as_dict() for one in self.bins],
        }


def calibration(confidence: NDArray[np.float32], right: NDArray[np.bool_]) -> Calibration:
    """From the winning probability of each face and whether it was right, both (n,)."""
    sure = confidence.astype(np.float64)
    where = bin_of(sure)
    ece = bootstrap_rows((where, sure, right), expected_calibration_error)
    bins = tuple(_bin(index, sure[where == index], right[where == index]) for index in np.unique(where))
    return Calibration(ece, float(sure.mean()) if len(sure) else 0.0, bins)


def bin_of(confidence: NDArray[np.float64]) -> NDArray[np.int64]:
    """The bin of each confidence, int64 (n,): (0, 1/15] is the first, and 0 goes with it."""
    return np.digitize(confidence, np.arange(1, BINS) / BINS, right=True).astype(np.int64)


def expected_calibration_error(
    where: NDArray[np.int64], confidence: NDArray[np.float64], right: NDArray[np.bool_]
) -> float:
    """Mean distance of confidence and accuracy over the bins ``where``, each weighted by its faces."""
    if not len(where):
        return 0.0
    distance = np.bincount(where, weights=confidence - right, minlength=BINS)
    return float(np.abs(distance).sum() / len(where))


def _bin(index: int, confidence: NDArray[np.float64], right: NDArray[np.bool_]) -> ReliabilityBin:
    accuracy = wilson(int(right.sum()), len(right))
    return ReliabilityBin(index / BINS, (index + 1) / BINS, len(right), float(confidence.mean()), accuracy)
