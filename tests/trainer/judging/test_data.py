import numpy as np

from tests.trainer.files import write_faces
from trainer.datasets.faces import FaceSet
from trainer.judging.data import BOTH_TESTS, pooling_notes, read_data, sample


def _faces(count):
    return FaceSet(np.zeros((count, 8, 8, 1), np.uint8), ("a", "b"), np.zeros(count, np.int64))


def test_splits_keep_the_data_s_own_words_and_get_people_s_votes(tmp_path):
    data, ferplus = write_faces(tmp_path)
    found = read_data(data, ferplus)
    assert {side: (word, len(faces)) for side, (word, faces) in found.splits.items()} == {
        "train": ("Training", 42),
        "validation": ("PublicTest", 14),
    }
    assert found.splits["validation"][1].votes is not None


def test_a_split_as_large_as_both_test_sets_is_said_to_pool_them():
    (note,) = pooling_notes({"test": ("test/", _faces(BOTH_TESTS))})
    assert "PublicTest and PrivateTest pooled" in note
    assert pooling_notes({"test": ("PrivateTest", _faces(3589))}) == ()


def test_a_sample_is_the_same_every_time_and_keeps_the_order():
    faces = FaceSet(np.zeros((50, 8, 8, 1), np.uint8), tuple(map(str, range(50))), np.arange(50))
    drawn = sample(faces, 10)
    assert drawn.labels.tolist() == sorted(set(drawn.labels.tolist()))
    assert (len(drawn), drawn.labels.tolist()) == (10, sample(faces, 10).labels.tolist())
    assert sample(faces, 50) is faces
