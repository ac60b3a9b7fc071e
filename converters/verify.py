"""Whether the quantised network still says what the float one says."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from device.errors import GateError


@dataclass(frozen=True, slots=True)
class Parity:
    """Both networks over the same faces.

    Attributes:
        faces: how many were given to both.
        agreement: share of them to which both give the same label.
        mean_difference: mean absolute difference of a score.
        labelled: how many have a label.
        float_accuracy, int8_accuracy: share of the labelled that is named right; None where none is labelled.
    """

    faces: int
    agreement: float
    mean_difference: float
    labelled: int
    float_accuracy: float | None
    int8_accuracy: float | None

    @property
    def accuracy_loss(self) -> float:
        """What quantisation cost, as a share; negative where it gained; 0 where it was not measured."""
        if self.float_accuracy is None or self.int8_accuracy is None:
            return 0.0
        return self.float_accuracy - self.int8_accuracy


def compare(float_scores: NDArray[np.float32], int8_scores: NDArray[np.float32], labels: NDArray[np.int64]) -> Parity:
    """Hold scores (n, labels) of both networks against each other, and against labels (n,) that are not negative."""
    by_float, by_int8 = float_scores.argmax(axis=1), int8_scores.argmax(axis=1)
    labelled = labels >= 0
    known = bool(labelled.any())
    return Parity(
        faces=len(labels),
        agreement=float((by_float == by_int8).mean()),
        mean_difference=float(np.abs(float_scores - int8_scores).mean()),
        labelled=int(labelled.sum()),
        float_accuracy=float((by_float == labels)[labelled].mean()) if known else None,
        int8_accuracy=float((by_int8 == labels)[labelled].mean()) if known else None,
    )


def require_parity(parity: Parity, max_accuracy_loss: float, min_agreement: float) -> None:
    """Raises GateError when quantisation cost more than is allowed."""
    missed = []
    # A hair's breadth, for shares that are equal but for their last bit.
    if parity.accuracy_loss > max_accuracy_loss + 1e-9:
        missed.append(f"accuracy falls by {parity.accuracy_loss:.2%}, and {max_accuracy_loss:.2%} is allowed")
    if parity.agreement < min_agreement - 1e-9:
        missed.append(f"both name {parity.agreement:.2%} of the faces alike, and {min_agreement:.2%} is required")
    if missed:
        raise GateError(
            f"the int8 network is too far from the float one, nothing was written: {'; '.join(missed)}",
            "train longer or wider, or allow more with --max-accuracy-loss and --min-agreement",
        )
