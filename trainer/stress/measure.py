"""How many points of accuracy it costs a model that faces come as a camera gives them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from device.errors import DataError
from trainer.datasets.faces import FaceSet
from trainer.judging.intervals import DECIMALS, Interval, bootstrap_rows, wilson
from trainer.judging.references import references
from trainer.predictor import Predictor
from trainer.stress.camera import Seen
from trainer.stress.corruptions import CORRUPTIONS

SCHEMA = 1
"""The version of the JSON that is written here."""

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class CorruptionCost:
    """One corruption at one level.

    Attributes:
        name, unit, level: see ``Corruption``.
        accuracy: share of the corrupted faces that is named rightly, 0 to 1.
        lost: the accuracy on the same faces as they were less that, with the paired bootstrap's interval.
    """

    name: str
    unit: str
    level: float
    accuracy: float
    lost: Interval

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "corruption": self.name,
            "unit": self.unit,
            "level": self.level,
            "accuracy": round(self.accuracy, DECIMALS),
            "lost": self.lost.as_dict(),
        }


@dataclass(frozen=True, slots=True)
class OnCamera:
    """Faces that the device found and cropped, against the same faces as they are in the data.

    Attributes:
        count: how many were found that have a reference.
        direct: accuracy on them as they are in the data.
        cropped: accuracy on the device's crops.
        lost: ``direct`` less ``cropped``, with the paired bootstrap's interval.
    """

    count: int
    direct: float
    cropped: float
    lost: Interval

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "faces": self.count,
            "direct": round(self.direct, DECIMALS),
            "cropped": round(self.cropped, DECIMALS),
            "lost": self.lost.as_dict(),
        }


@dataclass(frozen=True, slots=True)
class Strain:
    """All that is held against one reference.

    Attributes:
        metric: the name of the figure.
        count: how many faces have a reference.
        accuracy: on faces as they are in the data.
        corrupted: by corruption, from mild to strong.
        camera: None where it was not asked for, or no face was found.
    """

    metric: str
    count: int
    accuracy: Interval
    corrupted: tuple[CorruptionCost, ...]
    camera: OnCamera | None

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "metric": self.metric,
            "faces": self.count,
            "accuracy": self.accuracy.as_dict(),
            "corruptions": [one.as_dict() for one in self.corrupted],
            "camera": self.camera and self.camera.as_dict(),
        }


def strains(
    predictor: Predictor, faces: FaceSet, seen: Seen | None, seed: int, progress: Progress
) -> tuple[Strain, ...]:
    """One for each reference that ``faces`` have.

    Args:
        predictor: the model.
        faces: whose references are known.
        seen: what the device made of these faces; None to leave that out.
        seed: of what is random.
        progress: is called with how many kinds of corrupted faces are done, of how many.

    Raises:
        DataError: no face has a reference.
    """
    clean = _decisions(predictor, faces.images)
    kinds = [(corruption, level) for corruption in CORRUPTIONS for level in corruption.levels]
    corrupted = []
    for done, (corruption, level) in enumerate(kinds):
        progress(done, len(kinds))
        corrupted.append(_decisions(predictor, corruption.apply(faces.images, level, seed)))
    progress(len(kinds), len(kinds))
    cropped = _decisions(predictor, seen.crops) if seen and len(seen.crops) else None
    found = []
    for reference in references(faces, predictor.labels):
        known = reference.truth >= 0
        if not known.any():
            continue
        truth = reference.truth[known]
        right = clean[known] == truth
        losses = tuple(
            CorruptionCost(corruption.name, corruption.unit, level, *_compared(right, answers[known] == truth))
            for (corruption, level), answers in zip(kinds, corrupted, strict=True)
        )
        camera = _on_camera(reference.truth, clean, seen.found, cropped) if seen and cropped is not None else None
        found.append(Strain(reference.metric, int(known.sum()), wilson(int(right.sum()), len(right)), losses, camera))
    if not found:
        raise DataError("none of the faces has a label or a majority of votes that the model knows")
    return tuple(found)


def _decisions(predictor: Predictor, images: NDArray[np.uint8]) -> NDArray[np.int64]:
    decisions: NDArray[np.int64] = predictor.probabilities(images).argmax(axis=1)
    return decisions


def _on_camera(
    truth: NDArray[np.int64], clean: NDArray[np.int64], found: NDArray[np.bool_], cropped: NDArray[np.int64]
) -> OnCamera | None:
    known = truth[found] >= 0
    if not known.any():
        return None
    wanted = truth[found][known]
    direct = clean[found][known] == wanted
    accuracy, lost = _compared(direct, cropped[known] == wanted)
    return OnCamera(len(wanted), float(direct.mean()), accuracy, lost)


def _compared(before: NDArray[np.bool_], after: NDArray[np.bool_]) -> tuple[float, Interval]:
    """The share right afterwards, and how much was lost; both bool (n,), of the same faces."""
    lost = bootstrap_rows((before, after), lambda first, second: float(first.mean() - second.mean()))
    return float(after.mean()), lost
