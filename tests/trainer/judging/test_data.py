from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from device.contract.labels import EMOTIONS
from device.contract.preprocess import InputSpec
from device.contract.training_record import RecordedInput, TrainingRecord
from tests.trainer.files import picture, write_faces
from trainer.datasets.faces import FaceSet
from trainer.judging.data import BOTH_TESTS, pooling_notes, read_data, sample
from trainer.judging.references import references
from trainer.predictor import Predictor


def _faces(count):
    return FaceSet(np.zeros((count, 8, 8, 1), np.uint8), ("a", "b"), np.zeros(count, np.int64))


def _predictor(labels=EMOTIONS, recipe=None):
    read = RecordedInput.of(InputSpec())
    record = TrainingRecord(name="small", labels=labels, input=read, recipe=recipe or {})
    return Predictor("small", Path("model.keras"), "keras", labels, InputSpec(), np.zeros_like, record=record)


def _folders(folder, **counts):
    for name, count in counts.items():
        (folder / "test" / name).mkdir(parents=True)
        for number in range(count):
            cv2.imwrite(str(folder / "test" / name / f"{number}.png"), picture(0, number))
    return folder


def test_a_model_of_fewer_labels_gets_the_other_faces_too_so_that_they_are_counted(tmp_path):
    found = read_data(_folders(tmp_path, happy=2, sad=2, disgust=1), _predictor(("happy", "sad")))
    (word, faces) = found.splits["test"]
    (reference,) = references(faces, ("happy", "sad"))
    assert (len(faces), reference.left_out) == (5, {"disgust": 1})
    assert word


def test_classes_that_nobody_knows_are_left_out_and_counted(tmp_path):
    found = read_data(_folders(tmp_path, happy=2, sad=2, contempt=3, hapy=1), _predictor())
    (reference,) = references(found.splits["test"][1], EMOTIONS)
    assert reference.left_out == {"contempt": 3, "hapy": 1}


def test_labels_that_the_model_calls_otherwise_are_matched_by_what_they_mean(tmp_path):
    labels = ("neutral", "Happiness", "sadness")
    found = read_data(_folders(tmp_path, happy=2, Sad=1, disgust=1), replace(_predictor(labels), record=None))
    (reference,) = references(found.splits["test"][1], labels)
    assert (reference.truth >= 0).sum() == 3
    assert reference.left_out == {"disgust": 1}


def test_a_recipe_that_merges_classes_is_judged_by_merged_ones(tmp_path):
    recipe = {"data": {"labels": ["good", "bad"], "classes": {"good": ["happy"], "bad": ["sad", "angry"]}}}
    found = read_data(_folders(tmp_path, happy=2, sad=2, angry=1), _predictor(("good", "bad"), recipe))
    assert np.bincount(found.splits["test"][1].labels).tolist() == [2, 3]


def test_splits_keep_the_data_s_own_words_and_get_people_s_votes(tmp_path):
    data, ferplus = write_faces(tmp_path)
    found = read_data(data, _predictor(), ferplus)
    assert {split: (word, len(faces)) for split, (word, faces) in found.splits.items()} == {
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
