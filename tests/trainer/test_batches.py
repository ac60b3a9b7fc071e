import numpy as np
import pytest

pytest.importorskip("keras", reason="training needs Keras: pip install 'affectd[train]'")

from trainer.batches import Batches, oversampled, shuffled

FACES = np.arange(10, dtype=np.uint8).reshape(10, 1, 1, 1)
TARGETS = np.eye(10, dtype=np.float32)
WEIGHTS = np.ones(10, np.float32)


def _shown(batches):
    return [int(face) for batch in range(batches.num_batches) for face in batches[batch][0].ravel()]


def _batches(faces=FACES, epoch=0, seed=1):
    batches = Batches(faces, TARGETS, WEIGHTS, shuffled(10, seed), batch_size=4)
    batches.turn_to(epoch)
    return batches


def test_an_epoch_shows_every_face_once_with_its_target():
    batches = _batches()
    assert sorted(_shown(batches)) == list(range(10))
    assert [len(batches[batch][0]) for batch in range(batches.num_batches)] == [4, 4, 2]
    for batch in range(3):
        faces, targets, weights = batches[batch]
        np.testing.assert_array_equal(targets.argmax(axis=1), faces.ravel())
        assert weights.shape == (len(faces),)


def test_each_epoch_has_an_order_of_its_own_which_the_seed_decides():
    orders = [_shown(_batches(epoch=epoch)) for epoch in range(3)]
    assert len({tuple(order) for order in orders}) == 3
    assert _shown(_batches(epoch=2)) == orders[2]
    assert _shown(_batches(seed=2)) != orders[0]


def test_faces_that_lie_in_a_file_are_shown_like_those_in_memory(tmp_path):
    mapped = np.memmap(tmp_path / "faces", np.uint8, "w+", shape=FACES.shape)
    mapped[:] = FACES
    batches = _batches(mapped)
    assert sorted(_shown(batches)) == list(range(10))
    faces, targets, _ = batches[0]
    np.testing.assert_array_equal(targets.argmax(axis=1), faces.ravel())


def test_oversampling_shows_each_class_as_often_as_the_most_frequent_one():
    classes = np.array([0] * 7 + [1] * 3 + [2])
    order = oversampled(classes, seed=1)
    assert np.bincount(classes[order(0)]).tolist() == [7, 7, 7]
    assert set(order(0)) == set(range(11))  # no face is left out
    assert order(0).tolist() != order(1).tolist()
    np.testing.assert_array_equal(order(1), oversampled(classes, seed=1)(1))
