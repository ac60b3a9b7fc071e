"""Cameras on the network that do as a test tells them: Motion-JPEG over HTTP, and RTSP out of GStreamer."""

import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
import pytest

from tests.brokers import LOOPBACK, free_port

SIZE = (160, 120)
FPS = 15.0

Mode = Literal["live", "black", "frozen", "other size", "silent", "truncated"]

_DEBIANS_PYTHON = "/usr/bin/python3"
_PACKAGES = "gir1.2-gst-rtsp-server-1.0 python3-gi gstreamer1.0-plugins-{base,good,ugly}"
_SERVER = Path(__file__).parent / "rtsp_server.py"


class MjpegCamera:
    """A camera's page of Motion-JPEG, on a port that it keeps; ``mode`` is what it shows from the next picture on.

    Args:
        pictures: what it shows, to and fro, uint8 (height, width); noise when left out.
    """

    def __init__(self, pictures: Sequence[np.ndarray] = ()) -> None:
        self.port = free_port()
        self.mode: Mode = "live"
        self._server: ThreadingHTTPServer | None = None
        self._clients: set[socket.socket] = set()
        shown = [*(pictures or [_noise(number) for number in range(8)])]
        width, height = shown[0].shape[1] // 2, shown[0].shape[0] // 2
        to_and_fro = shown + shown[-2:0:-1]
        self._jpegs = [_jpeg(picture) for picture in to_and_fro]
        self._smaller_jpegs = [_jpeg(cv2.resize(picture, (width, height))) for picture in to_and_fro]
        self._black = _jpeg(np.zeros_like(shown[0]))

    @property
    def url(self) -> str:
        return f"http://{LOOPBACK}:{self.port}/video"

    def start(self) -> None:
        camera = self

        class Page(BaseHTTPRequestHandler):
            def do_GET(self):
                camera._serve(self)

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer((LOOPBACK, self.port), Page)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def stop(self) -> None:
        """Be gone: nobody is answered, and whoever was is cut off."""
        server, self._server = self._server, None
        if server is None:
            return
        server.shutdown()
        server.server_close()
        for client in list(self._clients):
            with suppress(OSError):
                client.shutdown(socket.SHUT_RDWR)

    def _serve(self, page: BaseHTTPRequestHandler) -> None:
        server = self._server
        self._clients.add(page.connection)
        try:
            page.send_response(200)
            page.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
            page.end_headers()
            number = 0
            while self._server is server is not None:
                number += 1
                if self.mode != "silent":
                    jpeg = self._picture(number)
                    page.wfile.write(b"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n" % len(jpeg))
                    page.wfile.write(jpeg + b"\r\n")
                time.sleep(1 / FPS)
        except OSError:
            pass  # whoever watched has gone
        finally:
            self._clients.discard(page.connection)

    def _picture(self, number: int) -> bytes:
        if self.mode == "black":
            return self._black
        pictures = self._smaller_jpegs if self.mode == "other size" else self._jpegs
        jpeg = pictures[0 if self.mode == "frozen" else number % len(pictures)]
        return jpeg[: len(jpeg) // 2] if self.mode == "truncated" else jpeg


class RtspCamera:
    """An RTSP server out of GStreamer as a process of its own, on a port that it keeps. Skips where it is not here."""

    def __init__(self, pattern: str = "snow", address: str = LOOPBACK) -> None:
        self.port = free_port()
        self._pattern = pattern
        self._address = address
        self._process: subprocess.Popen[str] | None = None

    @property
    def url(self) -> str:
        return f"rtsp://{self._address}:{self.port}/live"

    def start(self, pattern: str | None = None) -> None:
        command = [_DEBIANS_PYTHON, str(_SERVER), self._address, str(self.port), pattern or self._pattern]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        if self._process.stdout.readline().strip() != "ready":
            self.stop()
            pytest.skip(f"no RTSP server here: apt-get install {_PACKAGES}")

    def freeze(self) -> None:
        """Fall silent without hanging up."""
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._process.send_signal(signal.SIGCONT)

    def stop(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.communicate()


def require_rtsp_server() -> None:
    """Skip, with what to install, where no RTSP server can be made."""
    question = "import gi; gi.require_version('GstRtspServer', '1.0'); from gi.repository import GstRtspServer"
    there = shutil.which(_DEBIANS_PYTHON) is not None
    if not there or subprocess.run([_DEBIANS_PYTHON, "-c", question], capture_output=True, check=False).returncode:
        pytest.skip(f"no RTSP server here: apt-get install {_PACKAGES}")


def _noise(number: int) -> np.ndarray:
    """What a sensor gives of an even wall; one number, one picture."""
    pixels = np.random.default_rng(number).normal(120, 25, SIZE[::-1])
    return np.clip(pixels, 0, 255).astype(np.uint8)


def _jpeg(picture: np.ndarray) -> bytes:
    return cv2.imencode(".jpg", picture)[1].tobytes()
