"""A hostile camera, or film, takes no memory: it is refused in a sentence, by a process that is small.

`test_picture_header` holds that no picture is decoded that claims too much, `test_multipart` and `test_web_camera` that
nothing without an end is taken whole, and that no redirection or playlist leads to another host.
"""

import socket
import struct
import sys
import threading
from contextlib import suppress
from pathlib import Path

import pytest

from tests.attacks.limited import run_limited
from tests.cameras import RtspCamera, require_rtsp_server
from tests.device.capture.sources.matroska import jpeg, matroska
from tests.device.contract.test_picture_header import huge_jpeg

ROOT = Path(__file__).parents[2]
MOST_MB = 150
BEGINNING = b"HTTP/1.1 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=b\r\n\r\n"
PART = b"--b\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n%s\r\n"
DECLARED = 2_000_000_000

READER = """
import sys
from device.capture.sources import build_source
from device.capture.sources.settings import SourceSettings
from device.errors import SourceError
from device.system.clock import SystemClock

source = build_source(SourceSettings(uri=sys.argv[1], open_timeout_s=5.0), SystemClock())
try:
    source.open()
    for _ in range(3):
        source.read()
    print("3 frames")
except SourceError as error:
    print(error)
finally:
    source.close()
"""


def read(uri, record_property):
    """What a reader of ``uri`` says, and the memory that it or its process took, MB."""
    ended = run_limited([sys.executable, "-c", READER, str(uri)], memory_mb=4000, cwd=ROOT)
    record_property("peak_mb", ended.peak_mb)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout, ended.peak_mb


@pytest.fixture
def camera():
    """Answers each connection with what a test gives."""
    servers = []

    def start(answer):
        server = socket.create_server(("127.0.0.1", 0))
        servers.append(server)

        def serve():
            with suppress(OSError):
                while True:
                    connection, _ = server.accept()
                    threading.Thread(target=converse, args=(connection,), daemon=True).start()

        def converse(connection):
            with suppress(OSError), connection:
                answer(connection)

        threading.Thread(target=serve, daemon=True).start()
        return f"127.0.0.1:{server.getsockname()[1]}"

    yield start
    for server in servers:
        server.close()


def pour(connection, beginning, more):
    connection.sendall(beginning)
    while True:
        connection.sendall(more)


def hear(connection):
    """The request's headers."""
    heard = b""
    while b"\r\n\r\n" not in heard:
        heard += connection.recv(4096) or b"\r\n\r\n"
    return heard


@pytest.mark.parametrize(
    ("beginning", "more", "told"),
    [
        (b"--b\r\nContent-Length: %d\r\n\r\n\xff\xd8" % DECLARED, b"x" * 1_000_000, "sends a picture of more than"),
        (b"--b\r\n\r\n\xff\xd8", b"x" * 1_000_000, "sends a picture of more than"),
        (b"", PART % (len(huge_jpeg(30_000, 30_000)), huge_jpeg(30_000, 30_000)), "more than source.max_megapixels"),
    ],
    ids=["a part of 2 GB", "a part without end", "a picture that claims 900 megapixels"],
)
def test_motion_jpeg_cannot_take_the_memory(camera, record_property, beginning, more, told):
    def answer(connection):
        hear(connection)
        pour(connection, BEGINNING + beginning, more)

    said, peak_mb = read(f"http://{camera(answer)}/", record_property)
    assert told in said
    assert peak_mb < MOST_MB


def test_empty_parts_end_nothing(camera, record_property):
    def answer(connection):
        hear(connection)
        pour(connection, BEGINNING, PART % (0, b"") + PART % (len(jpeg(90)), jpeg(90)))

    assert read(f"http://{camera(answer)}/", record_property)[0] == "3 frames\n"


def test_an_rtsp_description_of_2_gb_cannot_take_the_memory(camera, record_property):
    def answer(connection):
        for head in (b"Public: DESCRIBE\r\n", b"Content-Type: application/sdp\r\nContent-Length: %d\r\n" % DECLARED):
            lines = hear(connection).split(b"\r\n")
            number = next((line for line in lines if line.lower().startswith(b"cseq")), b"")
            connection.sendall(b"RTSP/1.0 200 OK\r\n" + number + b"\r\n" + head + b"\r\n")
        pour(connection, b"", b"a=x\r\n" * 200_000)

    said, peak_mb = read(f"rtsp://{camera(answer)}/live", record_property)
    assert "gives no video" in said
    assert peak_mb < MOST_MB


@pytest.fixture
def rtsp():
    """Starts an RTSP camera at an address of this machine."""
    require_rtsp_server()
    cameras = []

    def start(address):
        cameras.append(RtspCamera(address=address))
        cameras[-1].start()
        return cameras[-1].url

    yield start
    for each in cameras:
        each.stop()


@pytest.mark.parametrize("address", ["127.0.0.1", "127.0.0.2"])
def test_an_rtsp_server_leads_to_no_other_host(camera, rtsp, record_property, address):
    elsewhere = rtsp(address)

    def answer(connection):
        while True:
            heard = hear(connection)
            number = next((line for line in heard.split(b"\r\n") if line.lower().startswith(b"cseq")), b"")
            connection.sendall(
                b"RTSP/1.0 302 Found\r\n" + number + b"\r\nLocation: " + elsewhere.encode() + b"\r\n\r\n"
            )

    said, _ = read(f"rtsp://{camera(answer)}/live", record_property)
    if address == "127.0.0.1":
        assert said == "3 frames\n"  # another port of the same host
    else:
        assert "leads to another host, 127.0.0.2" in said


def test_a_film_of_pictures_larger_than_its_header_says_cannot_take_the_memory(tmp_path, record_property):
    pictures = [(100 * number, huge_jpeg(16_000, 16_000)) for number in range(5)]
    (tmp_path / "bomb.mkv").write_bytes(matroska(pictures, (64, 48), frame_ms=100))
    said, peak_mb = read(tmp_path / "bomb.mkv", record_property)
    assert "no video that FFmpeg can read" in said
    assert peak_mb < MOST_MB


def test_a_film_whose_header_claims_too_much_is_refused_by_its_size(tmp_path, record_property):
    (tmp_path / "bomb.mkv").write_bytes(matroska([(0, jpeg(90, (8000, 8000)))], (8000, 8000), frame_ms=100))
    said, peak_mb = read(tmp_path / "bomb.mkv", record_property)
    assert "gives pictures of 8000 x 8000 pixels, more than source.max_megapixels" in said
    assert peak_mb < MOST_MB


def test_a_bmp_of_a_few_bytes_among_the_pictures_of_a_folder_is_left_out(tmp_path, record_property):
    (tmp_path / "a.bmp").write_bytes(b"BM" + bytes(12) + struct.pack("<IiiHH", 40, 30_000, 30_000, 1, 24) + bytes(200))
    (tmp_path / "b.jpg").write_bytes(jpeg(90))
    said, peak_mb = read(tmp_path, record_property)
    assert said == "3 frames\n"  # of which the second is already the end
    assert peak_mb < MOST_MB
