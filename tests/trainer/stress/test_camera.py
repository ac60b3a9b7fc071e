import numpy as np
import pytest

from device.contract.preprocess import InputSpec
from device.errors import RecordError
from device.records import Box, Face
from tests.device.detect.pictures import NOBODY, ONE, shot
from trainer.stress.camera import Seen, device_finder, look_at, naive_finder
from trainer.stress.scenes import FRAME_SIZE, scene

SPEC = InputSpec(48, 48, crop_margin=0.0)
SEED = 4


def _no_progress(*_):
    return None


def _faces(count):
    return np.stack([np.full((48, 48, 1), 40 + 10 * index, np.uint8) for index in range(count)])


def _places(faces):
    random = np.random.default_rng(SEED)
    return [scene(face[..., 0], random)[1] for face in faces]


class FakeFinder:
    """Finds the boxes that it was given, frame by frame."""

    def __init__(self, *frames):
        self.frames = iter(frames)

    def __call__(self, frame):
        assert frame.shape == FRAME_SIZE
        return next(self.frames)


def test_a_face_that_is_found_is_cropped_as_on_the_device():
    faces = _faces(3)
    finder = FakeFinder(*([Face(place, 5.0)] for place in _places(faces)))
    seen = look_at(faces, SPEC, finder, SEED, _no_progress)
    assert seen.found.all()
    assert seen.crops.shape == (3, 48, 48, 1)
    assert seen.crops.mean(axis=(1, 2, 3)) == pytest.approx([40, 50, 60], abs=1)


def test_a_find_elsewhere_is_a_stranger_and_the_face_is_missed():
    faces = _faces(2)
    first, second = _places(faces)
    away = Box(first.x - first.w, first.y, first.w, first.h)
    finder = FakeFinder([Face(away, 9.0)], [Face(away, 9.0), Face(second, 5.0)])
    seen = look_at(faces, SPEC, finder, SEED, _no_progress)
    assert seen.found.tolist() == [False, True]
    assert (seen.share, seen.strangers, len(seen.crops)) == (0.5, 2, 1)


def test_where_none_is_found_there_are_no_crops():
    seen = look_at(_faces(2), SPEC, FakeFinder([], []), SEED, _no_progress)
    assert (seen.share, seen.strangers, seen.crops.shape) == (0.0, 0, (0, 48, 48, 1))


def test_progress_goes_from_nothing_to_all():
    calls = []
    look_at(_faces(2), SPEC, FakeFinder([], []), SEED, lambda done, total: calls.append((done, total)))
    assert calls == [(0, 2), (1, 2), (2, 2)]


def test_crops_are_as_many_as_faces_found():
    with pytest.raises(RecordError, match="1 faces were found, and there are 2 crops"):
        Seen(np.array([True, False]), np.zeros((2, 48, 48, 1), np.uint8), 0)


@pytest.mark.parametrize("finder", [device_finder, naive_finder])
def test_the_real_finders_see_a_face_and_none_where_none_is(finder):
    pytest.importorskip("cv2.data")
    grey, (true,) = shot(ONE)
    find = finder()
    assert max(true.iou(face.box) for face in find(grey)) > 0.5
    assert list(find(shot(NOBODY)[0])) == []
