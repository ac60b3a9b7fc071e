import cv2
import numpy as np
import pytest
from pydantic import ValidationError

from device.demo import CLIP_PATH, load_true_boxes
from device.detect import DetectorSettings, HaarDetector
from device.errors import UnavailableError
from device.records import Box
from device.sources.video import VideoFile
from tests.fakes import FakeClock


@pytest.fixture(scope="module")
def detector():
    try:
        return HaarDetector(DetectorSettings())
    except UnavailableError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def clip():
    """Frame and true faces of every 15th frame of the bundled clip, where each face is wholly in view."""
    source = VideoFile(CLIP_PATH, FakeClock())
    source.open()
    frames = list(iter(source.read, None))
    pairs = list(zip(frames, load_true_boxes(), strict=True))[::15]
    return [(frame.grey, true) for frame, true in pairs if true and all(face.visible > 0.95 for face in true)]


def test_the_faces_of_the_clip_are_found_where_they_are_and_nowhere_else(detector, clip):
    missed = false = faces = 0
    for grey, true in clip:
        found = [face.box for face in detector.detect(grey)]
        boxes = [Box(*face.box_xywh) for face in true]
        faces += len(boxes)
        missed += sum(all(box.iou(other) < 0.5 for other in found) for box in boxes)
        false += sum(all(box.iou(other) < 0.2 for other in boxes) for box in found)
    assert faces > 15
    assert missed <= 0.1 * faces
    assert false <= 0.05 * faces


def test_a_face_is_found_at_the_same_place_in_a_picture_twice_as_large(detector, clip):
    grey, true = clip[0]
    large = cv2.resize(grey, None, fx=2, fy=2, interpolation=cv2.INTER_LINEAR)
    box = Box(*(2 * value for value in true[0].box_xywh))
    assert max(face.box.iou(box) for face in detector.detect(large)) > 0.7


def test_a_face_below_the_smallest_size_is_not_found(clip):
    grey, true = clip[0]
    share = true[0].box_xywh[3] / grey.shape[0]
    assert HaarDetector(DetectorSettings(min_face=share * 0.6)).detect(grey)
    assert not HaarDetector(DetectorSettings(min_face=share * 1.6)).detect(grey)


def test_the_surest_face_comes_first(detector, clip):
    scores = [[face.score for face in detector.detect(grey)] for grey, _ in clip]
    assert any(len(of_one) > 1 for of_one in scores)
    assert all(of_one == sorted(of_one, reverse=True) for of_one in scores)


@pytest.mark.parametrize("size", [(480, 640), (1, 1), (10, 2000), (2000, 10), (23, 23)])
def test_a_picture_of_nothing_has_no_face_whatever_its_size(detector, size):
    assert detector.detect(np.full(size, 128, np.uint8)) == []


def test_the_picture_is_left_as_it_was(clip):
    grey = clip[0][0].copy()
    HaarDetector(DetectorSettings(equalise=True, min_face=0.05)).detect(grey)
    assert (grey == clip[0][0]).all()


def test_a_cascade_that_is_missing_or_no_cascade_is_told_with_what_to_do(tmp_path):
    with pytest.raises(UnavailableError, match="no cascade at") as missing:
        HaarDetector(DetectorSettings(cascade=tmp_path / "gone.xml"))
    assert "detector.cascade" in missing.value.remedy
    for number, content in enumerate(["", "<html></html>", "<?xml version='1.0'?><opencv_storage></opencv_storage>"]):
        path = tmp_path / f"{number}.xml"
        path.write_text(content)
        with pytest.raises(UnavailableError, match="not a whole Haar cascade"):
            HaarDetector(DetectorSettings(cascade=path))


def test_a_machine_without_any_cascade_is_told_which_package_has_it(monkeypatch, tmp_path):
    monkeypatch.setattr("device.detect.cascade._DEBIAN_CASCADES", str(tmp_path))
    monkeypatch.setattr(cv2, "data", None)
    with pytest.raises(UnavailableError, match=r"haarcascade_frontalface_default\.xml is in none of") as missing:
        HaarDetector(DetectorSettings())
    assert "opencv-data" in missing.value.remedy


@pytest.mark.parametrize(
    "setting", [{"scale_factor": 1.0}, {"min_face": 0.0}, {"min_neighbors": 0}, {"second_neighbors": -1}, {"speed": 1}]
)
def test_settings_that_cannot_work_are_refused(setting):
    with pytest.raises(ValidationError):
        DetectorSettings.model_validate(setting)
