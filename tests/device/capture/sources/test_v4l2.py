"""A V4L2 camera is asked for what the settings say, read back, and its pictures taken without detours."""

import os
from pathlib import Path

import cv2
import numpy as np
import pytest

from device.capture.sources import build_source
from device.capture.sources.settings import SourceSettings
from device.capture.sources.v4l2 import Camera
from device.errors import SourceError
from tests.device.capture.sources.films import HEIGHT, WIDTH, level_of, picture
from tests.fakes import FakeClock

NOW_MS = 5_000_000.0


class Device:
    """OpenCV's capture of a camera with some formats, each up to a rate of its own, that gives what it is told."""

    def __init__(self, fps_of=None, sizes=((WIDTH, HEIGHT),)) -> None:
        self.fps_of = fps_of or {"YUYV": 30, "MJPG": 30}
        self.sizes = sizes
        self.properties = {
            cv2.CAP_PROP_FRAME_WIDTH: sizes[0][0],
            cv2.CAP_PROP_FRAME_HEIGHT: sizes[0][1],
            cv2.CAP_PROP_POS_MSEC: NOW_MS - 40.0,
        }
        self.script: list = []
        self.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*next(iter(self.fps_of))))
        self.set(cv2.CAP_PROP_FPS, 30)

    @property
    def format(self) -> str:
        return int(self.properties[cv2.CAP_PROP_FOURCC]).to_bytes(4, "little").decode()

    def isOpened(self):  # noqa: N802 - OpenCV's name
        return True

    def set(self, name, value):
        if name == cv2.CAP_PROP_FOURCC and int(value).to_bytes(4, "little").decode() not in self.fps_of:
            return False
        if name == cv2.CAP_PROP_FRAME_WIDTH and value not in {size[0] for size in self.sizes}:
            return False
        if name == cv2.CAP_PROP_FRAME_HEIGHT and value not in {size[1] for size in self.sizes}:
            return False
        if name == cv2.CAP_PROP_FPS:
            value = min(value, self.fps_of[self.format])
        self.properties[name] = value
        return True

    def get(self, name):
        return self.properties.get(name, 0.0)

    def grab(self):
        return bool(self.script)

    def retrieve(self):
        shown = self.script.pop(0)
        return shown is not None, shown

    def release(self):
        pass


@pytest.fixture
def plug_in(monkeypatch):
    """Lets the camera that is opened next be this one."""

    def plug(device: Device) -> Device:
        monkeypatch.setattr("device.capture.sources.v4l2._require_camera", lambda _: None)
        monkeypatch.setattr("device.capture.sources.v4l2.cv2.VideoCapture", lambda *_: device)
        return device

    return plug


def opened(**wanted) -> Camera:
    camera = Camera(Path("/dev/video0"), FakeClock(), **{"width": WIDTH, "height": HEIGHT} | wanted)
    camera.open()
    return camera


def jpeg(level: int) -> np.ndarray:
    """As V4L2 gives it unconverted: one row of bytes, here with the zeros that some cameras add."""
    return np.concatenate([cv2.imencode(".jpg", picture(level))[1].ravel(), np.zeros(64, np.uint8)])[np.newaxis]


def yuyv(level: int) -> np.ndarray:
    return np.dstack([np.full((HEIGHT, WIDTH), level, np.uint8), np.full((HEIGHT, WIDTH), 128, np.uint8)])


def test_a_camera_that_is_not_there_is_told_with_the_cameras_that_are(tmp_path):
    with pytest.raises(SourceError, match=f"no camera at {tmp_path}/video9") as refused:
        Camera(tmp_path / "video9", FakeClock()).open()
    assert "cameras here:" in refused.value.remedy


def test_a_file_is_no_camera(tmp_path):
    (tmp_path / "video0").touch()
    with pytest.raises(SourceError, match="not a camera but a file"):
        Camera(tmp_path / "video0", FakeClock()).open()


def test_a_device_that_is_no_camera_is_refused():
    source = build_source(SourceSettings(uri="/dev/null"), FakeClock())
    with pytest.raises(SourceError, match="/dev/null is a device but gives no video"):
        source.open()


