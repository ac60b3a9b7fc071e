"""What a network is to learn from a set of faces, and what its choice is held against."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from device.errors import DataError
from trainer.datasets.faces import FaceSet, majority
from trainer.recipe import Recipe
from trainer.recipe.learning import Targets


@dataclass(frozen=True, slots=True, eq=False)
class TrainingSet:
    """What is shown and what is to be answered.

    Attributes:
        faces: uint8 (n, height, width, 1).
        targets: float32 (n, labels), rows adding up to 1.
        weights: float32 (n,), how much each face counts; 1 in the mean.
    """

    faces: NDArray[np.uint8]
    targets: NDArray[np.float32]
    weights: NDArray[np.float32]


def training_set(faces: FaceSet, recipe: Recipe) -> TrainingSet:
    """The faces that ``recipe`` learns from.

    Those that lack what the recipe learns, a vote or a majority, are left out.

    Raises:
        DataError: no face is left, or a class has none.
    """
    usable = np.ones(len(faces), bool)
    if recipe.targets.learn in {"votes", "mix"}:
        usable = _votes(faces).sum(axis=1) > 0
    elif recipe.targets.learn == "majority":
        usable = majority(_votes(faces)) >= 0
    kept = faces if usable.all() else faces.take(usable)
    if not len(kept):
        raise DataError(f"none of {len(faces)} faces has what the recipe learns: {recipe.targets.learn}")
    targets = _targets(kept, recipe.targets)
    return TrainingSet(kept.images, targets, _weights(targets, faces.label_names, recipe))


def with_answers(faces: TrainingSet, answers: NDArray[np.float32], share: float) -> TrainingSet:
    """``faces`` with ``share`` of each target taken from ``answers``, float32 (n, labels).

    As cross-entropy is linear in the target, this is a loss of which ``share`` is the distance to the answers.
    """
    return replace(faces, targets=((1 - share) * faces.targets + share * answers).astype(np.float32))


def reference_labels(faces: FaceSet, recipe: Recipe) -> NDArray[np.int64]:
    """The label each face is held against when the best epoch is chosen, -1 where it has none; int64 (n,)."""
    return majority(_votes(faces)) if recipe.choose_by == "majority" else faces.labels


def _targets(faces: FaceSet, settings: Targets) -> NDArray[np.float32]:
    each: NDArray[np.float32] = np.eye(len(faces.label_names), dtype=np.float32)
    if settings.learn == "labels":
        return np.take(each, faces.labels, axis=0)
    votes = _votes(faces)
    if settings.learn == "majority":
        return np.take(each, majority(votes), axis=0)
    shares: NDArray[np.float32] = votes / votes.sum(axis=1, keepdims=True)
    if settings.learn == "votes":
        return shares
    return (settings.label_share * np.take(each, faces.labels, axis=0) + (1 - settings.label_share) * shares).astype(
        np.float32
    )


def _weights(targets: NDArray[np.float32], names: tuple[str, ...], recipe: Recipe) -> NDArray[np.float32]:
    if recipe.loss.balance == "none":
        return np.ones(len(targets), np.float32)
    mass = targets.sum(axis=0)
    empty = [name for name, faces in zip(names, mass, strict=True) if faces == 0]
    if empty:
        raise DataError(f"classes cannot be balanced where one is empty: there is no face of {', '.join(empty)}")
    if recipe.loss.balance == "oversample":
        return np.ones(len(targets), np.float32)
    weights = targets @ (1.0 / mass)
    balanced: NDArray[np.float32] = weights / weights.mean()
    return balanced


def _votes(faces: FaceSet) -> NDArray[np.float32]:
    if faces.votes is None:
        raise DataError("this recipe learns people's votes, and the data has none", "give FER+'s file with --ferplus")
    return faces.votes
