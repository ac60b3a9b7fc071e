from pathlib import Path

import cv2
import numpy as np
import pytest

from device.contract.labels import EMOTIONS
from device.contract.preprocess import InputSpec
from device.errors import DataError, StorageError, UsageError
from tests.trainer.datasets.drawn import draw, draw_folders
from tests.trainer.files import write_faces
from trainer.datasets.convert import convert, take_split
from trainer.datasets.forms import list_faces
from trainer.datasets.load import load
from trainer.datasets.settings import DataSettings
from trainer.datasets.stats import read_all

OTHERS = tuple(name for name in EMOTIONS if name not in {"sad", "fear"})
MERGED = DataSettings(labels=OTHERS, classes={"happy": ("sad",)}, drop=("fear",))


def _read(path):
    return read_all(list_faces(path), InputSpec(), DataSettings())[0]


def _as_set(data, split):
    faces = data.faces_of(split)
    return sorted((int(label), image.tobytes()) for label, image in zip(faces.labels, faces.images, strict=True))


@pytest.mark.parametrize(("form", "name"), [("folders", "out"), ("paths", "out/faces.csv"), ("fer2013", "out.csv")])
def test_every_form_gives_the_same_faces_back(tmp_path, form, name):
    path, _ = write_faces(tmp_path)
    target = tmp_path / ("out.csv" if form == "fer2013" else "out")
    assert convert(_read(path), target, form) == 56
    before = load(path, DataSettings())
    # Nothing is set aside for a test split that neither has.
    after = load(tmp_path / name, DataSettings(test_share=0))
    assert _as_set(after, "train") == _as_set(before, "train")
    assert _as_set(after, "validation") == _as_set(before, "validation")


def test_a_csv_becomes_folders_with_a_face_s_row_in_its_name(tmp_path):
    path, _ = write_faces(tmp_path)
    convert(_read(path), tmp_path / "out", "folders")
    assert (tmp_path / "out/train/happy/fer0000003.png").is_file()
    assert (tmp_path / "out/validation/angry/fer0000042.png").is_file()
    assert not (tmp_path / "out/test").exists()


def test_the_layout_of_two_counts_within_a_class_and_puts_all_tests_together(tmp_path):
    path, _ = write_faces(tmp_path, train=14, validation=7)
    path.write_text(path.read_text() + path.read_text().splitlines()[-1].replace("PublicTest", "PrivateTest") + "\n")
    convert(_read(path), tmp_path / "out", "two")
    assert sorted(one.name for one in (tmp_path / "out").iterdir()) == ["test", "train"]
    assert sorted(one.name for one in (tmp_path / "out/test/neutral").iterdir()) == ["im0.png", "im1.png"]
    assert sorted(one.name for one in (tmp_path / "out/train/happy").iterdir()) == ["im0.png", "im1.png"]


def test_folders_become_a_csv_as_kaggle_s(tmp_path):
    root = draw_folders(tmp_path / "faces", {"train": 2, "test": 1})
    convert(_read(root), tmp_path / "fer2013.csv", "fer2013")
    lines = (tmp_path / "fer2013.csv").read_text().splitlines()
    assert lines[0] == "emotion,pixels,Usage"
    assert sum(line.endswith(",Training") for line in lines) == 14
    assert sum(line.endswith(",PrivateTest") for line in lines) == 7


def test_faces_without_sides_get_some_where_the_form_needs_them(tmp_path):
    root = draw_folders(tmp_path / "faces", {"": 10})
    convert(_read(root), tmp_path / "fer2013.csv", "fer2013", seed=4)
    data = load(tmp_path / "fer2013.csv", DataSettings())
    assert (len(data.train), len(data.validation), len(data.test)) == (56, 7, 7)
    convert(_read(root), tmp_path / "out", "folders")
    assert (tmp_path / "out/happy").is_dir()


def test_groups_are_kept_by_paths(tmp_path):
    draw(tmp_path / "a.png", 3, 1)
    draw(tmp_path / "b.jpg", 4, 2)
    (tmp_path / "faces.csv").write_text("path,label,split,age\na.png,happy,train,old\nb.jpg,sad,test,young\n")
    convert(_read(tmp_path / "faces.csv"), tmp_path / "out", "paths")
    assert (tmp_path / "out/faces.csv").read_text() == (
        "path,label,split,age\npictures/train/happy/a.png,happy,train,old\npictures/test/sad/b.png,sad,test,young\n"
    )


