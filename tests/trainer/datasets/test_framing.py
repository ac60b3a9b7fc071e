import cv2
import numpy as np
import pytest

from device.contract.preprocess import InputSpec
from device.errors import DataError, UnavailableError
from tests.trainer.datasets.drawn import draw
from trainer.datasets import framing
from trainer.datasets.forms import list_faces
from trainer.datasets.framing import NO_FACE, FaceFinder, crop_boxes, say_how_faces_lie
from trainer.datasets.load import load
from trainer.datasets.pictures import read_grey
from trainer.datasets.settings import DataSettings


@pytest.fixture
def detector(monkeypatch):
    """Finds the brightest square of each picture, as if it were a face."""
    from device.records import Box, Face

    class Detector:
        def __init__(self, _):
            pass

        def detect(self, grey):
            rows, columns = np.nonzero(grey > 200)
            if not len(rows):
                return []
            size = (columns.max() - columns.min() + 1, rows.max() - rows.min() + 1)
            return [Face(Box(float(columns.min()), float(rows.min()), float(size[0]), float(size[1])), 1.0)]

    monkeypatch.setattr(framing, "HaarDetector", Detector)


def _photograph(path, *, face_px, width=200, height=200):
    path.parent.mkdir(parents=True, exist_ok=True)
    picture = np.full((height, width), 40, np.uint8)
    top, left = (height - face_px) // 2, (width - face_px) // 2
    picture[top : top + face_px, left : left + face_px] = 255
    assert cv2.imwrite(str(path), picture)
    return path


def _said(paths):
    sizes = np.array([cv2.imread(str(path), 0).shape for path in paths])
    return list(say_how_faces_lie(sizes, tuple(paths), read_grey))


@pytest.mark.usefixtures("detector")
def test_photographs_are_distinguished_from_crops_by_how_much_of_them_the_face_fills(tmp_path):
    portraits = [_photograph(tmp_path / f"p{n}.png", face_px=70) for n in range(8)]
    crops = [_photograph(tmp_path / f"c{n}.png", face_px=190) for n in range(8)]
    (note,) = _said(portraits)
    assert "of 8 pictures looked at, 8 hold a face that fills 35% of the picture's side" in note
    assert "--find-faces" in note
    assert _said(crops) == []


def test_pictures_that_are_not_square_are_reported(tmp_path):
    (note,) = _said([_photograph(tmp_path / f"{n}.png", face_px=20, width=70, height=48) for n in range(5)])
    assert "100% of the pictures are not square" in note


@pytest.mark.usefixtures("detector")
def test_faces_are_found_and_cropped_on_request_and_pictures_without_one_counted(tmp_path):
    for name in ("happy", "sad"):
        for number in range(10):
            _photograph(tmp_path / name / f"{number}.png", face_px=60 + number)
    _photograph(tmp_path / "sad" / "empty.png", face_px=0)
    settings = DataSettings(labels=("happy", "sad"), find_faces=True)
    data = load(tmp_path, settings, spec=InputSpec(crop_margin=0.0), purpose="judge")
    assert data.test.images.min() > 200  # nothing of the surroundings
    assert any("left out for want of a face that is found: 1 of 21 pictures" in note for note in data.notes)
    assert data.skipped == (f"sad/empty.png: {NO_FACE}",)


def test_the_boxes_of_a_csv_are_cropped_and_no_groups_of_people(tmp_path):
    picture = np.zeros((100, 200), np.uint8)
    picture[20:60, 10:50], picture[20:60, 110:150] = 100, 200
    cv2.imwrite(str(tmp_path / "0.png"), picture)
    (tmp_path / "list.csv").write_text("path,label,x1,y1,x2,y2\n0.png,happy,10,20,50,60\n0.png,sad,110,20,150,60\n")
    listing = list_faces(tmp_path / "list.csv")
    assert (listing.groups, listing.names) == ({}, ("0.png", "0.png#2"))
    settings = DataSettings(labels=("happy", "sad"))
    data = load(tmp_path / "list.csv", settings, spec=InputSpec(crop_margin=0.0), purpose="judge")
    assert [set(np.unique(face)) for face in data.test.images] == [{100}, {200}]


def test_a_box_that_is_none_is_refused_with_its_line(tmp_path):
    draw(tmp_path / "0.png")
    (tmp_path / "list.csv").write_text("path,label,x,y,w,h\n0.png,happy,1,2,0,9\n")
    with pytest.raises(DataError, match=r"list.csv:2: x, y, w, h is 1, 2, 0, 9, expected a face's box"):
        list_faces(tmp_path / "list.csv")


def test_a_box_beyond_its_picture_is_a_reason():
    crop = crop_boxes(np.array([[300.0, 10.0, 20.0, 20.0]]), InputSpec())
    assert crop(np.zeros((100, 200), np.uint8), 0) == "has a box outside its 200 x 100 pixels"


def test_the_real_detector_is_asked_in_every_thread():
    try:
        faces, seen, scale = FaceFinder().find(np.zeros((3000, 4000), np.uint8))
    except UnavailableError as error:
        pytest.skip(str(error))
    assert (faces, max(seen.shape), round(4000 * scale)) == ([], 1920, 1920)
