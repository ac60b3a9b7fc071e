"""All figures of one model on the splits of one data set."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from device.errors import RecordError
from trainer.datasets.faces import FaceSet
from trainer.judging.calibration import Calibration, calibration
from trainer.judging.confusion import Confusion
from trainer.judging.groups import Grouping, group_figures
from trainer.judging.intervals import DECIMALS
from trainer.judging.references import Reference, references

SCHEMA = 1
"""The version of the JSON that is written here."""
MOST_MISTAKES = 48

Role = Literal["trained on", "chosen on", "blind", "unknown"]


@dataclass(frozen=True, slots=True)
class Mistake:
    """A face that was named wrongly.

    Attributes:
        position: of the face in its split, from 0.
        name: the data's own name of the face (its file, say); None where it has none.
        truth, answer: labels.
        confidence: the answer's probability.
    """

    position: int
    name: str | None
    truth: str
    answer: str
    confidence: float

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "position": self.position,
            "name": self.name,
            "truth": self.truth,
            "answer": self.answer,
            "confidence": round(self.confidence, DECIMALS),
        }


@dataclass(frozen=True, slots=True, eq=False)
class Figures:
    """The answers on one split held against one reference.

    Attributes:
        metric: ``label_accuracy`` or ``majority_agreement``.
        confusion: what was taken for what.
        calibration: confidence against accuracy.
        left_out: why faces are not counted here, and how many.
        groupings: by each attribute that the data names.
        mistakes: the most confident ones, the surest first.
    """

    metric: str
    confusion: Confusion
    calibration: Calibration
    left_out: dict[str, int] = field(default_factory=dict)
    groupings: tuple[Grouping, ...] = ()
    mistakes: tuple[Mistake, ...] = ()

    @property
    def faces(self) -> int:
        """How many are counted."""
        return int(self.confusion.counts.sum())

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        confusion = self.confusion
        recalls = [one.recall.value for one in confusion.classes if one.support]
        return {
            "metric": self.metric,
            "faces": self.faces,
            "left_out": self.left_out,
            "accuracy": confusion.accuracy.as_dict(),
            "balanced_accuracy": confusion.balanced_accuracy.as_dict(),
            "macro": {
                "precision": round(confusion.macro_precision, DECIMALS),
                "recall": round(float(np.mean(recalls)), DECIMALS) if recalls else 0.0,
                "f1": confusion.macro_f1.as_dict(),
            },
            "per_class": [one.as_dict() for one in confusion.classes],
            "confusion": {
                "rows_truth": list(confusion.rows),
                "columns_answer": list(confusion.columns),
                "counts": confusion.counts.tolist(),
            },
            "calibration": self.calibration.as_dict(),
            "groups": [one.as_dict() for one in self.groupings],
            "mistakes": [one.as_dict() for one in self.mistakes],
        }


@dataclass(frozen=True, slots=True, eq=False)
class SplitFigures:
    """One split's figures, by the data's labels and, where people voted, by their majority.

    Attributes:
        split: in the data set's own word.
        role: what the split was to the model's training.
        count: how many faces it has.
        figures: one for each reference.
    """

    split: str
    role: Role
    count: int
    figures: tuple[Figures, ...]

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "split": self.split,
            "role": self.role,
            "faces": self.count,
            "references": [one.as_dict() for one in self.figures],
        }


@dataclass(frozen=True, slots=True, eq=False)
class Evaluation:
    """A model's figures.

    Attributes:
        model: name, file, kind, SHA-256, labels, input and provenance of the model.
        data: where the faces come from.
        options: what else decided the figures (``tta``, ``limit``).
        splits: never pooled.
        notes: what a reader must know, sentences.
    """

    model: Mapping[str, Any]
    data: Mapping[str, Any]
    options: Mapping[str, Any]
    splits: tuple[SplitFigures, ...]
    notes: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """The JSON document, schema 1."""
        return {
            "schema": SCHEMA,
            "model": dict(self.model),
            "data": dict(self.data),
            "options": dict(self.options),
            "notes": list(self.notes),
            "splits": [split.as_dict() for split in self.splits],
        }


def judge(
    probabilities: NDArray[np.float32], faces: FaceSet, labels: tuple[str, ...], split: str, role: Role = "unknown"
) -> SplitFigures:
    """Hold a model's answers against all references that the faces of one split have.

    Args:
        probabilities: float32 (n, labels).
        faces: n faces.
        labels: the model's, in the order of the probabilities; the data's are matched by name.
        split: the data set's own word for it.
        role: what the split was to the model's training.

    Raises:
        DataError: when model and data share fewer than two labels.
    """
    if probabilities.shape != (len(faces), len(labels)):
        raise RecordError(f"probabilities {probabilities.shape} for {len(faces)} faces and {len(labels)} labels")
    found = tuple(_figures(probabilities, faces, labels, reference) for reference in references(faces, labels))
    return SplitFigures(split, role, len(faces), found)


def say_of_one_answer(probabilities: NDArray[np.float32], labels: tuple[str, ...]) -> list[str]:
    """A sentence where a model gives one answer to all of several faces: it has learnt nothing, or its input is wrong.

    Args:
        probabilities: float32 (n, labels).
        labels: the model's.
    """
    given = np.unique(probabilities.argmax(axis=1))
    if len(given) != 1 or len(probabilities) < 2:
        return []
    return [f"the network says {labels[given[0]]} to each of {len(probabilities):,} faces"]


def _figures(
    probabilities: NDArray[np.float32], faces: FaceSet, labels: tuple[str, ...], reference: Reference
) -> Figures:
    known = np.flatnonzero(reference.truth >= 0)
    truth, answers = reference.truth[known], probabilities[known].argmax(axis=1)
    confidence = probabilities[known].max(axis=1)
    return Figures(
        reference.metric,
        Confusion.of(truth, answers, reference.rows, labels),
        calibration(confidence, truth == answers),
        reference.left_out,
        tuple(
            group_figures(attribute, membership[known], truth, answers, labels)
            for attribute, membership in faces.groups.items()
        ),
        _mistakes(known, truth, answers, confidence, labels=labels, names=faces.names),
    )


def _mistakes(
    known: NDArray[np.int64],
    truth: NDArray[np.int64],
    answers: NDArray[np.int64],
    confidence: NDArray[np.float32],
    *,
    labels: tuple[str, ...],
    names: tuple[str, ...] | None,
) -> tuple[Mistake, ...]:
    wrong = np.flatnonzero(truth != answers)
    surest = wrong[np.argsort(-confidence[wrong], kind="stable")][:MOST_MISTAKES]
    return tuple(
        Mistake(
            int(known[row]),
            names[known[row]] if names else None,
            labels[truth[row]],
            labels[answers[row]],
            float(confidence[row]),
        )
        for row in surest
    )
