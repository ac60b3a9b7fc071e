"""Real streams over real connections: what comes out of them, and what becomes of them when their camera goes."""

import shutil
import subprocess
import threading
import time

import pytest

from device.capture.capture import build_capture
from device.capture.sources import build_source
from device.capture.sources.settings import SourceSettings
from device.errors import SourceError
from device.system.clock import SystemClock
from tests.brokers import LOOPBACK, free_port
from tests.cameras import SIZE, MjpegCamera, RtspCamera, require_rtsp_server

pytestmark = pytest.mark.integration

PATIENCE_S = 120.0


def until(condition) -> None:
    deadline_s = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline_s, "it did not come to that"


@pytest.fixture
def mjpeg():
    camera = MjpegCamera()
    camera.start()
    yield camera
    camera.stop()


@pytest.fixture
def rtsp():
    require_rtsp_server()
    camera = RtspCamera()
    camera.start()
    yield camera
    camera.stop()


@pytest.fixture
def watch(request):
    """Starts to capture a URL."""

    def start(url: str, **wanted):
        settings = SourceSettings(uri=url, reopen_delay_s=0.1, reopen_delay_max_s=0.2, **wanted)
        clock = SystemClock()
        capture = build_capture(build_source(settings, clock), settings, clock)
        capture.start()
        request.addfinalizer(capture.close)
        return capture

    return start


def frames(capture, count: int) -> list:
    taken = []

    def enough() -> bool:
        frame = capture.next(0.25)
        if frame is not None:
            taken.append(frame)
        return len(taken) == count

    until(enough)
    return taken


def test_an_rtsp_stream_comes_over_udp_where_that_is_asked_for(rtsp, watch):
    assert len(frames(watch(rtsp.url, rtsp_transport="udp"), 5)) == 5


def test_a_scheme_may_be_written_in_capitals(rtsp, watch):
    assert len(frames(watch(rtsp.url.replace("rtsp://", "RTSP://")), 5)) == 5


@pytest.mark.parametrize("kind", ["mjpeg", "rtsp"])
def test_a_stream_gives_its_frames_at_their_size_and_in_order(request, watch, kind):
    camera = request.getfixturevalue(kind)
    taken = frames(watch(camera.url), 20)
    assert {(frame.width, frame.height) for frame in taken} == {SIZE}
    assert [frame.time_s for frame in taken] == sorted({frame.time_s for frame in taken})
    assert [frame.index for frame in taken] == sorted({frame.index for frame in taken})


@pytest.mark.parametrize("kind", ["mjpeg", "rtsp"])
def test_a_camera_that_goes_is_lost_and_back_when_it_is(request, watch, kind, caplog):
    camera = request.getfixturevalue(kind)
    capture = watch(camera.url)
    frames(capture, 3)
    camera.stop()
    until(lambda: capture.next(0.1) is None and capture.state == "lost")
    camera.start()
    frames(capture, 3)
    assert capture.state == "ok"
    assert "gives no more frames" in caplog.text


@pytest.mark.parametrize("kind", ["mjpeg", "rtsp"])
def test_a_camera_that_falls_silent_without_hanging_up_is_lost(request, watch, kind):
    camera = request.getfixturevalue(kind)
    capture = watch(camera.url, stall_timeout_s=1.0)
    frames(capture, 3)
    if kind == "mjpeg":
        camera.mode = "silent"
    else:
        camera.freeze()
    until(lambda: capture.next(0.1) is None and capture.state == "lost")
    # FFmpeg gives what its decoder has held back when its patience ends: no sign of life.
    assert [capture.next(0.1) for _ in range(30)] == [None] * 30
    if kind == "mjpeg":
        camera.mode = "live"
    else:
        camera.thaw()
    frames(capture, 3)
    assert capture.state == "ok"


def test_a_wrong_path_on_a_real_server_is_told_as_such(rtsp):
    source = build_source(SourceSettings(uri=rtsp.url + "/nowhere"), SystemClock())
    with pytest.raises(SourceError, match=r"a server answers at .*nowhere but gives no video"):
        source.open()


def test_what_ffmpeg_serves_as_motion_jpeg_is_understood(watch):
    if shutil.which("ffmpeg") is None:
        pytest.skip("no ffmpeg here: apt-get install ffmpeg")
    url = f"http://{LOOPBACK}:{free_port()}/"
    picture = "testsrc2=size=160x120:rate=15"
    command = ["ffmpeg", "-v", "error", "-re", "-f", "lavfi", "-i", picture, "-c:v", "mjpeg", "-f", "mpjpeg"]
    server = subprocess.Popen([*command, "-listen", "1", url])
    try:
        captures: list = []

        def started() -> bool:
            try:
                captures.append(watch(url))
            except SourceError:
                threading.Event().wait(0.1)
                return False
            return True

        until(started)
        assert {(frame.width, frame.height) for frame in frames(captures[0], 5)} == {SIZE}
    finally:
        server.kill()
        server.wait()
