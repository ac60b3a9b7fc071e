import os
import socket
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import cast

import cv2
import pytest

from device.capture import build_capture
from device.clock import SystemClock
from device.errors import SourceError
from device.sources import build_source
from device.sources.opencv import Camera, Stream
from device.sources.settings import SourceSettings
from tests.device.sources.films import FPS, level_of, picture
from tests.fakes import FakeClock


class Motion(BaseHTTPRequestHandler):
    """A camera's web page of the MJPEG kind: ten pictures, then the server hangs up."""

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
        self.end_headers()
        for number in range(10):
            jpeg = cv2.imencode(".jpg", picture(10 * number))[1].tobytes()
            self.wfile.write(b"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n" % len(jpeg))
            self.wfile.write(jpeg + b"\r\n")
            threading.Event().wait(1 / FPS)

    def log_message(self, *_):
        pass


def until(condition) -> None:
    """Wait for another thread to make ``condition`` true."""
    deadline = time.monotonic() + 30.0
    while not condition():
        assert time.monotonic() < deadline, "the other thread did not get there"
        time.sleep(0.002)


@contextmanager
def motion_server(port=0):
    server = ThreadingHTTPServer(("127.0.0.1", port), Motion)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def listener():
    """A server that takes connections and hangs up at once."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve():
            while True:
                try:
                    server.accept()[0].close()
                except OSError:
                    return

        thread = threading.Thread(target=serve)
        thread.start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)
        thread.join()


def test_an_http_stream_gives_frames_stamped_when_they_came_and_its_end_is_an_error():
    with motion_server() as port:
        clock = FakeClock()
        source = Stream(f"http://user:hunter2@127.0.0.1:{port}/video", clock)
        assert source.live
        source.open()
        first = source.read()
        clock.time_s += 5.0
        second = source.read()
        with pytest.raises(SourceError, match="gives no more frames") as ended:
            list(iter(source.read, None))
        source.close()
    assert [level_of(frame.grey) for frame in (first, second)] == [0, 10]
    assert (first.index, second.index) == (0, 1)
    assert second.time_s - first.time_s == 5.0
    assert "hunter2" not in str(ended.value)


def test_a_stream_that_ends_is_lost_and_comes_back_when_its_server_does():
    clock = SystemClock()
    with motion_server() as port:
        settings = SourceSettings(uri=f"http://127.0.0.1:{port}/", reopen_delay_s=0.05, reopen_delay_max_s=0.05)
        capture = build_capture(build_source(settings, clock), settings, clock)
        capture.start()
        assert capture.next(10.0) is not None
    try:
        until(lambda: capture.state == "lost")
        capture.next(0.0)
        with motion_server(port):
            until(lambda: capture.next(0.1) is not None)
    finally:
        capture.close()


def test_a_stream_whose_server_is_off_is_told_from_one_that_gives_no_video():
    with socket.create_server(("127.0.0.1", 0)) as reserved:
        port = reserved.getsockname()[1]
    with pytest.raises(
        SourceError, match=f"nothing answers at rtsp://127.0.0.1:{port}/live: Connection refused"
    ) as off:
        Stream(f"rtsp://user:hunter2@127.0.0.1:{port}/live", FakeClock()).open()
    with listener() as port, pytest.raises(SourceError, match=r"a server answers .* but gives no video") as wrong:
        Stream(f"http://user:hunter2@127.0.0.1:{port}/live", FakeClock()).open()
    assert "hunter2" not in f"{off.value} {wrong.value}"


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
    assert "group video" in refused.value.remedy


class ScriptedCapture:
    """OpenCV's capture, with a script of (grabbed, decoded picture or None)."""

    def __init__(self, *script):
        self.script = list(script)

    def grab(self):
        return bool(self.script)

    def retrieve(self):
        shown = self.script.pop(0)
        return shown is not None, shown

    def release(self):
        pass


def opened(*script):
    camera = Camera(Path("/dev/video0"), FakeClock())
    camera._capture = cast("cv2.VideoCapture", ScriptedCapture(*script))
    return camera


def test_a_damaged_frame_of_a_camera_is_passed_over_and_counted():
    frame = opened(None, None, picture(50)).read()
    assert (level_of(frame.grey), frame.index) == (50, 2)


def test_a_camera_that_gives_only_damaged_frames_has_failed():
    with pytest.raises(SourceError, match="gives no more frames"):
        opened(*[None] * 100).read()


def test_a_grey_camera_gives_frames_too():
    frame = opened(picture(50)[:, :, 0]).read()
    assert (level_of(frame.grey), frame.bgr) == (50, None)
