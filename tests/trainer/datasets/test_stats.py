import numpy as np

from device.contract.preprocess import InputSpec
from tests.trainer.datasets.drawn import draw, draw_folders
from tests.trainer.files import fer2013_row, picture, write_faces, write_fer2013
from trainer.datasets.forms import Reading, list_faces
from trainer.datasets.settings import DataSettings
from trainer.datasets.stats import measure_data, read_all
from trainer.datasets.tables import stats_lines

BLACK = np.zeros((48, 48), np.uint8)


def _stats(path, ferplus=None):
    return measure_data(*read_all(list_faces(path, Reading(ferplus)), InputSpec(), DataSettings()))


def _doubled(folder):
    rows = [
        fer2013_row(0, "Training", picture(0, 1)),
        fer2013_row(1, "Training", picture(0, 1)),  # a copy under another class
        fer2013_row(2, "Training", picture(2, 2)),
        fer2013_row(3, "Training", BLACK),
        fer2013_row(3, "Training", BLACK),
        fer2013_row(2, "PublicTest", picture(2, 2)),
        fer2013_row(2, "PublicTest", picture(2, 2)),
        fer2013_row(4, "PublicTest", BLACK),
        fer2013_row(5, "PrivateTest", picture(5, 3)),
    ]
    return write_fer2013(folder / "fer2013.csv", rows)


def test_faces_are_counted_by_class_and_side(tmp_path):
    stats = _stats(_doubled(tmp_path))
    assert stats.faces == 9
    assert stats.counts["fear"] == {"Training": 1, "PublicTest": 2, "PrivateTest": 0}


def test_blank_pictures_are_named_and_are_no_copies_of_each_other(tmp_path):
    stats = _stats(_doubled(tmp_path))
    assert stats.blank["Training"] == ["fer2013.csv:5", "fer2013.csv:6"]
    assert stats.blank["PublicTest"] == ["fer2013.csv:9"]
    assert stats.copies_within == {"Training": 1, "PublicTest": 1, "PrivateTest": 0}
    assert stats.dropped_always == 2


def test_copies_on_two_sides_are_counted_on_both(tmp_path):
    overlap = _stats(_doubled(tmp_path)).copies_across[0]
    assert (overlap.first, overlap.second) == ("Training", "PublicTest")
    assert (overlap.first_faces, overlap.second_faces) == (1, 2)
    assert overlap.names == (("fer2013.csv:4", "fer2013.csv:7"),)


def test_a_copy_under_another_class_contradicts(tmp_path):
    assert _stats(_doubled(tmp_path)).contradictions == 1


def test_what_dropping_copies_takes_is_reported(tmp_path):
    assert _stats(_doubled(tmp_path)).dropped_on_request == 2


def test_a_photograph_lit_otherwise_is_found_on_another_side(tmp_path):
    rows = [fer2013_row(0, "Training", picture(0, 1)), fer2013_row(0, "PublicTest", picture(0, 1) // 2 + 20)]
    stats = _stats(write_fer2013(tmp_path / "fer2013.csv", rows))
    assert stats.copies_across[0].first_faces == 0
    assert stats.near_across[0].second_faces == 1


def test_folders_without_sides_are_counted_with_what_is_empty_and_unreadable(tmp_path):
    root = draw_folders(tmp_path, {"": 2})
    (root / "bored").mkdir()
    (root / "sad/zero.png").write_bytes(b"")
    draw(root / "sad/copy.png", 0, 1)
    stats = _stats(root)
    assert stats.unreadable == ["sad/zero.png: is empty (0 bytes)"]
    assert stats.empty == ["bored"]
    assert stats.counts["sad"] == {"no split": 3}
    assert stats.counts["bored"] == {"no split": 0}
    assert stats.copies_within == {"no split": 1}
    assert stats.dropped_on_request == 1
    assert stats.contradictions == 1


def test_votes_are_counted_by_their_majority(tmp_path):
    stats = _stats(*write_faces(tmp_path))
    assert stats.votes["happy"] == {"Training": 6, "PublicTest": 2}
    assert stats.votes["no majority"] == {"Training": 0, "PublicTest": 0}


def test_everything_found_is_reported_in_words(tmp_path):
    text = "\n".join(stats_lines(_stats(_doubled(tmp_path))))
    assert "fear             1           2            0    3" in text
    assert "blank (one grey level): 2 in Training (fer2013.csv:5, fer2013.csv:6)" in text
    assert "exact copies: 1 faces of Training and 2 of PublicTest (fer2013.csv:4 = fer2013.csv:7)" in text
    assert text.endswith("a training leaves out 2 blank faces and, with `duplicates: drop`, 2 exact copies")
