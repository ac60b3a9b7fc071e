"""A stream of pictures over HTTP, as Motion gives it."""

import socket
import threading
import time
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from device.capture.capture import build_capture
from device.capture.sources import build_source
from device.capture.sources.settings import SourceSettings
from device.capture.sources.web_camera import WebCamera
from device.errors import SourceError
from device.system.clock import SystemClock
from tests.device.capture.sources.films import FPS, level_of
from tests.device.capture.sources.web import camera_jpeg
from tests.fakes import FakeClock


class Motion(BaseHTTPRequestHandler):
    """A camera's web page of the MJPEG kind: ten pictures, then the server hangs up."""

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
        self.end_headers()
        for number in range(10):
            jpeg = self.spoil(camera_jpeg(10 * number), number)
            with suppress(OSError):  # whoever reads has gone
                self.wfile.write(b"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n" % len(jpeg))
                self.wfile.write(jpeg + b"\r\n")
            threading.Event().wait(1 / FPS)

    @staticmethod
    def spoil(jpeg: bytes, _: int) -> bytes:
        return jpeg

    def log_message(self, *_):
        pass


class Truncating(Motion):
    """Cuts every other picture off in its middle."""

    @staticmethod
    def spoil(jpeg: bytes, number: int) -> bytes:
        return jpeg[: len(jpeg) * 3 // 4] if number % 2 else jpeg


def until(condition) -> None:
    """Wait for another thread to make ``condition`` true."""
    deadline = time.monotonic() + 30.0
    while not condition():
        assert time.monotonic() < deadline, "the other thread did not get there"
        time.sleep(0.002)


@contextmanager
def motion_server(port=0, handler=Motion):
    server = ThreadingHTTPServer(("127.0.0.1", port), handler)
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

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)
        thread.join()


def test_an_http_stream_gives_frames_stamped_when_they_came_and_its_end_is_an_error():
    with motion_server() as port:
        clock = FakeClock()
        source = WebCamera(f"http://user:hunter2@127.0.0.1:{port}/video", clock)
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


def test_a_server_that_is_off_is_told_from_one_that_does_not_speak_http():
    with socket.create_server(("127.0.0.1", 0)) as reserved:
        port = reserved.getsockname()[1]
    with pytest.raises(
        SourceError, match=f"nothing answers at http://127.0.0.1:{port}/live: Connection refused"
    ) as off:
        WebCamera(f"http://user:hunter2@127.0.0.1:{port}/live", FakeClock()).open()
    with listener() as port, pytest.raises(SourceError, match=r"(it hangs up|reset by peer)") as wrong:
        WebCamera(f"http://user:hunter2@127.0.0.1:{port}/live", FakeClock()).open()
    assert "hunter2" not in f"{off.value} {wrong.value}"


def test_a_picture_that_was_cut_off_is_left_out_and_counted():
    with motion_server(handler=Truncating) as port:
        source = WebCamera(f"http://127.0.0.1:{port}/", FakeClock())
        source.open()
        frames = [source.read() for _ in range(3)]
        source.close()
    assert [level_of(frame.grey) for frame in frames] == [0, 20, 40]
    assert [frame.index for frame in frames] == [0, 2, 4]


def test_colours_come_along_where_they_are_wanted():
    with motion_server() as port:
        source = WebCamera(f"http://127.0.0.1:{port}/", FakeClock(), colour="whole")
        source.open()
        frame = source.read()
        source.close()
    assert frame.bgr.shape == (frame.height, frame.width, 3)
