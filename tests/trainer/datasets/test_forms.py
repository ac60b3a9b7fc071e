import zipfile

import pytest

from device.errors import DataError
from tests.trainer.datasets.drawn import draw, draw_folders
from tests.trainer.files import fer2013_row, write_fer2013
from trainer.datasets.forms import list_faces


def test_a_path_that_is_not_there_is_named(tmp_path):
    with pytest.raises(DataError, match=r"nothing.csv cannot be read: No such file"):
        list_faces(tmp_path / "nothing.csv")


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", r"is empty \(0 bytes\)"),
        (b"a,b,c\n1,2,3\n", "is no form of faces; its first line has a, b, c; expected fer2013.csv or"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "is no form of faces; its first line has no columns"),
        (b"emotion,pixels\n1,2\n", "its first line has emotion, pixels"),
    ],
)
def test_a_file_that_is_no_data_set_is_refused_with_what_is_expected(tmp_path, content, told):
    path = tmp_path / "x.csv"
    path.write_bytes(content)
    with pytest.raises(DataError, match=told):
        list_faces(path)


def test_an_archive_is_to_be_unpacked(tmp_path):
    path = tmp_path / "archive.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("fer2013.csv", "emotion,pixels,Usage")
    with pytest.raises(DataError, match="is a ZIP archive; unpack it"):
        list_faces(path)


def test_a_folder_that_holds_a_csv_points_to_it(tmp_path):
    write_fer2013(tmp_path / "fer2013.csv", [fer2013_row(1)])
    with pytest.raises(DataError, match=r"no pictures in class folders; it holds fer2013.csv: give that file"):
        list_faces(tmp_path)


def test_sides_beside_other_folders_are_refused(tmp_path):
    draw_folders(tmp_path, {"train": 1, "extra": 1})
    with pytest.raises(DataError, match=r"has splits \(train\) and other folders \(extra\)"):
        list_faces(tmp_path)


def test_what_is_no_picture_is_passed_over_and_told(tmp_path):
    root = draw_folders(tmp_path, {"train": 1})
    (root / "train/happy/notes.txt").write_text("x")
    (root / "train/happy/.hidden.png").write_text("x")
    (root / "train/.cache").mkdir()
    listing = list_faces(root)
    assert len(listing) == 7
    assert listing.notes == ("passed over as no pictures: 1 (train/happy/notes.txt)",)


def test_the_digest_of_a_folder_tells_another_picture(tmp_path):
    root = draw_folders(tmp_path / "faces", {"train": 1})
    before = list_faces(root).files
    assert list_faces(root).files == before
    draw(root / "train/happy/more.png", 3, 99)
    assert list_faces(root).files != before


def test_votes_need_the_rows_of_fer2013(tmp_path):
    root = draw_folders(tmp_path, {"train": 1})
    with pytest.raises(DataError, match="joined by row, and class folders has no rows"):
        list_faces(root, ferplus=tmp_path / "fer2013new.csv")


def test_a_quoted_csv_is_read_as_well(tmp_path):
    emotion, pixels, usage = fer2013_row(3).split(",")
    path = tmp_path / "fer2013.csv"
    path.write_text(f'"emotion","pixels","Usage"\n{fer2013_row(1)}\n"{emotion}","{pixels}","{usage}"\n')
    assert list_faces(path).names == ("fer2013.csv:2", "fer2013.csv:3")
