"""Whether a converted network still says what the one it was made from says: the gate before a release."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from device.errors import DataError, GateError

_HAIR = 1e-9
"""For shares that are equal but for their last bit."""


@dataclass(frozen=True, slots=True)
class LabelParity:
    """Both networks over the faces that have one label; the recalls are shares of ``faces`` that are named so."""

    faces: int
    reference_recall: float
    converted_recall: float
    agreement: float


@dataclass(frozen=True, slots=True)
class Parity:
    """Both networks over the same faces.

    Attributes:
        faces: how many were given to both.
        agreement: share of them to which both give the same label.
        mean_difference, largest_difference: of a score, absolute.
        labelled: how many have a label.
        reference_accuracy, converted_accuracy: share of the labelled that is named right; None where none is labelled.
        by_label: for each label, in order, that faces have.
    """

    faces: int
    agreement: float
    mean_difference: float
    largest_difference: float
    labelled: int
    reference_accuracy: float | None
    converted_accuracy: float | None
    by_label: dict[int, LabelParity]

    @property
    def accuracy_loss(self) -> float:
        """What the conversion cost, as a share; negative where it gained; 0 where it was not measured."""
        if self.reference_accuracy is None or self.converted_accuracy is None:
            return 0.0
        return self.reference_accuracy - self.converted_accuracy


@dataclass(frozen=True, slots=True)
class Thresholds:
    """What a conversion may cost; shares and absolute differences of a score, 0 to 1."""

    max_accuracy_loss: float
    min_agreement: float
    max_mean_difference: float
    max_difference: float


QUANTISED = Thresholds(max_accuracy_loss=0.003, min_agreement=0.98, max_mean_difference=0.01, max_difference=0.2)
"""Where one of both computes in 8 bits: some faces lie so near to a boundary that any rounding moves them over it."""

SAME_ARITHMETIC = Thresholds(
    max_accuracy_loss=0.001, min_agreement=0.998, max_mean_difference=0.001, max_difference=0.02
)
"""Where both compute in floating point, weights of 16 bits included."""


def compare(reference: NDArray[np.float32], converted: NDArray[np.float32], labels: NDArray[np.int64]) -> Parity:
    """Hold scores (n, labels) of both networks against each other, and against labels (n,) that are not negative.

    Raises:
        DataError: they do not have as many scores, or one of them is no number.
    """
    if reference.shape != converted.shape or len(labels) != len(reference):
        raise DataError(
            f"the networks give scores {reference.shape} and {converted.shape} for {len(labels)} labels",
            "compare networks with the same labels",
        )
    if not (np.isfinite(reference).all() and np.isfinite(converted).all()):
        raise DataError("a score is no number", "train the network to finite weights")
    by_reference, by_converted = reference.argmax(axis=1), converted.argmax(axis=1)
    alike = by_reference == by_converted
    right_before, right_after = by_reference == labels, by_converted == labels
    known = labels >= 0
    differences = np.abs(reference - converted)
    return Parity(
        faces=len(labels),
        agreement=float(alike.mean()),
        mean_difference=float(differences.mean()),
        largest_difference=float(differences.max()),
        labelled=int(known.sum()),
        reference_accuracy=float(right_before[known].mean()) if known.any() else None,
        converted_accuracy=float(right_after[known].mean()) if known.any() else None,
        by_label={
            int(label): LabelParity(
                faces=int((labels == label).sum()),
                reference_recall=float(right_before[labels == label].mean()),
                converted_recall=float(right_after[labels == label].mean()),
                agreement=float(alike[labels == label].mean()),
            )
            for label in np.unique(labels[known])
        },
    )


def missed(parity: Parity, thresholds: Thresholds) -> list[str]:
    """What of ``thresholds`` is missed, in words.

    Of few faces a single one is a larger share than is allowed, and chance: where any may differ, one may.
    """
    reasons = []
    one_labelled, one_face = 1 / max(1, parity.labelled), 1 / max(1, parity.faces)
    if parity.accuracy_loss > _at_least(thresholds.max_accuracy_loss, one_labelled) + _HAIR:
        reasons.append(
            f"accuracy falls by {parity.accuracy_loss:.2%}, and {thresholds.max_accuracy_loss:.2%} is allowed"
        )
    if 1 - parity.agreement > _at_least(1 - thresholds.min_agreement, one_face) + _HAIR:
        reasons.append(
            f"both name {parity.agreement:.2%} of the faces alike, and {thresholds.min_agreement:.2%} is required"
        )
    if parity.mean_difference > thresholds.max_mean_difference + _HAIR:
        reasons.append(
            f"scores differ by {parity.mean_difference:.4f} in the mean, and "
            f"{thresholds.max_mean_difference:g} is allowed"
        )
    if parity.largest_difference > thresholds.max_difference + _HAIR:
        reasons.append(
            f"one score differs by {parity.largest_difference:.3f}, and {thresholds.max_difference:g} is allowed"
        )
    return reasons


def _at_least(allowed: float, one: float) -> float:
    """What is ``allowed`` where that is anything at all, and never less than ``one`` face."""
    return max(allowed, one) if allowed > _HAIR else allowed


def require_parity(parity: Parity, thresholds: Thresholds, remedy: str) -> None:
    """Raises GateError with ``remedy`` when the conversion cost more than is allowed."""
    if reasons := missed(parity, thresholds):
        raise GateError(f"the networks are too far apart: {'; '.join(reasons)}", remedy)
