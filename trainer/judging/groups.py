"""Whether a model serves some people worse than others: figures for each group that the data names."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trainer.judging.confusion import Confusion
from trainer.judging.intervals import DECIMALS, Interval, newcombe, wilson

SMALL_GROUP = 50
"""Of fewer faces an accuracy's interval can reach more than 13 points to either side; no gap is taken from those."""


@dataclass(frozen=True, slots=True)
class GroupFigures:
    """One group's figures; ``balanced_accuracy`` is the mean recall, which a group's mix of emotions does not move."""

    group: str
    count: int
    accuracy: Interval
    balanced_accuracy: float

    @property
    def is_small(self) -> bool:
        """Whether too few faces are in it to compare it."""
        return self.count < SMALL_GROUP

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "group": self.group,
            "faces": self.count,
            "accuracy": self.accuracy.as_dict(),
            "balanced_accuracy": round(self.balanced_accuracy, DECIMALS),
            "small": self.is_small,
        }


@dataclass(frozen=True, slots=True)
class Grouping:
    """The groups by one attribute (age, say), from the best to the worst, and how far those two are apart.

    Attributes:
        attribute: the data's word for it.
        groups: figures of each.
        gap: accuracy of the best less that of the worst, of the groups that are not small, with Newcombe's interval;
            None where fewer than two are left. The two are picked by the figure itself, which makes the gap look a
            little wider than it is.
    """

    attribute: str
    groups: tuple[GroupFigures, ...]
    gap: Interval | None

    @property
    def compared(self) -> tuple[GroupFigures, ...]:
        """The groups that are large enough."""
        return tuple(group for group in self.groups if not group.is_small)

    @property
    def warning(self) -> str | None:
        """What to be careful about, a sentence; None where there is nothing."""
        small = [f"{group.group} ({group.count})" for group in self.groups if group.is_small]
        if not small:
            return None
        return f"too few faces to compare, fewer than {SMALL_GROUP}: {', '.join(small)}"

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        compared = self.compared
        return {
            "attribute": self.attribute,
            "groups": [group.as_dict() for group in self.groups],
            "gap": self.gap and {"best": compared[0].group, "worst": compared[-1].group, **self.gap.as_dict()},
            "warning": self.warning,
        }


def group_figures(
    attribute: str,
    membership: NDArray[np.str_],
    truth: NDArray[np.int64],
    answers: NDArray[np.int64],
    labels: tuple[str, ...],
) -> Grouping:
    """Figures by ``membership`` (n,); a face whose group is an empty word belongs to none.

    Args:
        attribute: the data's word for the grouping.
        membership: the group of each face.
        truth: the label of each face, an index into ``labels``, int64 (n,).
        answers: what the model said, int64 (n,).
        labels: the model's.
    """
    found = []
    for group in sorted(set(membership.tolist()) - {""}):
        of_it = membership == group
        right = truth[of_it] == answers[of_it]
        confusion = Confusion.of(truth[of_it], answers[of_it], labels, labels)
        recalls = [one.recall.value for one in confusion.classes if one.support]
        found.append(
            GroupFigures(group, int(of_it.sum()), wilson(int(right.sum()), len(right)), float(np.mean(recalls)))
        )
    found.sort(key=lambda one: -one.accuracy.value)
    large = [one for one in found if not one.is_small]
    gap = newcombe(large[0].accuracy, large[-1].accuracy) if len(large) > 1 else None
    return Grouping(attribute, tuple(found), gap)
