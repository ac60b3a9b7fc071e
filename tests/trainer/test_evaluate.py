import numpy as np
import pytest

from trainer.datasets.faces import FaceSet
from trainer.evaluate import measure

NAMES = ("happy", "sad")


def _faces(votes):
    return FaceSet(np.zeros((4, 48, 48, 1), np.uint8), NAMES, np.array([0, 0, 1, 1]), votes)


def _certain(*decisions):
    return np.eye(2, dtype=np.float32)[list(decisions)]


def test_accuracy_and_recall_are_shares_of_the_faces_with_that_label():
    (accuracy,) = measure(_certain(0, 1, 1, 1), _faces(None), "PublicTest")
    assert (accuracy.metric, accuracy.split, accuracy.count) == ("label_accuracy", "PublicTest", 4)
    assert accuracy.value == 0.75
    assert accuracy.recall == {"happy": 0.5, "sad": 1.0}


def test_agreement_counts_only_faces_with_a_clear_majority():
    votes = np.array([[9, 1], [5, 5], [1, 9], [0, 0]], np.float32)
    _, agreement = measure(_certain(0, 0, 0, 0), _faces(votes), "PublicTest")
    assert (agreement.metric, agreement.count) == ("majority_agreement", 2)
    assert agreement.value == pytest.approx(0.5)
