"""A web camera, and what it answers."""

import threading
from collections.abc import Callable
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import cv2
import pytest

from device.capture.sources.web_camera import WebCamera
from tests.device.capture.sources.films import picture
from tests.fakes import FakeClock


def camera_jpeg(level: int) -> bytes:
    return cv2.imencode(".jpg", picture(level))[1].tobytes()


class WebServer(ThreadingHTTPServer):
    """A camera's; ``answers`` maps a path to a function that writes the answer, ``asked`` notes who asked how."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Page)
        self.answers: dict[str, Callable[[Page], object]] = {}
        self.asked: list[tuple[str, str]] = []
        self.url = f"http://127.0.0.1:{self.server_address[1]}"


class Page(BaseHTTPRequestHandler):
    """One answer of it."""

    server: WebServer
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.server.asked.append((self.path, self.headers.get("Authorization", "")))
        answer = self.server.answers[self.path.partition("?")[0]]
        with suppress(OSError):
            answer(self)

    def give(self, content, kind, status=200, **headers):
        self.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(content))}.items() | headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_):
        pass


@pytest.fixture
def web():
    server = WebServer()
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@contextmanager
def opened(url, **options):
    source = WebCamera(url, FakeClock(), **options)
    source.open()
    try:
        yield source
    finally:
        source.close()
