"""What was taken for what, and the figures that follow from it."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from device.errors import RecordError
from trainer.judging.intervals import DECIMALS, Interval, bootstrap_counts, wilson


@dataclass(frozen=True, slots=True)
class ClassFigures:
    """One label's figures.

    Attributes:
        label: its name.
        precision: share of the faces named so that are so; None where none was named so.
        recall: share of its faces that were named so, with its interval.
        f1: harmonic mean of both; 0 where one is 0 or unknown.
        support: how many faces have this label.
        named: how many faces were named so.
    """

    label: str
    precision: float | None
    recall: Interval
    f1: float
    support: int
    named: int

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        precision = None if self.precision is None else round(self.precision, DECIMALS)
        return {
            "label": self.label,
            "precision": precision,
            "recall": self.recall.as_dict(),
            "f1": round(self.f1, DECIMALS),
            "support": self.support,
            "named": self.named,
        }


@dataclass(frozen=True, slots=True, eq=False)
class Confusion:
    """Counts int64 (rows, columns): a row for each label that faces may have, a column for each that may be answered.

    Both are in the model's order; where the data lacks labels that the model knows, there are fewer rows.
    """

    rows: tuple[str, ...]
    columns: tuple[str, ...]
    counts: NDArray[np.int64]

    def __post_init__(self) -> None:
        if self.counts.shape != (len(self.rows), len(self.columns)):
            raise RecordError(f"{self.counts.shape} counts for {len(self.rows)} by {len(self.columns)} labels")
        if not set(self.rows) <= set(self.columns):
            raise RecordError(f"faces are labelled {', '.join(self.rows)}; {', '.join(self.columns)} can be answered")

    @classmethod
    def of(
        cls, truth: NDArray[np.int64], answers: NDArray[np.int64], rows: tuple[str, ...], columns: tuple[str, ...]
    ) -> "Confusion":
        """From int64 (n,) indices into ``columns``; the label of each face is one of ``rows``."""
        from sklearn.metrics import confusion_matrix

        indices = np.arange(len(columns))
        square = confusion_matrix(truth, answers, labels=indices) if len(truth) else np.zeros((len(columns),) * 2, int)
        return cls(rows, columns, square[[columns.index(row) for row in rows]].astype(np.int64))

    @property
    def accuracy(self) -> Interval:
        """Share of the faces named as they are labelled, with Wilson's interval."""
        return wilson(int(self.hits.sum()), int(self.counts.sum()))

    @property
    def hits(self) -> NDArray[np.int64]:
        """The faces of each row that were named so, int64 (rows,)."""
        return _hits(self.counts, self._own)

    @property
    def balanced_accuracy(self) -> Interval:
        """Mean recall of the labels that have faces, with a bootstrap interval."""
        return bootstrap_counts(self.counts, lambda counts: _mean_recall(counts, self._own))

    @property
    def macro_f1(self) -> Interval:
        """Mean F1 of the labels that have faces, with a bootstrap interval."""
        return bootstrap_counts(self.counts, lambda counts: _mean_f1(counts, self._own))

    @property
    def macro_precision(self) -> float:
        """Mean precision of the labels that have faces; a label never answered counts 0."""
        found = [one.precision or 0.0 for one in self.classes if one.support]
        return float(np.mean(found)) if found else 0.0

    @property
    def classes(self) -> tuple[ClassFigures, ...]:
        """A line for each row."""
        from sklearn.metrics import precision_recall_fscore_support

        if not self.counts.any():
            return tuple(ClassFigures(label, None, wilson(0, 0), 0.0, 0, 0) for label in self.rows)
        own, named = np.array(self._own), self.counts.sum(axis=0)
        truth, answers = np.indices(self.counts.shape)
        precision, _, f1, support = precision_recall_fscore_support(
            own[truth].ravel(), answers.ravel(), labels=own, sample_weight=self.counts.ravel(), zero_division=0
        )
        return tuple(
            ClassFigures(
                label,
                float(precision[row]) if named[own[row]] else None,
                wilson(int(self.hits[row]), int(support[row])),
                float(f1[row]),
                int(support[row]),
                int(named[own[row]]),
            )
            for row, label in enumerate(self.rows)
        )

    @property
    def _own(self) -> list[int]:
        """The column of each row's own label."""
        return [self.columns.index(row) for row in self.rows]


def _hits(counts: NDArray[np.int64], own: list[int]) -> NDArray[np.int64]:
    """The faces of each row that were named so; here and below tables (..., rows, columns) are taken together."""
    hits: NDArray[np.int64] = counts[..., np.arange(len(own)), own]
    return hits


def _mean_recall(counts: NDArray[np.int64], own: list[int]) -> NDArray[np.float64]:
    support = counts.sum(axis=-1)
    return _mean(_hits(counts, own) / np.maximum(support, 1), support > 0)


def _mean_f1(counts: NDArray[np.int64], own: list[int]) -> NDArray[np.float64]:
    return _mean(_f1(counts, own), counts.sum(axis=-1) > 0)


def _f1(counts: NDArray[np.int64], own: list[int]) -> NDArray[np.float64]:
    both = counts.sum(axis=-1) + counts.sum(axis=-2)[..., own]
    found: NDArray[np.float64] = 2 * _hits(counts, own) / np.maximum(both, 1)
    return found


def _mean(values: NDArray[np.float64], where: NDArray[np.bool_]) -> NDArray[np.float64]:
    found: NDArray[np.float64] = (values * where).sum(axis=-1) / np.maximum(where.sum(axis=-1), 1)
    return found
