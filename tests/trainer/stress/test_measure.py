from pathlib import Path

import numpy as np
import pytest

from device.contract.preprocess import InputSpec
from device.errors import DataError
from trainer.datasets.faces import FaceSet
from trainer.predictor import Predictor
from trainer.stress.camera import Seen
from trainer.stress.corruptions import CORRUPTIONS
from trainer.stress.measure import strains
from trainer.stress.table import as_text

LABELS = ("dark", "bright")


def _no_progress(*_):
    return None


def _predictor():
    """Names a face by how bright it is: right as long as the light stays."""

    def answer(faces):
        bright = (faces.mean(axis=(1, 2, 3)) > 100).astype(float)
        return np.stack([1 - bright, bright], axis=1) * 0.8 + 0.1

    return Predictor("fake", Path("fake.keras"), "keras", LABELS, InputSpec(48, 48), answer)


def _faces(*, votes=False):
    values = np.array([40, 160, 60, 180, 50, 150], np.uint8)
    images = np.broadcast_to(values[:, None, None, None], (6, 48, 48, 1)).copy()
    labels = np.array([0, 1, 0, 1, 0, 1])
    cast = np.eye(2, dtype=np.float32)[labels] * 5
    cast[0] = (2, 2)
    return FaceSet(images, LABELS, labels, cast if votes else None)


def _corrupted(strain, name):
    return [one for one in strain.corrupted if one.name == name]


def test_what_a_corruption_costs_is_reported_against_the_clean_faces():
    (strain,) = strains(_predictor(), _faces(), None, 1, _no_progress)
    assert strain.accuracy.value == 1.0
    mild, *_, strong = _corrupted(strain, "low light")
    assert (strong.accuracy, strong.lost.value) == (0.5, 0.5)  # all are dark then
    assert mild.lost.value <= strong.lost.value
    assert all(one.lost.value == 0 for one in _corrupted(strain, "blur"))
    assert len(strain.corrupted) == sum(len(one.levels) for one in CORRUPTIONS)


def test_votes_are_a_reference_of_their_own_without_faces_that_have_no_majority():
    by_labels, by_votes = strains(_predictor(), _faces(votes=True), None, 1, _no_progress)
    assert (by_labels.metric, by_labels.count) == ("label_accuracy", 6)
    assert (by_votes.metric, by_votes.count) == ("majority_agreement", 5)


def test_the_device_s_crops_are_held_against_the_same_faces_as_they_are():
    faces = _faces()
    found = np.array([True, True, False, True, False, False])
    crops = faces.images[found].copy()
    crops[1] = 10  # a bright face, cropped where it is dark
    (strain,) = strains(_predictor(), faces, Seen(found, crops, 0), 1, _no_progress)
    camera = strain.camera
    assert (camera.count, camera.direct) == (3, 1.0)
    assert camera.cropped == pytest.approx(2 / 3)
    assert camera.lost.value == pytest.approx(1 / 3)
    assert camera.lost.low <= camera.lost.value <= camera.lost.high


def test_without_a_found_face_nothing_is_said_of_crops():
    seen = Seen(np.zeros(6, bool), np.empty((0, 48, 48, 1), np.uint8), 0)
    (strain,) = strains(_predictor(), _faces(), seen, 1, _no_progress)
    assert strain.camera is None


def test_faces_without_any_reference_are_refused():
    faces = FaceSet(np.zeros((2, 48, 48, 1), np.uint8), LABELS, np.array([-1, -1]))
    with pytest.raises(DataError, match="none of the faces has a label"):
        strains(_predictor(), faces, None, 1, _no_progress)


def test_the_table_says_what_was_found_and_what_each_level_costs():
    faces = _faces()
    seen = Seen(np.ones(6, bool), faces.images, 2)
    text = as_text("PublicTest", strains(_predictor(), faces, seen, 1, _no_progress), seen, 0.5)
    assert "found by the device 100.0%" in text
    assert "by the cascade as it is commonly used 50.0%" in text
    assert "found where no face is: 2 in all" in text
    assert "low light (of the light left)" in text
    assert all(len(line) <= 100 for line in text.splitlines())
