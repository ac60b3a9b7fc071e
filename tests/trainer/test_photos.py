from pathlib import Path

import cv2
import numpy as np
import pytest

from device.contract.preprocess import InputSpec
from device.errors import DataError
from device.records import Box, Face
from tests.device.detect.pictures import NOBODY, ONE, shot
from trainer.datasets import framing
from trainer.photos import PhotoReader, find_pictures, read_picture
from trainer.predictor import Predictor

LABELS = ("happy", "sad")


def _predictor(seen=None):
    """Says how bright a crop is: happy."""

    def answer(faces):
        if seen is not None:
            seen.extend(faces)
        bright = faces.mean(axis=(1, 2, 3)) / 255
        return np.stack([bright, 1 - bright], axis=1)

    return Predictor("fake", Path("fake.keras"), "keras", LABELS, InputSpec(48, 48), answer)


def _write(path, picture):
    assert cv2.imwrite(str(path), picture)
    return path


class FakeDetector:
    """Finds the boxes that it was given."""

    def __init__(self, *boxes):
        self.boxes, self.sizes = boxes, []

    def __call__(self, _settings):
        return self

    def detect(self, grey):
        self.sizes.append(grey.shape)
        return [Face(box, 5.0) for box in self.boxes]


def test_the_face_in_a_photograph_is_found_where_it_is(tmp_path):
    pytest.importorskip("cv2.data")
    grey, (true,) = shot(ONE)
    answer, pixels = PhotoReader(_predictor()).read(_write(tmp_path / "one.png", grey))
    (face,) = answer.faces
    assert face.box.iou(true) > 0.5
    assert pixels.shape == (*grey.shape, 3)


def test_a_photograph_without_a_face_has_no_answer(tmp_path):
    grey, _ = shot(NOBODY)
    answer, _ = PhotoReader(_predictor()).read(_write(tmp_path / "nobody.png", grey))
    assert answer.faces == ()


def test_a_picture_of_the_model_s_size_is_a_face_itself(tmp_path):
    path = _write(tmp_path / "crop.png", np.full((48, 48), 204, np.uint8))
    (face,) = PhotoReader(_predictor()).read(path)[0].faces
    assert face.box is None
    assert face.scores.of("happy") == pytest.approx(0.8)


def test_crops_are_taken_as_such_at_any_size(tmp_path):
    seen = []
    path = _write(tmp_path / "crop.png", np.full((200, 160, 3), 51, np.uint8))
    (face,) = PhotoReader(_predictor(seen), "crops").read(path)[0].faces
    assert seen[0].shape == (48, 48, 1)
    assert (face.box, face.scores.top[0]) == (None, "sad")


def test_a_small_picture_is_searched_where_faces_are_asked_for(tmp_path, monkeypatch):
    detector = FakeDetector()
    monkeypatch.setattr(framing, "HaarDetector", detector)
    path = _write(tmp_path / "crop.png", np.full((48, 48), 204, np.uint8))
    assert PhotoReader(_predictor(), "faces").read(path)[0].faces == ()
    assert detector.sizes == [(48, 48)]


def test_faces_stand_from_left_to_right_and_each_has_its_own_answer(tmp_path, monkeypatch):
    picture = np.zeros((100, 300), np.uint8)
    picture[:, 150:] = 255
    monkeypatch.setattr(framing, "HaarDetector", FakeDetector(Box(220, 20, 50, 50), Box(20, 20, 50, 50)))
    answer, _ = PhotoReader(_predictor()).read(_write(tmp_path / "two.png", picture))
    assert [(face.box.x, face.scores.top[0]) for face in answer.faces] == [(20, "sad"), (220, "happy")]


def test_boxes_of_a_large_photograph_are_in_its_own_pixels(tmp_path, monkeypatch):
    detector = FakeDetector(Box(192, 96, 96, 96))
    monkeypatch.setattr(framing, "HaarDetector", detector)
    path = _write(tmp_path / "large.png", np.zeros((1920, 3840), np.uint8))
    answer, pixels = PhotoReader(_predictor()).read(path)
    assert detector.sizes == [(960, 1920)]
    assert answer.faces[0].box == Box(384, 192, 192, 192)
    assert (answer.width, answer.height, pixels.shape) == (3840, 1920, (960, 1920, 3))


@pytest.mark.parametrize(
    ("content", "why"), [(b"", "is empty"), (b"no picture", "is no picture or a damaged one"), (None, "is not there")]
)
def test_a_picture_that_cannot_be_read_is_named_with_why(tmp_path, content, why):
    path = tmp_path / "broken.jpg"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(DataError, match=rf"broken\.jpg {why}"):
        read_picture(path)


def test_folders_are_searched_for_pictures_below_them_and_each_is_read_once(tmp_path):
    (tmp_path / "below").mkdir()
    for name in ("b.png", "a.JPG", "below/c.webp", "notes.txt"):
        (tmp_path / name).touch()
    found = list(find_pictures([tmp_path / "b.png", tmp_path]))
    assert [path.relative_to(tmp_path).as_posix() for path in found] == ["b.png", "a.JPG", "below/c.webp"]


def test_a_folder_without_pictures_is_refused(tmp_path):
    with pytest.raises(DataError, match="has no pictures"):
        list(find_pictures([tmp_path]))
