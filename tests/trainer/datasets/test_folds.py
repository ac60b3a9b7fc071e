import numpy as np
import pytest

from device.errors import DataError, UsageError
from tests.trainer.files import picture
from trainer.datasets.faces import DataSet, FaceSet, Split
from trainer.datasets.folds import Fold, folds_of, hold_out

LABELS = ("happy", "sad")


def _faces(images):
    labels = np.arange(len(images), dtype=np.int64) % 2
    return FaceSet(images, LABELS, labels, names=tuple(f"face {number}" for number in range(len(images))))


def _noise(count, seed=1):
    """Pictures that are no copies of each other."""
    return np.random.default_rng(seed).integers(0, 256, (count, 48, 48, 1)).astype(np.uint8)


def _data(count=60):
    splits: dict[Split, str] = {"train": "Training", "validation": "PublicTest"}
    return DataSet("a CSV", _faces(_noise(count)), _faces(_noise(5, 2)), _faces(_noise(1, 3)[:0]), splits)


def test_every_face_is_held_out_once_and_never_learnt_in_that_fold():
    data = _data()
    held = [hold_out(data, Fold(number, 5)) for number in range(1, 6)]
    assert sorted(name for one in held for name in one.validation.names or ()) == sorted(data.train.names or ())
    for one in held:
        assert not set(one.train.names or ()) & set(one.validation.names or ())
        assert len(one.train) + len(one.validation) == len(data.train)


def test_a_record_says_which_fold_was_chosen_by():
    held = hold_out(_data(), Fold(2, 5))
    assert held.splits == {"train": "Training without fold 2/5", "validation": "fold 2/5 of Training"}


def test_near_copies_are_in_one_fold_also_where_another_copy_joins_them():
    bright = picture(6, 1).astype(np.float64)
    chain = [bright, bright * 0.8 + 4, np.roll(bright * 0.8 + 4, 0) * 0.7 + 9]
    images = np.concatenate([np.stack(chain)[..., np.newaxis].astype(np.uint8), _noise(30)])
    for count in (2, 3, 7, 50):
        assert len(set(folds_of(images, count)[:3].tolist())) == 1


def test_a_face_stays_in_its_fold_whatever_the_order():
    images = _noise(40)
    order = np.random.default_rng(1).permutation(40)
    np.testing.assert_array_equal(folds_of(images, 5)[order], folds_of(images[order], 5))


@pytest.mark.parametrize("text", ["0/5", "6/5", "1/1", "1", "a/b", "1/1000", "-1/5"])
def test_what_is_no_fold_is_refused_with_an_example(text):
    with pytest.raises(UsageError, match="write --fold 1/5"):
        Fold.parse(text)


def test_a_fold_without_faces_is_refused():
    with pytest.raises(DataError, match=r"fold 1/50 has \d+ of 1 faces|fold 2/50"):
        hold_out(_data(1), Fold(1, 50))
