"""Whatever a camera on the network sends, or stands in a picture's file, is a picture or a fault of the source."""

import io
import socket
import subprocess
import sys
import threading
from contextlib import closing, suppress
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import strategies as st

from device.capture.sources.jpeg import JpegDecoder
from device.capture.sources.multipart import Parts
from tests.brokers import LOOPBACK
from tests.fuzz.fuzzing import hammer, mutated, outcome_of, seeds

ROOT = Path(__file__).parents[2]


def _jpeg(**how: int) -> bytes:
    picture = np.random.default_rng(1).integers(0, 255, (48, 64, 3), np.uint8)
    options = [part for name, value in how.items() for part in (getattr(cv2, name), value)]
    return bytes(cv2.imencode(".jpg", picture, options)[1])


JPEGS = (_jpeg(), _jpeg(IMWRITE_JPEG_PROGRESSIVE=1), _jpeg(IMWRITE_JPEG_QUALITY=5))
PART = b"--cut\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n%b\r\n"
HEAD = b"HTTP/1.0 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=cut\r\n\r\n"
BODY = b"".join(PART % (len(jpeg), jpeg) for jpeg in (JPEGS[0], JPEGS[2]) * 2)
ODD_BODY = b"\r\n--cut\n\n" + JPEGS[2] + b"\r\n--cut\r\ncontent-length: 0\r\n\r\n\r\n--cut--\r\n"
STREAM = HEAD + BODY
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


class Reader:
    """A process that opens what it is told to, started anew when it was lost."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None

    def read(self, uri: str) -> str:
        if self._process is None:
            command = [sys.executable, "-m", "tests.fuzz.stream_reader"]
            self._process = subprocess.Popen(
                command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
            )
        print(uri, file=self._process.stdin, flush=True)
        answer = self._process.stdout.readline()
        if not answer:
            code = self._process.wait()
            self._process = None
            pytest.fail(f"the process was lost, exit code {code}")
        return answer

    def close(self) -> None:
        if self._process:
            self._process.kill()
            self._process.wait()


def check_jpeg(data: bytes) -> str:
    decoders = [JpegDecoder(name="camera", colour=colour, max_pixels=10_000_000) for colour in (False, True)]
    return outcome_of(lambda: [decoder.decode(data) for decoder in decoders])


def check_stream(data: bytes, server: Server, reader: Reader) -> str:
    server.answer = data
    answer = reader.read(server.url)
    assert not answer.startswith("FAULT"), answer
    return answer.split()[0]


def check_parts(data: bytes) -> str:
    decoder = JpegDecoder(name="camera", colour=False, max_pixels=10_000_000)

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
    with closing(Server()) as server, closing(Reader()) as reader:
        check_stream(data, server, reader)


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
    with closing(Server()) as server, closing(Reader()) as reader:
        outcomes = hammer("streams", mutated(STREAM, ONE), lambda data: check_stream(data, server, reader))
    assert outcomes["frames"] > 0
