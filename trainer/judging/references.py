"""What a model's answers are held against: labels are matched by name, and who has none is counted."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from device.errors import DataError
from trainer.datasets.faces import FaceSet, majority

METRIC_NAMES = {"labels": "label_accuracy", "majority": "majority_agreement"}
"""A recipe's ``choose_by`` to the name of its figure."""
NO_LABEL = "no label"
NO_MAJORITY = "no majority of votes"


@dataclass(frozen=True, slots=True, eq=False)
class Reference:
    """One truth about the faces of a split.

    Attributes:
        metric: the name of the figure that follows from it.
        truth: int64 (n,), an index into the model's labels; -1 where a face has none.
        rows: the model's labels that the data knows, in the model's order.
        left_out: why faces are left out (a label's name, say) and how many.
    """

    metric: str
    truth: NDArray[np.int64]
    rows: tuple[str, ...]
    left_out: dict[str, int] = field(default_factory=dict)


def references(faces: FaceSet, labels: tuple[str, ...]) -> tuple[Reference, ...]:
    """The data set's own labels and, where people voted, the majority of their votes.

    The majority is that of all labels the data has, whichever of them the model knows.

    Args:
        faces: the faces of one split.
        labels: the model's.

    Raises:
        DataError: when model and data share fewer than two labels.
    """
    shared = tuple(label for label in labels if label in faces.label_names)
    if len(shared) < 2:
        raise DataError(
            f"the model knows {', '.join(labels)}, the data {', '.join(faces.label_names)}: fewer than two are shared",
            "map the data's class names to the model's",
        )
    found = [_matched(METRIC_NAMES["labels"], faces.labels, faces.label_names, labels, NO_LABEL)]
    if faces.votes is not None:
        clear = majority(faces.votes)
        found.append(_matched(METRIC_NAMES["majority"], clear, faces.label_names, labels, NO_MAJORITY))
    return tuple(found)


def _matched(
    metric: str, truth: NDArray[np.int64], names: tuple[str, ...], labels: tuple[str, ...], without: str
) -> Reference:
    position = np.array([labels.index(name) if name in labels else -1 for name in names], np.int64)
    matched = np.where(truth < 0, -1, position[truth])
    left_out = {without: int((truth < 0).sum())}
    left_out |= {name: int((truth == index).sum()) for index, name in enumerate(names) if name not in labels}
    shared = tuple(label for label in labels if label in names)
    return Reference(metric, matched, shared, {why: count for why, count in left_out.items() if count})
