import pytest

from device.capture.sources import build_here, build_source
from device.capture.sources.isolated import IsolatedSource
from device.capture.sources.picamera import PiCamera
from device.capture.sources.replay import ImageFolder
from device.capture.sources.settings import SourceSettings
from device.capture.sources.stream import Stream
from device.capture.sources.v4l2 import Camera
from device.capture.sources.video import VideoFile
from device.capture.sources.web_camera import WebCamera
from device.demo import CLIP_PATH
from tests.fakes import FakeClock


@pytest.mark.parametrize(
    ("uri", "kind", "name", "live"),
    [
        ("0", Camera, "/dev/video0", True),
        ("/dev/video7", Camera, "/dev/video7", True),
        ("rtsp://me:secret@camera.lan/live", IsolatedSource, "rtsp://camera.lan/live", True),
        ("https://camera.lan/video", IsolatedSource, "https://camera.lan/video", True),
        ("picamera", PiCamera, "picamera", True),
        ("picamera:1", PiCamera, "picamera:1", True),
        ("film.mp4", IsolatedSource, "film.mp4", False),
        ("demo", VideoFile, "demo", False),
    ],
)
def test_the_uri_says_which_source_it_is(uri, kind, name, live):
    source = build_source(SourceSettings(uri=uri), FakeClock())
    assert isinstance(source, kind)
    assert (source.name, source.live) == (name, live)


@pytest.mark.parametrize(
    ("uri", "kind"),
    [
        ("rtsp://camera.lan/live", Stream),
        ("RTSPS://camera.lan/live", Stream),
        ("http://camera.lan/video", WebCamera),
        ("HTTPS://camera.lan/video", WebCamera),
        ("film.mp4", VideoFile),
    ],
)
def test_what_is_read_in_a_process_of_its_own_is_called_there_as_here(uri, kind):
    inside = build_here(SourceSettings(uri=uri), FakeClock())
    outside = build_source(SourceSettings(uri=uri), FakeClock())
    assert isinstance(inside, kind)
    assert (inside.name, inside.live) == (outside.name, outside.live)


def test_a_folder_is_played_as_pictures(tmp_path):
    source = build_source(SourceSettings(uri=str(tmp_path)), FakeClock())
    assert isinstance(source, ImageFolder)
    assert not source.live


def test_a_path_may_begin_in_the_home_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert build_source(SourceSettings(uri="~/film.mp4"), FakeClock()).name == str(tmp_path / "film.mp4")


def test_the_clip_that_ships_plays():
    source = build_source(SourceSettings(uri="demo"), FakeClock(), colour="whole")
    source.open()
    frame = source.read()
    assert CLIP_PATH.is_file()
    assert frame.bgr.shape == (frame.height, frame.width, 3)
    source.close()
