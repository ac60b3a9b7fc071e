from pathlib import Path

import numpy as np
import pytest

from device.contract.labels import EMOTIONS
from device.contract.preprocess import InputSpec
from device.errors import DataError
from tests.trainer.datasets.drawn import CLASSES, draw, draw_folders
from tests.trainer.files import fer2013_row, picture, write_faces, write_fer2013
from trainer.datasets import memory
from trainer.datasets.load import load
from trainer.datasets.settings import DataSettings

PLAIN = DataSettings()
FIVE = DataSettings(labels=("angry", "fear", "happy", "neutral", "sad"), drop=("disgust", "surprise"))


def _rows(train=14, private=0):
    faces = [(index % 7, "Training") for index in range(train)]
    faces += [(index % 7, "PublicTest") for index in range(7)] + [
        (index % 7, "PrivateTest") for index in range(private)
    ]
    return [fer2013_row(label, usage, picture(label, seed)) for seed, (label, usage) in enumerate(faces)]


def test_fer2013_comes_with_its_official_sides_and_every_face_has_its_line(tmp_path):
    path = write_fer2013(tmp_path / "fer2013.csv", _rows(private=7))
    data = load(path, PLAIN)
    assert (len(data.train), len(data.validation), len(data.test)) == (14, 7, 7)
    assert data.splits == {"train": "Training", "validation": "PublicTest", "test": "PrivateTest"}
    assert data.train.label_names == EMOTIONS
    assert data.validation.names is not None
    assert data.validation.names[0] == "fer2013.csv:16"
    assert list(data.files) == ["fer2013.csv"]


def test_fer2013_without_its_private_rows_has_no_test_side_made_up(tmp_path):
    data = load(write_fer2013(tmp_path / "fer2013.csv", _rows()), PLAIN)
    assert len(data.test) == 0
    assert "test" not in data.splits


def test_the_sibling_file_is_known_by_its_columns_in_any_order(tmp_path):
    path = tmp_path / "icml_face_data.csv"
    rows = [row.split(",") for row in _rows()]
    path.write_text("emotion, Usage, pixels\n" + "\n".join(f"{a},{c},{b}" for a, b, c in rows) + "\n")
    data = load(path, PLAIN)
    assert (len(data.train), len(data.validation)) == (14, 7)
    np.testing.assert_array_equal(data.train.images[3, ..., 0], picture(3, 3))


def test_votes_are_joined_and_follow_the_recipe_s_labels(tmp_path):
    path, ferplus = write_faces(tmp_path)
    data = load(path, FIVE, ferplus=ferplus)
    assert data.train.votes.shape == (30, 5)
    assert (data.train.votes.argmax(axis=1) == data.train.labels).all()
    merged = DataSettings(
        labels=("good", "bad"),
        classes={
            "good": ("happy", "neutral", "surprise"),
            "bad": tuple(name for name in EMOTIONS if name not in {"happy", "neutral", "surprise"}),
        },
    )
    votes = load(path, merged, ferplus=ferplus).train.votes
    assert votes.shape == (42, 2)
    assert set(votes.sum(axis=1)) == {8}


def test_five_labels_of_seven_leave_two_out_and_count_them(tmp_path):
    data = load(write_fer2013(tmp_path / "fer2013.csv", _rows()), FIVE)
    assert data.train.label_names == FIVE.labels
    assert len(data.train) == 10
    np.testing.assert_array_equal(data.train.images[data.train.labels == 2][0, ..., 0], picture(3, 3))
    assert "left out as the recipe drops their classes: 6 faces" in data.notes


def test_labels_that_do_not_name_all_classes_are_refused_with_what_to_write(tmp_path):
    path = write_fer2013(tmp_path / "fer2013.csv", _rows())
    with pytest.raises(DataError, match=r"data.drop=\[disgust, surprise\]"):
        load(path, DataSettings(labels=FIVE.labels))


def test_folders_are_read_at_the_size_asked_for_and_fer2013_stays_as_it_is(tmp_path):
    folders = draw_folders(tmp_path / "faces", {"train": 4, "val": 1, "test": 1})
    assert load(folders, PLAIN, spec=InputSpec(64, 56)).train.images.shape == (28, 64, 56, 1)
    path = write_fer2013(tmp_path / "fer2013.csv", _rows())
    assert load(path, PLAIN, spec=InputSpec(64, 64)).train.images.shape[1:] == (48, 48, 1)


