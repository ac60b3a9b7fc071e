"""The real Picamera2 under our adapter: the pictures that the camera shows, its silence, and its being closed."""

from itertools import pairwise

import cv2
import numpy as np
import pytest

pytestmark = pytest.mark.slow

WIDTH, HEIGHT = 640, 480
PADDING = 64


@pytest.fixture(scope="module")
def camera(plug_in, clip):
    return plug_in(clip[15:25])


@pytest.fixture(scope="module")
def padded_camera(plug_in, clip):
    """Its rows end in stripes that are no part of the picture."""
    stripes = np.zeros((HEIGHT, PADDING, 3), np.uint8)
    stripes[:, ::2] = 255
    return plug_in([np.hstack([picture, stripes]) for picture in clip[15:25]], padding=PADDING)


def shown(camera, flag):
    """What the camera shows, as OpenCV decodes it."""
    return [cv2.imread(str(path), flag)[:, :WIDTH] for path in sorted((camera.folder / "pictures").iterdir())]


def distances(frames, pictures):
    """Mean absolute difference of each frame from each picture, grey levels: (frames, pictures)."""
    return np.array([[np.abs(frame.astype(int) - picture).mean() for picture in pictures] for frame in frames])


def taken(camera, what="grey"):
    return np.load(camera.folder / f"{what}.npy")


def test_size_format_and_stride_are_read_back_and_not_taken_as_asked(camera):
    seen = camera.play("pictures")
    # Asked for is YUV420, but this camera has NV12 alone.
    assert seen["streams"] == {"main": {"format": "NV12", "size": [WIDTH, HEIGHT], "stride": WIDTH}}
    other = camera.play("pictures", source={"width": 320, "height": 240})
    assert other["streams"] == seen["streams"]
    assert taken(camera).shape[1:] == (HEIGHT, WIDTH)


def test_the_grey_is_the_picture_that_the_camera_shows(camera):
    camera.play("pictures")
    each = distances(taken(camera), shown(camera, cv2.IMREAD_GRAYSCALE))
    print(f"grey: at most {each.min(axis=1).max():.3f} levels from its picture, {np.median(each):.1f} from any")
    assert each.min(axis=1).max() < 1.0
    steps = [(after - before) % each.shape[1] for before, after in pairwise(each.argmin(axis=1))]
    assert set(steps) == {0, 1}


def test_the_ends_of_padded_rows_are_cut(padded_camera):
    seen = padded_camera.play("pictures")
    assert seen["streams"]["main"] == {"format": "NV12", "size": [WIDTH, HEIGHT], "stride": WIDTH + PADDING}
    assert taken(padded_camera).shape[1:] == (HEIGHT, WIDTH)
    assert distances(taken(padded_camera), shown(padded_camera, cv2.IMREAD_GRAYSCALE)).min(axis=1).max() < 1.0


@pytest.mark.parametrize("which", ["camera", "padded_camera"])
def test_the_colours_are_those_of_the_picture(which, request):
    camera = request.getfixturevalue(which)
    seen = camera.play("colour_pictures")
    assert set(seen["streams"]) == {"main", "lores"}
    assert taken(camera, "bgr").shape == (*taken(camera).shape, 3)
    each = distances(taken(camera, "bgr"), shown(camera, cv2.IMREAD_COLOR))
    print(f"colours: at most {each.min(axis=1).max():.3f} levels from its picture, {np.median(each):.1f} from any")
    assert each.min(axis=1).max() < 12.0


@pytest.mark.parametrize("which", ["camera", "padded_camera"])
def test_small_colours_are_those_of_the_picture_and_ask_for_no_second_stream(which, request):
    camera = request.getfixturevalue(which)
    seen = camera.play("small_colour_pictures")
    assert set(seen["streams"]) == {"main"}
    small = taken(camera, "bgr")
    size = small.shape[2], small.shape[1]
    pictures = [cv2.resize(picture, size, interpolation=cv2.INTER_AREA) for picture in shown(camera, cv2.IMREAD_COLOR)]
    each = distances(small, pictures)
    print(
        f"small colours: at most {each.min(axis=1).max():.3f} levels from its picture, {np.median(each):.1f} from any"
    )
    assert each.min(axis=1).max() < 16.0


def test_frames_carry_the_sensor_s_time_in_order(camera):
    seen = camera.play("pictures")
    assert all(before < after for before, after in pairwise(seen["times_s"]))
    assert seen["indices"] == list(range(30))
    # With four buffers the camera is some frames ahead, so that a frame's time is before its arrival.
    assert 0.02 < np.median(seen["ages_s"]) < 1.0


def test_a_silent_camera_is_given_up_after_the_time_set_and_gives_frames_when_opened_again(camera):
    seen = camera.play("silence", source={"stall_timeout_s": 1.5})
    print(f"silence: told after {seen['waited_s']:.2f} s: {seen['told']}")
    assert 1.4 < seen["waited_s"] < 4.0
    assert "no frame for 1.5 s" in seen["told"]
    assert len(seen["again"]) == 5


def test_opened_and_closed_twenty_times_it_leaves_nothing_open(camera):
    rounds = camera.play("reopening")["rounds"]
    opened, closed = ([each[key] for each in rounds] for key in ("opened_s", "closed_s"))
    print(f"opening takes {np.median(opened):.2f} s, closing {np.median(closed):.2f} s")
    print(
        f"resident after round 2 {rounds[1]['resident_mb']:.1f} MB, after {len(rounds)} {rounds[-1]['resident_mb']:.1f}"
    )
    # The first round loads libcamera.
    assert {each["descriptors"] for each in rounds[1:]} == {rounds[1]["descriptors"]}
    assert {each["threads"] for each in rounds} == {1}
    assert rounds[-1]["resident_mb"] - rounds[1]["resident_mb"] < 2.0
