import numpy as np
import pytest

from converters.calibrate import representative_set
from converters.trained import LabelledFaces
from device.contract.preprocess import InputSpec

SPEC = InputSpec(8, 8)


def _faces(*counts, low=0, high=256):
    """So many faces of each label, every face of one grey level that says its position."""
    labels = np.repeat(np.arange(len(counts)), counts)
    faces = np.random.default_rng(1).integers(low, high, (len(labels), 8, 8, 1), dtype=np.uint8)
    faces[:, 0, 0, 0] = np.arange(len(labels))
    return LabelledFaces(faces, labels)


def _labels_of(chosen, source):
    return source.labels[chosen.faces[:, 0, 0, 0]]


def test_labels_are_drawn_equally_often():
    source = _faces(150, 40, 60)
    counts = np.bincount(_labels_of(representative_set(source, seed=1, count=90), source))
    assert counts.tolist() == [30, 30, 30]


def test_a_rare_label_gives_all_it_has_and_the_others_fill_up():
    source = _faces(150, 5, 60)
    counts = np.bincount(_labels_of(representative_set(source, seed=1, count=85), source))
    assert counts.tolist() == [40, 5, 40]


def test_no_face_is_drawn_twice_and_all_are_taken_where_there_are_few():
    source = _faces(20, 10)
    chosen = representative_set(source, seed=1, count=500)
    assert sorted(chosen.faces[:, 0, 0, 0]) == list(range(30))


def test_the_seed_decides():
    source = _faces(100, 100)
    first, again, other = (representative_set(source, seed, count=50).faces for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize(
    "source", [_faces(20, 20, low=60, high=200), LabelledFaces(np.full((3, 8, 8, 1), 9, np.uint8), np.arange(3))]
)
def test_the_full_range_is_always_reached_and_the_source_left_alone(source):
    before = source.faces.copy()
    chosen = representative_set(source, seed=1)
    assert (chosen.faces.min(), chosen.faces.max()) == (0, 255)
    assert np.array_equal(source.faces, before)


def test_faces_reach_the_converter_one_by_one_as_real_values():
    batches = list(representative_set(_faces(10, 10), seed=1).batches(SPEC))
    assert len(batches) == 20
    assert all(len(batch) == 1 and batch[0].shape == (1, 8, 8, 1) for batch in batches)
    assert all(batch[0].dtype == np.float32 for batch in batches)
    assert min(batch[0].min() for batch in batches) == 0.0
    assert max(batch[0].max() for batch in batches) == pytest.approx(1.0)