def test_a_camera_without_permission_says_which_group_has_it(monkeypatch):
    def refuse(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", refuse)
    source = build_source(SourceSettings(uri="/dev/null"), FakeClock())
    with pytest.raises(SourceError, match="no permission for the camera /dev/null") as refused:
        source.open()
    assert "ls -l /dev/null" in refused.value.remedy


def test_a_small_picture_is_asked_for_uncompressed(plug_in):
    device = plug_in(Device())
    opened()
    assert device.format == "YUYV"
    assert device.get(cv2.CAP_PROP_FPS) == 15
    assert device.get(cv2.CAP_PROP_BUFFERSIZE) == 2
    assert device.get(cv2.CAP_PROP_CONVERT_RGB) == 0


def test_a_large_picture_is_asked_for_compressed(plug_in):
    device = plug_in(Device(sizes=((1920, 1080),)))
    opened(width=1920, height=1080, fps=30.0)
    assert device.format == "MJPG"


def test_a_camera_that_is_too_slow_uncompressed_is_asked_for_compressed(plug_in):
    device = plug_in(Device({"YUYV": 5, "MJPG": 30}))
    opened()
    assert (device.format, device.get(cv2.CAP_PROP_FPS)) == ("MJPG", 15)


def test_televisions_rate_is_fast_enough(plug_in):
    device = plug_in(Device({"YUYV": 14.985, "MJPG": 30}))
    opened()
    assert device.format == "YUYV"


@pytest.mark.parametrize("pixel_format", ["MJPG", "YUYV"])
def test_the_format_can_be_chosen(plug_in, pixel_format):
    device = plug_in(Device())
    opened(pixel_format=pixel_format)
    assert device.format == pixel_format


def test_a_camera_that_gives_something_else_says_so_in_one_line_and_once(plug_in, caplog):
    plug_in(Device({"YUYV": 10}, sizes=((320, 240),)))
    with caplog.at_level("INFO"):
        camera = opened(width=640, height=480, pixel_format="MJPG")
        camera.open()
    assert [record.getMessage() for record in caplog.records] == [
        "/dev/video0 gives 320 x 240 at 10 fps as YUYV (asked for 640 x 480 at 15 fps as MJPG)"
    ]


@pytest.mark.parametrize("colour", ["none", "small", "whole"])
@pytest.mark.parametrize(("luma", "grey"), [(16, 0), (0, 0), (126, 128), (235, 255), (255, 255)])
def test_the_luma_of_an_uncompressed_picture_is_spread_over_all_greys(plug_in, luma, grey, colour):
    device = plug_in(Device({"YUYV": 30}))
    camera = opened(colour=colour)
    device.script = [yuyv(luma)]
    frame = camera.read()
    assert (frame.grey == grey).all()
    assert (frame.bgr is not None) == (colour == "whole")
    assert (frame.colours() is not None) == (colour != "none")
    if colour != "none":
        assert frame.colours().shape == (HEIGHT, WIDTH, 3)


@pytest.mark.parametrize("colour", ["none", "small", "whole"])
def test_a_jpeg_is_decoded_as_far_as_it_is_wanted(plug_in, colour):
    device = plug_in(Device({"MJPG": 30}))
    camera = opened(colour=colour)
    device.script = [jpeg(50)]
    frame = camera.read()
    assert (level_of(frame.grey), frame.bgr is not None) == (50, colour == "whole")
    assert (frame.colours() is not None) == (colour != "none")


def test_a_jpeg_that_was_cut_off_is_left_out(plug_in):
    device = plug_in(Device({"MJPG": 30}))
    camera = opened()
    device.script = [jpeg(10), jpeg(20)[:, :400], jpeg(30)]
    frames = [camera.read(), camera.read()]
    assert [(level_of(frame.grey), frame.index) for frame in frames] == [(10, 0), (30, 2)]


def test_a_camera_that_never_writes_the_end_of_a_picture_is_put_up_with(plug_in):
    device = plug_in(Device({"MJPG": 30}))
    camera = opened()
    endless = jpeg(50)[:, : jpeg(50).tobytes().rfind(b"\xff\xd9")]
    device.script = [endless, endless]
    assert [level_of(camera.read().grey) for _ in range(2)] == [50, 50]


def test_what_opencv_converts_itself_is_taken_as_it_is(plug_in):
    device = plug_in(Device({"BA81": 30}))
    camera = opened(colour="whole")
    device.script = [picture(50)]
    frame = camera.read()
    assert (level_of(frame.grey), frame.bgr.shape) == (50, (HEIGHT, WIDTH, 3))
    assert cv2.CAP_PROP_CONVERT_RGB not in device.properties


def test_a_grey_camera_gives_frames_too(plug_in):
    device = plug_in(Device({"GREY": 30}))
    camera = opened(colour="whole")
    device.script = [picture(50)[:, :, 0]]
    frame = camera.read()
    assert (level_of(frame.grey), frame.bgr) == (50, None)


def test_a_frame_carries_the_kernels_time(plug_in, monkeypatch):
    monkeypatch.setattr("device.capture.sources.v4l2.monotonic_ns", lambda: round(NOW_MS * 1e6))
    device = plug_in(Device())
    clock = FakeClock()
    camera = Camera(Path("/dev/video0"), clock, width=WIDTH, height=HEIGHT)
    camera.open()
    device.script = [yuyv(50)]
    assert camera.read().time_s == pytest.approx(clock.monotonic_s() - 0.04)


def test_a_damaged_frame_is_passed_over_and_counted(plug_in):
    device = plug_in(Device())
    camera = opened()
    device.script = [None, None, yuyv(16)]
    frame = camera.read()
    assert (level_of(frame.grey), frame.index) == (0, 2)


def test_a_camera_that_gives_only_damaged_frames_has_failed(plug_in):
    device = plug_in(Device())
    camera = opened()
    device.script = [None] * 100
    with pytest.raises(SourceError, match="gives only damaged pictures"):
        camera.read()


def test_a_camera_that_is_unplugged_has_failed(plug_in):
    plug_in(Device())
    camera = opened()
    with pytest.raises(SourceError, match="gives no more frames"):
        camera.read()
