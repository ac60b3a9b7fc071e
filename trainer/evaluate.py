"""Figures for a model's answers."""

from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trainer.datasets.faces import FaceSet, majority

METRIC_NAMES = {"labels": "label_accuracy", "majority": "majority_agreement"}
"""A recipe's metric to the name of its figure."""


@dataclass(frozen=True, slots=True)
class Measurement:
    """One figure on one split.

    Attributes:
        metric: ``label_accuracy`` against the data set's labels, ``majority_agreement`` against FER+'s majority.
        split: the split, in the data set's own word.
        value: share of the faces, 0 to 1.
        count: how many faces that have a reference.
        recall: label to the share of its faces that were named so.
    """

    metric: str
    split: str
    value: float
    count: int
    recall: dict[str, float] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


def measure(probabilities: NDArray[np.float32], faces: FaceSet, split: str) -> list[Measurement]:
    """Hold probabilities (n, labels) against all references that ``faces`` have."""
    references = {METRIC_NAMES["labels"]: faces.labels}
    if faces.votes is not None:
        references[METRIC_NAMES["majority"]] = majority(faces.votes)
    decisions = probabilities.argmax(axis=1)
    return [_agreement(name, split, decisions, labels, faces.label_names) for name, labels in references.items()]


def _agreement(
    metric: str, split: str, decisions: NDArray[np.int64], labels: NDArray[np.int64], names: tuple[str, ...]
) -> Measurement:
    known = labels >= 0
    right = decisions[known] == labels[known]
    recall = {
        name: round(float(right[labels[known] == index].mean()), 4)
        for index, name in enumerate(names)
        if (labels[known] == index).any()
    }
    return Measurement(metric, split, round(float(right.mean()), 4) if known.any() else 0.0, int(known.sum()), recall)
