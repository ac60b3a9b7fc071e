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
    chosen = training_set(_faces(), load_recipe("edge"))
    assert len(chosen.faces) == 2
    np.testing.assert_allclose(chosen.targets, [[0.75, 0.25], [0.5, 0.5]])


def test_labels_become_certainties():
    chosen = training_set(_faces(votes=None), load_recipe("edge-fer2013"))
    np.testing.assert_array_equal(chosen.targets, [[1, 0], [0, 1], [0, 1]])


def test_a_majority_becomes_a_certainty_and_faces_without_one_are_left_out():
    chosen = training_set(_faces(), load_recipe("edge", ["targets.learn=majority"]))
    np.testing.assert_array_equal(chosen.targets, [[1, 0]])


def test_a_mix_has_the_label_s_share_and_gives_the_rest_to_the_votes():
    chosen = training_set(_faces(), load_recipe("edge", ["targets={learn: mix, label_share: 0.6}"]))
    np.testing.assert_allclose(chosen.targets, [[0.6 + 0.4 * 0.75, 0.1], [0.2, 0.6 + 0.2]], atol=1e-6)


def test_class_weights_make_each_class_count_the_same_in_all():
    chosen = training_set(_faces(votes=None), load_recipe("edge-fer2013", ["loss.balance=class_weights"]))
    np.testing.assert_allclose(chosen.weights @ chosen.targets, [1.5, 1.5], rtol=1e-6)


def test_without_balance_every_face_counts_once():
    np.testing.assert_array_equal(training_set(_faces(votes=None), load_recipe("edge-fer2013")).weights, [1, 1, 1])


@pytest.mark.parametrize("balance", ["class_weights", "oversample"])
def test_an_empty_class_cannot_be_balanced_and_is_named(balance):
    faces = _faces(votes=None)
    faces.labels[:] = 1
    with pytest.raises(DataError, match="no face of happy"):
        training_set(faces, load_recipe("edge-fer2013", [f"loss.balance={balance}"]))


def test_faces_without_anything_to_learn_are_a_fault_of_the_data():
    with pytest.raises(DataError, match="none of 3 faces has what the recipe learns: votes"):
        training_set(_faces(votes=((0, 0), (0, 0), (0, 0))), load_recipe("edge"))


def test_votes_that_are_missing_are_asked_for():
    with pytest.raises(DataError, match="--ferplus"):
        training_set(_faces(votes=None), load_recipe("edge"))


def test_the_choice_is_held_against_the_majority_or_the_labels_as_the_recipe_says():
    assert reference_labels(_faces(), load_recipe("edge")).tolist() == [0, -1, -1]
    assert reference_labels(_faces(), load_recipe("edge-fer2013")).tolist() == [0, 1, 1]
