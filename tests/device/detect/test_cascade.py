from pathlib import Path

import cv2
import numpy as np
import pytest

from device.detect.cascade import HaarCascade, cascade_path
from device.detect.settings import DetectorSettings
from device.errors import UnavailableError
from tests.device.detect.network import needs_cascades
from tests.device.detect.pictures import ONE, TWO, shot

pytestmark = needs_cascades

DEFAULT = "haarcascade_frontalface_default.xml"


@pytest.fixture(scope="module")
def cascade():
    try:
        return HaarCascade(cascade_path(None, DEFAULT, "detector.cascade"))
    except UnavailableError as error:
        pytest.skip(str(error))


def _find(cascade, grey, *, smallest_px=60.0, largest_px=200.0, neighbors=3):
    return cascade.find(grey, smallest_px=smallest_px, largest_px=largest_px, factor=1.1, neighbors=neighbors)


def test_the_smallest_face_that_it_sees_is_as_large_as_its_window(cascade):
    assert cascade.window_px == 24


def test_faces_are_found_where_they_are(cascade):
    grey, boxes = shot(TWO)
    finds = _find(cascade, grey)
    for box in boxes:
        x, y = box.centre
        assert any(abs(f.x + f.side / 2 - x) < 15 and abs(f.y + f.side / 2 - y) < 15 for f in finds)


def test_the_surest_find_comes_first_and_has_at_least_the_neighbors_asked_for(cascade):
    grey, _ = shot(TWO)
    counts = [find.neighbors for find in _find(cascade, grey, neighbors=2)]
    assert len(counts) > 1
    assert counts == sorted(counts, reverse=True)
    assert min(counts) >= 2


def test_faces_outside_the_asked_for_sizes_are_not_found(cascade):
    grey, (box,) = shot(ONE)
    assert _find(cascade, grey, smallest_px=box.w * 0.8, largest_px=box.w * 1.25)
    assert not _find(cascade, grey, smallest_px=24, largest_px=box.w * 0.6)
    assert not _find(cascade, grey, smallest_px=box.w * 1.5, largest_px=480)


@pytest.mark.parametrize("size", [(1, 1), (23, 640), (640, 23)])
def test_a_picture_smaller_than_the_window_has_no_face(cascade, size):
    assert _find(cascade, np.zeros(size, np.uint8), smallest_px=24) == []


def test_a_file_that_is_named_is_the_one_that_is_read(tmp_path):
    path = tmp_path / "own.xml"
    path.touch()
    assert cascade_path(path, DEFAULT, "detector.cascade") == path


def test_a_named_file_may_lie_in_the_users_home(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "own.xml").touch()
    named = DetectorSettings(cascade=Path("~/own.xml")).cascade
    assert cascade_path(named, DEFAULT, "detector.cascade") == tmp_path / "own.xml"


def test_a_file_that_is_missing_is_told_with_the_setting_that_names_it(tmp_path):
    with pytest.raises(UnavailableError, match="no cascade at") as missing:
        cascade_path(tmp_path / "gone.xml", DEFAULT, "detector.second_cascade")
    assert "detector.second_cascade" in missing.value.remedy


@pytest.mark.parametrize("content", ["", "<html></html>", "<?xml version='1.0'?><opencv_storage></opencv_storage>"])
def test_a_file_that_is_no_cascade_is_told_with_what_to_do(tmp_path, content):
    path = tmp_path / "broken.xml"
    path.write_text(content)
    with pytest.raises(UnavailableError, match="not a whole Haar cascade") as damaged:
        HaarCascade(path)
    assert "second_cascade" in damaged.value.remedy


def test_a_cascade_that_was_cut_off_is_refused(tmp_path):
    try:
        whole = cascade_path(None, DEFAULT, "detector.cascade").read_bytes()
    except UnavailableError as error:
        pytest.skip(str(error))
    path = tmp_path / "half.xml"
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(UnavailableError, match="not a whole Haar cascade"):
        HaarCascade(path)


def test_a_machine_without_any_cascade_is_told_which_package_has_it(monkeypatch, tmp_path):
    monkeypatch.setattr("device.detect.cascade._DEBIAN_CASCADES", str(tmp_path))
    monkeypatch.setattr(cv2, "data", None)
    with pytest.raises(UnavailableError, match=r"haarcascade_frontalface_default\.xml is in none of") as missing:
        cascade_path(None, DEFAULT, "detector.cascade")
    assert "opencv-data" in missing.value.remedy


def test_debians_cascades_are_found_where_opencv_brings_none(monkeypatch, tmp_path):
    (tmp_path / DEFAULT).touch()
    monkeypatch.setattr("device.detect.cascade._DEBIAN_CASCADES", str(tmp_path))
    monkeypatch.setattr(cv2, "data", None)
    assert cascade_path(None, DEFAULT, "detector.cascade") == tmp_path / DEFAULT


def test_an_opencv_without_cascades_is_told_with_the_version_that_has_them(monkeypatch, tmp_path):
    monkeypatch.delattr(cv2, "CascadeClassifier")
    with pytest.raises(UnavailableError, match="has no cascade classifier") as missing:
        cascade_path(tmp_path / "any.xml", "any.xml", "detector.cascade")
    assert "<5" in missing.value.remedy
