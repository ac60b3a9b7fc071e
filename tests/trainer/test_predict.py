import csv
import io
import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from device.records import Box, Scores
from trainer.photos import FaceAnswer, PictureAnswer
from trainer.predict import Table, annotated, as_csv, as_dict, encode, free_name

LABELS = ("happy", "sad", "fear")
SCORES = Scores(LABELS, (0.7, 0.2, 0.1))
ONE = PictureAnswer(Path("hall/one.jpg"), 640, 480, (FaceAnswer(Box(100.4, 50, 80, 80), SCORES),))
NONE = PictureAnswer(Path("empty.jpg"), 640, 480, ())
CROP = PictureAnswer(Path("crop.png"), 48, 48, (FaceAnswer(None, SCORES),))


def _lines(*answers):
    table = Table([answer.path for answer in answers], LABELS)
    return [table.head, *(line for answer in answers for line in table.lines(answer))]


def test_the_table_has_a_line_for_each_face_under_its_titles():
    head, one, none, crop = _lines(ONE, NONE, CROP)
    assert one.split() == ["hall/one.jpg", "1", "100,50", "80x80", "happy", "70%", "sad", "20%,", "fear", "10%"]
    assert none.endswith("no face found")
    assert head.index("emotion") == one.index("happy") == crop.index("happy")


def test_a_long_path_is_cut_at_its_front():
    line = _lines(PictureAnswer(Path("a" * 80) / "one.jpg", 640, 480, ONE.faces))[1]
    assert "one.jpg" in line
    assert len(line) <= 100


def test_the_csv_has_a_row_for_each_face_and_one_for_a_picture_without():
    one, none, crop = csv.DictReader(io.StringIO(as_csv([ONE, NONE, CROP], LABELS)))
    assert (one["picture"], one["x"], one["w"], one["emotion"], one["p_sad"]) == (
        "hall/one.jpg",
        "100",
        "80",
        "happy",
        "0.2",
    )
    assert (none["picture"], none["emotion"]) == ("empty.jpg", "")
    assert (crop["x"], crop["confidence"]) == ("", "0.7")


def test_the_json_document_names_its_schema_and_every_picture():
    document = json.loads(json.dumps(as_dict([ONE, NONE], {"name": "small"})))
    assert (document["schema"], document["model"]["name"]) == (1, "small")
    assert [len(picture["faces"]) for picture in document["pictures"]] == [1, 0]
    assert document["pictures"][0]["faces"][0]["probabilities"] == {"happy": 0.7, "sad": 0.2, "fear": 0.1}


@pytest.fixture
def needs_pillow():
    pytest.importorskip("PIL", reason="the overlay needs Pillow: pip install 'affectd[overlay]'")


@pytest.mark.usefixtures("needs_pillow")
def test_an_annotated_picture_is_marked_around_its_face_alone():
    pixels = np.full((480, 640, 3), 90, np.uint8)
    drawn = annotated(ONE, pixels)
    assert drawn.shape == (480, 640, 3)
    assert (drawn[45:135, 95:185] != 90).any()
    assert (drawn[300:, :] == 90).all()


@pytest.mark.usefixtures("needs_pillow")
def test_a_picture_without_a_face_is_left_as_it_is():
    pixels = np.full((480, 640, 3), 90, np.uint8)
    assert np.array_equal(annotated(NONE, pixels), pixels)


@pytest.mark.usefixtures("needs_pillow")
def test_a_crop_is_enlarged_with_room_for_words_beside_it():
    drawn = annotated(CROP, np.full((48, 48, 3), 200, np.uint8))
    assert min(drawn.shape[:2]) >= 300
    face = (drawn == 200).all(axis=2)
    assert face[:, : drawn.shape[1] // 2].mean() > 0.5
    assert not face[:, drawn.shape[1] * 2 // 3 :].any()


@pytest.mark.usefixtures("needs_pillow")
def test_a_picture_can_be_drawn_for_a_display():
    assert annotated(ONE, np.zeros((480, 640, 3), np.uint8), (800, 600)).shape == (600, 800, 3)


def test_pictures_of_one_name_get_files_of_their_own():
    taken = set()
    names = [free_name(Path(path), taken) for path in ("a/one.png", "b/one.jpg", "c/two.png")]
    assert names == ["one.jpg", "one-2.jpg", "two.jpg"]


def test_an_encoded_picture_is_a_jpeg():
    picture = np.full((40, 60, 3), 77, np.uint8)
    read = cv2.imdecode(np.frombuffer(encode(picture), np.uint8), cv2.IMREAD_COLOR)
    assert np.abs(read.astype(int) - 77).max() <= 2