def test_a_folder_with_all_sides_keeps_them(tmp_path):
    data = load(draw_folders(tmp_path, {"train": 3, "validation": 2, "test": 1}), PLAIN)
    assert (len(data.train), len(data.validation), len(data.test)) == (21, 14, 7)
    assert data.splits == {"train": "train/", "validation": "validation/", "test": "test/"}
    assert all(name.startswith("test/") for name in data.test.names)


def test_a_folder_without_validation_shares_its_training_out(tmp_path):
    data = load(draw_folders(tmp_path, {"train": 10, "test": 1}), PLAIN, seed=3)
    assert (len(data.train), len(data.validation), len(data.test)) == (63, 7, 7)
    assert np.bincount(data.validation.labels).tolist() == [1] * 7
    assert data.splits["validation"] == "10% of train/ for validation, seed 3"
    assert not set(data.train.names or ()) & set(data.validation.names or ())


def test_a_folder_without_sides_gets_three_and_the_same_ones_every_time(tmp_path):
    root = draw_folders(tmp_path, {"": 10})
    data, again = load(root, PLAIN), load(root, PLAIN)
    assert (len(data.train), len(data.validation), len(data.test)) == (56, 7, 7)
    assert data.test.names == again.test.names
    assert load(root, PLAIN, seed=2).test.names != data.test.names


def test_class_names_are_taken_in_any_usual_form(tmp_path):
    names = ("Angry", "DISGUSTED", "fearful", "Happiness", "sadness", "surprised", "Neutral")
    data = load(draw_folders(tmp_path, {"train": 3, "val": 1, "test": 1}, names), PLAIN)
    assert np.bincount(data.train.labels).tolist() == [3] * 7


def _table(folder: Path, rows: list[str], header: str = "path,label,split,age") -> Path:
    path = folder / "faces.csv"
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return path


def test_a_csv_of_paths_brings_its_groups_along(tmp_path):
    rows = []
    for index in range(28):
        name = CLASSES[index % 7]
        draw(tmp_path / "pictures" / f"{index}.png", index % 7, index)
        rows.append(f"pictures/{index}.png,{name},{('train', 'train', 'val', 'test')[index // 7]},{index}")
    data = load(_table(tmp_path, rows), PLAIN)
    assert (len(data.train), len(data.validation), len(data.test)) == (14, 7, 7)
    assert data.test.groups["age"].tolist() == [str(age) for age in range(21, 28)]
    assert data.test.names == tuple(f"pictures/{index}.png" for index in range(21, 28))
    assert set(data.files) == {"faces.csv", "pictures of faces.csv"}


def test_a_row_of_paths_whose_file_is_missing_is_named_and_skipped(tmp_path):
    for index in range(70):
        draw(tmp_path / f"{index}.png", index % 7, index)
    rows = [f"{index}.png,{CLASSES[index % 7]}" for index in range(70)] + ["gone.png,happy"]
    data = load(_table(tmp_path, rows, "path,label"), PLAIN)
    assert data.skipped == ("gone.png: is not there",)
    assert len(data.train) + len(data.validation) + len(data.test) == 70
    assert "left out as unreadable: 1 of the pictures" in data.notes


@pytest.mark.parametrize("outside", ["../faces/0.png", "/etc/passwd", "a/../../b.png", "..\\b.png"])
def test_a_path_that_leads_out_of_the_folder_is_refused(tmp_path, outside):
    with pytest.raises(DataError, match=r"faces.csv:2: .* leads out of the CSV's folder"):
        load(_table(tmp_path, [f"{outside},happy"], "path,label"), PLAIN)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (",happy,train,1", "faces.csv:2: path is empty"),
        ("a.png,,train,1", "faces.csv:2: label is empty"),
        ("a.png,happy,later,1", "faces.csv:2: split is 'later', expected train, validation, test"),
        ("a.png,happy", "faces.csv:2: expected 4 cells, found 2"),
    ],
)
def test_a_row_of_paths_that_is_wrong_is_named_with_its_line(tmp_path, row, message):
    with pytest.raises(DataError, match=message):
        load(_table(tmp_path, [row]), PLAIN)