def test_pictures_that_differ_in_their_suffix_alone_are_both_kept(tmp_path):
    draw(tmp_path / "in/happy/a.png", 3, 1)
    draw(tmp_path / "in/happy/a.jpg", 3, 2)
    assert convert(_read(tmp_path / "in"), tmp_path / "out", "folders") == 2
    assert len(list((tmp_path / "out/happy").iterdir())) == 2


def test_a_class_that_the_csv_has_no_number_for_is_refused_and_nothing_is_left(tmp_path):
    root = draw_folders(tmp_path / "in", {"train": 1}, ("happy", "bored"))
    with pytest.raises(DataError, match="alone, and the data has bored; name a folder"):
        convert(_read(root), tmp_path / "out.csv", "fer2013")
    assert sorted(one.name for one in tmp_path.iterdir()) == ["in"]


@pytest.mark.parametrize("form", ["folders", "two", "fer2013", "paths"])
def test_what_is_cut_off_leaves_nothing_behind(tmp_path, form):
    root = draw_folders(tmp_path / "in", {"train": 2})

    def cut_off(done, _total):
        if done == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        convert(_read(root), tmp_path / "out", form, progress=cut_off)
    assert sorted(one.name for one in tmp_path.iterdir()) == ["in"]


@pytest.mark.parametrize("settings", [DataSettings(), MERGED])
def test_a_split_that_the_data_has_not_is_what_a_training_sets_aside(tmp_path, settings):
    root = draw_folders(tmp_path / "in", {"": 30})
    listing = list_faces(root)
    for split in ("train", "validation", "test"):
        taken, notes = take_split(listing, split, settings, seed=3)
        data = load(root, settings, seed=3)
        assert sorted(taken.names) == sorted(data.faces_of(split).names or ())
        assert data.splits[split] in notes[0]


def test_a_split_that_cannot_be_had_is_refused(tmp_path):
    listing = list_faces(draw_folders(tmp_path / "in", {"": 1}))
    with pytest.raises(DataError, match="none can be set aside for it; leave --split out"):
        take_split(listing, "test", DataSettings(), seed=1)


def test_what_is_half_written_has_another_name(tmp_path):
    root = draw_folders(tmp_path / "in", {"train": 2})
    seen = []
    convert(_read(root), tmp_path / "out", "folders", progress=lambda *_: seen.append((tmp_path / "out").exists()))
    assert seen == [False] * 14


def test_a_target_that_holds_something_is_left_alone(tmp_path):
    listing = _read(draw_folders(tmp_path / "in", {"train": 1}))
    (tmp_path / "out").mkdir()
    (tmp_path / "out/mine.txt").write_text("mine")
    with pytest.raises(UsageError, match="is there already, and nothing is overwritten"):
        convert(listing, tmp_path / "out", "folders")
    assert (tmp_path / "out/mine.txt").read_text() == "mine"
    (tmp_path / "out.csv").write_text("mine")
    with pytest.raises(UsageError, match="is there already"):
        convert(listing, tmp_path / "out.csv", "fer2013")


def test_an_empty_folder_is_filled(tmp_path):
    listing = _read(draw_folders(tmp_path / "in", {"train": 1}))
    (tmp_path / "out").mkdir()
    assert convert(listing, tmp_path / "out", "folders") == 7
    assert cv2.imread(str(tmp_path / "out/train/happy/im0.png"), cv2.IMREAD_UNCHANGED).shape == (48, 48)


def test_a_full_disk_leaves_nothing_that_looks_whole(tmp_path, monkeypatch):
    listing = _read(draw_folders(tmp_path / "in", {"train": 1}))

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(StorageError, match=r"out cannot be written: No space left on device; nothing of it was left"):
        convert(listing, tmp_path / "out", "folders")
    assert sorted(one.name for one in tmp_path.iterdir()) == ["in"]
    np.testing.assert_array_equal(listing.splits, "train")
