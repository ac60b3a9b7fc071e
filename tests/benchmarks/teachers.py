"""Models and their mean on the same faces: ``python -m tests.benchmarks.teachers DATA FERPLUS MODEL... [--fold K/N]``.

It shows what a pupil can learn from several teachers, before one is trained. Each answer is the mean of the answers to
a face and to its mirror image. McNemar's exact test compares the mean of all models with the first model. A model that
is named twice counts twice.
"""

import argparse
import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from converters.paired import compare_paired
from device.contract.labels import EMOTIONS
from trainer.datasets.faces import FaceSet, majority
from trainer.datasets.folds import Fold, hold_out
from trainer.datasets.load import load
from trainer.datasets.settings import DataSettings
from trainer.fit import Reached
from trainer.predictor import load_predictor, model_file

ROW = "{:<40} {:>10} {:>12}"


def judged_faces(data: Path, ferplus: Path, fold: Fold | None) -> FaceSet:
    """PublicTest, or the part of Training that ``fold`` holds out."""
    found = load(data, DataSettings(), ferplus=ferplus)
    return (hold_out(found, fold) if fold else found).validation


def report(models: list[tuple[str, NDArray[np.float32]]], truth: NDArray[np.int64]) -> list[str]:
    """Lines of a table.

    Args:
        models: each one's name and probabilities, float32 (n, labels).
        truth: the majority's labels, int64 (n,), -1 where there is none.
    """
    known = truth >= 0
    all_answers = np.mean([probabilities for _, probabilities in models], axis=0)
    named = [*models, ("the mean of all", all_answers)]
    right, lines = [], [ROW.format(f"of {known.sum():,} faces", "right", "mean recall")]
    for name, probabilities in named:
        reached = Reached.of(probabilities[known], truth[known])
        right.append(probabilities[known].argmax(axis=1) == truth[known])
        lines.append(ROW.format(name, f"{reached.accuracy:.2%}", f"{reached.mean_recall:.1%}"))
    paired = compare_paired(right[0], right[-1])
    lines.append(
        f"right in the mean alone: {paired.only_second}, in the first model alone: {paired.only_first} "
        f"(McNemar, p = {paired.p_value:.2g})"
    )
    return lines


def main() -> int:
    parser = argparse.ArgumentParser(description="Models, and their mean, on the same faces.")
    parser.add_argument("data", type=Path)
    parser.add_argument("ferplus", type=Path)
    parser.add_argument("models", type=Path, nargs="+")
    parser.add_argument("--fold", type=Fold.parse)
    options = parser.parse_args()
    faces = judged_faces(options.data, options.ferplus, options.fold)
    assert faces.votes is not None  # FER+ was given
    models = [load_predictor(model_file(path), threads=1) for path in options.models]
    answers = []
    for path, model in zip(options.models, models, strict=True):
        order = [model.labels.index(label) for label in EMOTIONS]
        answers.append((str(path), model.probabilities(faces.images, flip=True)[:, order]))
    print("\n".join(report(answers, majority(faces.votes))))
    return 0


if __name__ == "__main__":
    sys.exit(main())