def test_too_many_unreadable_pictures_are_refused_by_name(tmp_path):
    root = draw_folders(tmp_path, {"train": 3, "val": 1, "test": 1})
    (root / "train/happy/im1.png").write_bytes(b"")
    (root / "train/sad/im1.png").write_bytes(b"no picture")
    with pytest.raises(DataError, match=r"2 of 35 pictures .*train/happy/im1.png is empty \(0 bytes\).*at most 2.0%"):
        load(root, PLAIN)
    data = load(root, DataSettings(unreadable_limit=0.1))
    assert len(data.train) == 19
    assert len(data.skipped) == 2
    happy = data.train.take(data.train.labels == 3)
    assert happy.names == ("train/happy/im0.png", "train/happy/im2.png")


def test_a_class_without_a_training_picture_is_refused(tmp_path):
    root = draw_folders(tmp_path, {"train": 3, "val": 1, "test": 1}, CLASSES[:6])
    (root / "train/neutral").mkdir()
    with pytest.raises(DataError, match=r"no face to train on has the label neutral; train/neutral holds no picture"):
        load(root, PLAIN)
    six = DataSettings(labels=CLASSES[:6])
    assert len(load(root, six).train) == 18


def test_a_class_of_test_that_training_lacks_is_refused(tmp_path):
    root = draw_folders(tmp_path, {"train": 3, "val": 1}, CLASSES[:6])
    draw_folders(root, {"test": 1})
    with pytest.raises(DataError, match="the test split has faces of neutral, of which training has none"):
        load(root, PLAIN)


def test_a_set_too_small_to_choose_by_is_refused(tmp_path):
    with pytest.raises(DataError, match="14 faces are too few to set some aside"):
        load(draw_folders(tmp_path, {"train": 2}), PLAIN)


def test_blank_pictures_are_never_trained_on_and_copies_on_request(tmp_path):
    rows = _rows(train=28)
    rows.insert(0, fer2013_row(0, "Training", np.zeros((48, 48), np.uint8)))
    rows.append(fer2013_row(2, "Training", picture(2, 2)))  # a copy in training
    rows.append(fer2013_row(3, "Training", picture(3, 31)))  # a copy of a validation face
    path = write_fer2013(tmp_path / "fer2013.csv", rows)
    assert len(load(path, PLAIN).train) == 30
    data = load(path, DataSettings(duplicates="drop"))
    assert len(data.train) == 28
    assert len(data.validation) == 7
    assert data.notes[1:] == (
        "left out of training as blank (one grey level): 1",
        "left out of training as exact copies: 2 (1 of earlier faces, 1 of faces that are judged by)",
    )


def test_pictures_larger_than_the_memory_are_kept_in_a_file(tmp_path, monkeypatch):
    root = draw_folders(tmp_path, {"train": 4, "val": 1, "test": 1})
    draw(root / "train/happy/copy.png", 3, 13)
    expected = load(root, DataSettings(duplicates="drop"))
    monkeypatch.setattr(memory, "available_bytes", lambda: 1000)
    data = load(root, DataSettings(duplicates="drop"))
    assert isinstance(data.train.images, np.memmap)
    assert "kept in a file" in data.notes[-1]
    for split in ("train", "validation", "test"):
        np.testing.assert_array_equal(data.faces_of(split).images, expected.faces_of(split).images)
        assert data.faces_of(split).names == expected.faces_of(split).names


def test_to_judge_the_data_is_taken_as_it_is(tmp_path):
    root = draw_folders(tmp_path / "all", {"": 2}, CLASSES[:3])
    data = load(root, PLAIN, purpose="judge")
    assert (len(data.train), len(data.validation), len(data.test)) == (0, 0, 6)
    assert data.splits == {"test": "all faces"}


def test_seven_thousand_test_pictures_of_fer2013_are_called_what_they_are(tmp_path, monkeypatch):
    monkeypatch.setattr("trainer.datasets.folders.FER2013_TRAIN", 21)
    monkeypatch.setattr("trainer.datasets.folders.FER2013_TEST", 7)
    data = load(draw_folders(tmp_path, {"train": 3, "test": 2}), PLAIN)
    assert data.splits["test"] == "test/: PublicTest and PrivateTest together"
    assert data.splits["validation"] == "10% of train/ for validation, seed 1"
    assert "neither PublicTest's nor PrivateTest's" in data.notes[0]
