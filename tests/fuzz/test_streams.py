"""Whatever a camera on the network sends, or stands in a picture's file, is a picture or a fault of the source."""

import io
import socket
import threading
from contextlib import closing, suppress
from itertools import islice

import cv2
import numpy as np
import pytest
from hypothesis import strategies as st

from device.capture.sources.colours import Colour
from device.capture.sources.jpeg import JpegDecoder
from device.capture.sources.multipart import Parts
from device.capture.sources.web_camera import WebCamera
from device.system.clock import SystemClock
from tests.brokers import LOOPBACK
from tests.fuzz.fuzzing import hammer, mutated, outcome_of, seeds


def _jpeg(**how: int) -> bytes:
    picture = np.random.default_rng(1).integers(0, 255, (48, 64, 3), np.uint8)
    options = [part for name, value in how.items() for part in (getattr(cv2, name), value)]
    return bytes(cv2.imencode(".jpg", picture, options)[1])


JPEGS = (_jpeg(), _jpeg(IMWRITE_JPEG_PROGRESSIVE=1), _jpeg(IMWRITE_JPEG_QUALITY=5))
PART = b"--cut\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n%b\r\n"
HEAD = b"HTTP/1.0 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=cut\r\n\r\n"
BODY = b"".join(PART % (len(jpeg), jpeg) for jpeg in (JPEGS[0], JPEGS[2]) * 2)
ODD_BODY = b"\r\n--cut\n\n" + JPEGS[2] + b"\r\n--cut\r\ncontent-length: 0\r\n\r\n\r\n--cut--\r\n"
STREAM = HEAD + BODY * 4
CHUNKED = HEAD.replace(b"1.0 200 OK\r\n", b"1.1 200 OK\r\nTransfer-Encoding: chunked\r\n") + b"".join(
    b"%x\r\n%b\r\n" % (len(part), part) for part in (BODY[:100], BODY[100:], *[BODY] * 3, b"")
)
_MOST_FRAMES = 10
ONE = b"HTTP/1.0 200 OK\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n%b" % (len(JPEGS[2]), JPEGS[2])


class Server:
    """Gives every caller the same bytes, and hangs up."""

    def __init__(self) -> None:
        self.answer = b""
        self._socket = socket.create_server((LOOPBACK, 0))
        self.url = f"http://{LOOPBACK}:{self._socket.getsockname()[1]}/stream"
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def _serve(self) -> None:
        while True:
            try:
                near, _ = self._socket.accept()
            except OSError:
                return
            with near, suppress(OSError):
                near.settimeout(5)
                near.recv(4096)
                near.sendall(self.answer)


def check_jpeg(data: bytes) -> str:
    colours: tuple[Colour, ...] = ("none", "small", "whole")
    decoders = [JpegDecoder(name="camera", colour=colour, max_pixels=10_000_000) for colour in colours]

    def use() -> None:
        for parts in filter(None, [decoder.decode(data) for decoder in decoders]):
            parts.get("small_bgr", int)()

    return outcome_of(use)


def check_stream(data: bytes, server: Server) -> str:
    server.answer = data
    camera = WebCamera(server.url, SystemClock(), fps=240.0, open_timeout_s=2.0, read_timeout_s=1.0)

    def use() -> None:
        with closing(camera):
            camera.open()
            for _ in range(_MOST_FRAMES):
                camera.read()

    return outcome_of(use)


def check_parts(data: bytes) -> str:
    decoder = JpegDecoder(name="camera", colour="none", max_pixels=10_000_000)

    def use() -> None:
        for part in islice(Parts("camera", io.BytesIO(data), "cut", 1_000_000), 100):
            decoder.decode(part)

    return outcome_of(use)


@pytest.mark.parametrize("data", seeds("parts"))
def test_a_multipart_stream_that_once_failed_is_dealt_with(data):
    check_parts(data)


@pytest.mark.parametrize("data", seeds("jpegs"))
def test_a_jpeg_that_once_failed_is_dealt_with(data):
    check_jpeg(data)


@pytest.mark.parametrize("data", seeds("streams"))
def test_a_stream_that_once_failed_is_dealt_with(data):
    with closing(Server()) as server:
        check_stream(data, server)


@pytest.mark.slow
def test_any_jpeg_is_a_picture_or_damaged():
    outcomes = hammer("jpegs", st.one_of(mutated(*JPEGS), st.binary(max_size=200)), check_jpeg)
    assert set(outcomes) <= {"taken", "refused with 69"}


@pytest.mark.slow
def test_any_multipart_stream_is_taken_apart_or_refused():
    outcomes = hammer("parts", mutated(BODY, ODD_BODY), check_parts)
    assert set(outcomes) <= {"taken", "refused with 69"}


@pytest.mark.slow
def test_any_stream_gives_pictures_or_a_fault_of_the_source():
    with closing(Server()) as server:
        outcomes = hammer("streams", mutated(STREAM, CHUNKED, ONE), lambda data: check_stream(data, server))
    assert set(outcomes) == {"taken", "refused with 69"}
