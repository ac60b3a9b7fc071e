import numpy as np
import pytest

from device.errors import DataError
from trainer.datasets.faces import FaceSet
from trainer.recipe import load_recipe
from trainer.targets import reference_labels, training_set

NAMES = ("happy", "sad")


def _faces(votes=((3, 1), (0, 0), (2, 2))):
    images = np.random.default_rng(1).integers(0, 255, (3, 48, 48, 1), dtype=np.uint8)
    return FaceSet(images, NAMES, np.array([0, 1, 1]), None if votes is None else np.array(votes, np.float32))


def test_votes_become_a_distribution_and_faces_without_a_vote_are_left_out():
    images, targets = training_set(_faces(), load_recipe("edge"))
    assert len(images) == 2
    np.testing.assert_allclose(targets, [[0.75, 0.25], [0.5, 0.5]])


def test_labels_become_certainties():
    _, targets = training_set(_faces(votes=None), load_recipe("edge-fer2013"))
    np.testing.assert_array_equal(targets, [[1, 0], [0, 1], [0, 1]])


def test_blank_faces_are_left_out():
    faces = _faces()
    faces.images[0] = 7
    images, _ = training_set(faces, load_recipe("edge-fer2013"))
    assert len(images) == 2


def test_only_blank_faces_are_a_fault_of_the_data():
    faces = _faces()
    faces.images[:] = 7
    with pytest.raises(DataError, match="no face is left"):
        training_set(faces, load_recipe("edge-fer2013"))


def test_votes_that_are_missing_are_asked_for():
    with pytest.raises(DataError, match="--ferplus"):
        training_set(_faces(votes=None), load_recipe("edge"))


def test_the_choice_is_held_against_the_majority_or_the_labels_as_the_recipe_says():
    assert reference_labels(_faces(), load_recipe("edge")).tolist() == [0, -1, -1]
    assert reference_labels(_faces(), load_recipe("edge-fer2013")).tolist() == [0, 1, 1]
