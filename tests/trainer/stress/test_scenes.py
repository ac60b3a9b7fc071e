import numpy as np
import pytest

from trainer.stress.scenes import FRAME_SIZE, SCALES, scene


@pytest.fixture
def random():
    return np.random.default_rng(5)


def test_a_face_lies_whole_in_the_frame_where_its_box_says(random):
    face = np.zeros((48, 48), np.uint8)
    face[:, 24:] = 255
    for _ in range(20):
        frame, box = scene(face, random)
        assert frame.shape == FRAME_SIZE
        assert frame.dtype == np.uint8
        left, top, side = int(box.x), int(box.y), int(box.w)
        seen = frame[top : top + side, left : left + side].astype(float)
        assert seen.shape == (side, side)
        assert seen[:, : side // 2 - 5].mean() < 10
        assert seen[:, side // 2 + 5 :].mean() > 245


def test_faces_are_enlarged_by_all_the_scales_and_lie_all_over_the_frame(random):
    boxes = [scene(np.full((48, 48), 128, np.uint8), random)[1] for _ in range(60)]
    scales = [box.w / 48 for box in boxes]
    assert SCALES[0] <= min(scales) < 2.5
    assert 4.5 < max(scales) <= SCALES[1]
    centres = np.array([box.centre for box in boxes])
    assert np.ptp(centres, axis=0) == pytest.approx((500, 340), rel=0.25)


def test_no_two_backgrounds_are_alike(random):
    face = np.zeros((8, 8), np.uint8)
    first, second = (scene(face, random)[0].astype(float) for _ in range(2))
    assert first.std() > 5
    assert np.abs(first - second).mean() > 5
