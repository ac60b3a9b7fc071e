import numpy as np
import pytest

from device.errors import DataError
from tests.trainer.files import fer2013_row, picture, write_fer2013
from trainer.datasets.fer2013 import read_fer2013


def test_every_row_becomes_a_face_with_its_label_and_split(tmp_path):
    rows = [fer2013_row(3, "Training"), fer2013_row(6, "PublicTest"), fer2013_row(0, "PrivateTest")]
    faces = read_fer2013(write_fer2013(tmp_path / "fer.csv", rows))
    assert faces.images.shape == (3, 48, 48, 1)
    assert faces.classes.tolist() == ["happy", "neutral", "angry"]
    assert faces.splits.tolist() == ["train", "validation", "test"]
    np.testing.assert_array_equal(faces.images[0, :, :, 0], picture(3, 1))


def test_the_sibling_with_spaces_in_its_header_is_read_as_well(tmp_path):
    path = write_fer2013(tmp_path / "icml.csv", [fer2013_row(3)], header="emotion, pixels, Usage")
    assert len(read_fer2013(path).classes) == 1


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([fer2013_row(3), "3,1 2 3,Training"], r"fer.csv:3: expected 2304 pixels \(48 x 48\), found 3"),
        ([fer2013_row(0).replace("0,", "9,", 1)], r"fer.csv:2: emotion is '9', expected one of 0 angry"),
        ([fer2013_row(0).replace("0,", "1.0,", 1)], r"fer.csv:2: emotion is '1.0'"),
        (["3," + " ".join(["256"] * 2304) + ",Training"], r"fer.csv:2: pixels lie between 0 and 255, found 256"),
        (["3," + " ".join(["x"] * 2304) + ",Training"], r"fer.csv:2: pixels are not whole numbers"),
        ([fer2013_row(3, "Testing")], r"fer.csv:2: Usage is 'Testing', expected one of Training"),
        (["3,1 2 3"], r"fer.csv:2: expected 3 cells, found 2"),
        ([], r"has a header and no rows"),
    ],
)
def test_a_row_that_is_wrong_is_named_with_its_line(tmp_path, rows, message):
    with pytest.raises(DataError, match=message):
        read_fer2013(write_fer2013(tmp_path / "fer.csv", rows))


def test_a_missing_column_is_named(tmp_path):
    path = write_fer2013(tmp_path / "fer.csv", ["3,Training"], header="emotion,Usage")
    with pytest.raises(DataError, match=r"fer.csv:1: the columns pixels are missing; found emotion, Usage"):
        read_fer2013(path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(DataError, match=r"nothing.csv cannot be read: No such file"):
        read_fer2013(tmp_path / "nothing.csv")


def test_a_file_that_is_no_text_is_refused(tmp_path):
    path = tmp_path / "fer.csv"
    path.write_bytes(bytes(range(256)) * 10)
    with pytest.raises(DataError, match="is not text in UTF-8 or UTF-16"):
        read_fer2013(path)
