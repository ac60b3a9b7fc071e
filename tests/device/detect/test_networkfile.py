"""A network is installed whole and tried, or not at all."""

import hashlib
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import cv2
import pytest

from device.detect import networkfile
from device.detect.build import open_detector
from device.detect.networkfile import (
    INSTALLED_NAME,
    fetch_network,
    install_network,
    network_in_use,
    open_network,
    read_network,
    remove_network,
)
from device.detect.networkprobe import try_network
from device.detect.settings import DetectorSettings
from device.errors import StorageError, UnavailableError
from tests.device.detect.network import NETWORK, needs_cascades, needs_network


@pytest.fixture
def nothing_provided(monkeypatch):
    monkeypatch.setattr(networkfile, "PROVIDED", ())


@pytest.fixture
def damaged(tmp_path):
    path = tmp_path / "damaged.onnx"
    path.write_bytes(b"\x08\x06\x12\x04" + bytes(5000))
    return path


@needs_network
def test_a_known_network_is_installed_to_the_last_byte_and_named(tmp_path):
    content = NETWORK.read_bytes()
    assert install_network(content, "yunet.onnx", tmp_path, trust=False) == "YuNet 2026may"
    assert (tmp_path / INSTALLED_NAME).read_bytes() == content
    assert remove_network(tmp_path)
    assert not remove_network(tmp_path)


@needs_network
def test_one_that_is_not_known_is_installed_only_on_trust(tmp_path):
    other = NETWORK.read_bytes() + b"\x72\x00"  # one more empty field of metadata: the same network, another digest
    with pytest.raises(UnavailableError, match=r"is no network that is known here: 229,740 bytes .*; .* --trust"):
        install_network(other, "other.onnx", tmp_path, trust=False)
    assert list(tmp_path.iterdir()) == []
    told = install_network(other, "other.onnx", tmp_path, trust=True)
    assert hashlib.sha256(other).hexdigest()[:12] in told


def test_a_damaged_one_is_not_installed_even_on_trust(tmp_path, damaged):
    state_dir = tmp_path / "state"
    state_dir.mkdir()
    with pytest.raises(UnavailableError, match=r"damaged\.onnx is not installed: .* is no network that finds faces"):
        install_network(damaged.read_bytes(), "damaged.onnx", state_dir, trust=True)
    assert list(state_dir.iterdir()) == []


@needs_network
def test_a_device_that_has_never_run_says_so(tmp_path):
    with pytest.raises(StorageError, match="make it first"):
        install_network(NETWORK.read_bytes(), "yunet.onnx", tmp_path / "nowhere", trust=False)


@needs_network
def test_a_network_that_does_not_answer_in_time_is_given_up():
    with pytest.raises(UnavailableError, match="does not answer within 0 s"):
        try_network(NETWORK.read_bytes(), "yunet.onnx", timeout_s=0.01)


@pytest.mark.usefixtures("nothing_provided")
def test_a_named_network_goes_before_an_installed_one(tmp_path):
    assert network_in_use(None, tmp_path) is None
    (tmp_path / INSTALLED_NAME).write_bytes(b"")
    assert network_in_use(None, tmp_path) == tmp_path / INSTALLED_NAME
    assert network_in_use(tmp_path / "named.onnx", tmp_path) == tmp_path / "named.onnx"


@needs_cascades
@pytest.mark.usefixtures("nothing_provided")
def test_without_a_network_auto_means_cascades_and_yunet_is_refused(tmp_path):
    assert open_detector(DetectorSettings(), tmp_path).kind == "haar"
    with pytest.raises(UnavailableError, match="no network is installed"):
        open_detector(DetectorSettings(kind="yunet"), tmp_path)


@needs_cascades
def test_with_a_damaged_network_auto_goes_on_with_cascades_and_says_so_in_one_line(damaged, caplog):
    assert open_detector(DetectorSettings(network=damaged), None).kind == "haar"
    (line,) = caplog.messages
    assert line.endswith("; faces are found by Haar cascades")
    assert "\n" not in line
    with pytest.raises(UnavailableError, match="is no network that finds faces here"):
        open_detector(DetectorSettings(kind="yunet", network=damaged), None)


@needs_cascades
@needs_network
def test_a_network_that_takes_too_long_for_a_look_is_refused_and_auto_goes_on_with_cascades(monkeypatch, caplog):
    readings = iter(range(0, 100, 2))
    monkeypatch.setattr("device.detect.build.time.thread_time", lambda: next(readings))
    assert open_detector(DetectorSettings(network=NETWORK), None).kind == "haar"
    assert "takes 2.0 s of CPU for a look, expected below 1 s" in caplog.text


@needs_cascades
@needs_network
def test_with_a_network_auto_takes_it_and_haar_does_not():
    assert open_detector(DetectorSettings(network=NETWORK), None).description == "YuNet 2026may"
    assert open_detector(DetectorSettings(kind="haar", network=NETWORK), None).kind == "haar"


def test_a_missing_file_and_a_folder_are_named(tmp_path):
    with pytest.raises(UnavailableError, match=r"none\.onnx cannot be read"):
        open_network(tmp_path / "none.onnx")
    with pytest.raises(UnavailableError, match="there is a folder"):
        read_network(tmp_path)


def test_what_is_far_too_large_is_not_read(tmp_path, monkeypatch):
    monkeypatch.setattr(networkfile, "LARGEST_BYTES", 100)
    (tmp_path / "large.onnx").write_bytes(bytes(101))
    with pytest.raises(UnavailableError, match="100 bytes are expected at most"):
        read_network(tmp_path / "large.onnx")


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://host/x", "x.onnx"])
def test_only_the_web_is_fetched_from(url):
    with pytest.raises(UnavailableError, match="is no address to fetch from"):
        fetch_network(url)


def test_a_network_is_fetched_and_more_than_is_allowed_is_not(monkeypatch):
    class Answers(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200 if self.path == "/x" else 404)
            self.end_headers()
            self.wfile.write(b"network")

        def log_message(self, *_):
            pass

    with HTTPServer(("127.0.0.1", 0), Answers) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}"
        assert fetch_network(f"{address}/x") == b"network"
        with pytest.raises(UnavailableError, match="cannot be fetched from"):
            fetch_network(f"{address}/y")
        monkeypatch.setattr(networkfile, "LARGEST_BYTES", 3)
        with pytest.raises(UnavailableError, match="gives more than"):
            fetch_network(f"{address}/x")
        server.shutdown()


@pytest.mark.skipif(hasattr(cv2, "CascadeClassifier"), reason="OpenCV 4 has cascades")
def test_where_opencv_has_no_cascades_a_line_says_so_and_what_to_do():
    with pytest.raises(UnavailableError, match=r"has no cascade classifier; .*affectd detector install FILE"):
        open_detector(DetectorSettings(kind="haar"), None)
