from dataclasses import replace

import numpy as np
import pytest

from device.contract.preprocess import InputSpec
from device.contract.training_record import RecordedData, RecordedInput, RecordedSplit, TrainingRecord
from trainer.datasets.faces import FaceSet
from trainer.datasets.pictures import digest
from trainer.judging.seen import ATTRIBUTE, KNOWN, NEW, Seen, mark_known, role_of

PHOTOGRAPHS = (
    np.random.default_rng(1).integers(0, 256, (4, 8, 8, 1)).astype(np.uint8).repeat(6, axis=1).repeat(6, axis=2)
)
FILES = {"faces": "ab" * 32}


def _faces(images, **groups):
    digests = np.stack([digest(image[..., 0]) for image in images])
    return FaceSet(images, ("a", "b"), np.zeros(len(images), np.int64), groups=groups, digests=digests)


def _seen(train, validation):
    return Seen(_faces(PHOTOGRAPHS[train]).digests, _faces(PHOTOGRAPHS[validation]).digests)


def _record(train="Training", validation="PublicTest", files=FILES):
    return TrainingRecord(
        name="a",
        labels=("a", "b"),
        input=RecordedInput.of(InputSpec()),
        data=RecordedData(files=files, train=RecordedSplit(split=train), validation=RecordedSplit(split=validation)),
    )


def _role(faces, seen=None, *, word="test/", record=None, files=FILES, official=False):
    return role_of(faces, "test", word, seen=seen, record=record, files=files, official=official)


@pytest.mark.parametrize(("chosen", "role"), [([0, 1], "trained on"), ([2], "chosen on"), ([3], "blind")])
def test_a_role_is_decided_by_the_pictures_whatever_split_and_file_are_called(chosen, role):
    assert _role(_faces(PHOTOGRAPHS[chosen]), _seen([0, 1], [2]))[0] == role


def test_a_few_pictures_of_training_among_blind_ones_are_counted():
    role, note = _role(_faces(PHOTOGRAPHS[[0, 2, 3]]), _seen([0], [1]))
    assert (role, note) == ("blind", "test/: 1 of its 3 pictures were trained on, to the pixel")


@pytest.mark.parametrize(
    ("word", "role"),
    [("90% of all faces for training, seed 1", "trained on"), ("10% of all faces for validation, seed 1", "chosen on"),
     ("10% of all faces for test, seed 1", "blind")],
)  # fmt: skip
def test_without_digests_names_of_splits_count_of_the_very_same_files_alone(word, role):
    record = _record("90% of all faces for training, seed 1", "10% of all faces for validation, seed 1")
    faces = replace(_faces(PHOTOGRAPHS), digests=None)
    assert _role(faces, word=word, record=record)[0] == role
    assert _role(faces, word=word, record=record, files={"faces": "cd" * 32})[0] == "unknown"


def test_a_whole_is_not_blind_of_which_a_part_was_trained_on():
    record = _record("90% of train/ for training, seed 1", "10% of train/ for validation, seed 1")
    assert _role(_faces(PHOTOGRAPHS), word="train/", record=record)[0] == "trained on"


@pytest.mark.parametrize("record", [None, _record().model_copy(update={"data": RecordedData()})])
def test_a_record_that_does_not_say_leaves_the_role_unknown(record):
    assert _role(_faces(PHOTOGRAPHS), word="PublicTest", record=record)[0] == "unknown"


def test_faces_that_only_stand_in_fer2013_s_form_are_not_taken_for_its_rows():
    assert _role(_faces(PHOTOGRAPHS), word="PrivateTest", record=_record(), files={}, official=True)[0] == "unknown"


def test_faces_whose_photograph_is_in_training_too_are_a_group_even_in_another_light():
    darker = (PHOTOGRAPHS * 0.7).astype(np.uint8)
    marked = mark_known(_faces(darker[:3]), _faces(PHOTOGRAPHS[[3, 1]]))
    assert marked.groups[ATTRIBUTE].tolist() == [NEW, KNOWN, NEW]


def test_groups_that_the_data_names_stay():
    marked = mark_known(_faces(PHOTOGRAPHS[:1], age=np.array(["old"])), _faces(PHOTOGRAPHS))
    assert set(marked.groups) == {"age", ATTRIBUTE}


def test_where_no_photograph_is_known_nothing_is_grouped():
    faces = _faces(PHOTOGRAPHS[:2])
    assert mark_known(faces, _faces(PHOTOGRAPHS[2:])) is faces
