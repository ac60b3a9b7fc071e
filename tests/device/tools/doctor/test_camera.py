"""The doctor tries the camera for one frame, and leaves alone what is in use or private."""

import socket
import time
from contextlib import closing

import pytest

from device.capture.privacy_switch import PauseSwitch
from device.tools.doctor.camera import examine_camera
from tests.brokers import LOOPBACK
from tests.device.capture.sources.matroska import jpeg, matroska


@pytest.mark.parametrize(
    ("uri", "remedy"),
    [
        ("http://127.0.0.1:9/x", "see that it is on"),
        ("picamera", "see that its cable sits"),
        ("0", "unplug it"),
        ("/dev/video3", "unplug it"),
        ("/mnt/share/film.mkv", "copy it"),
    ],
)
def test_who_does_not_answer_is_helped_by_what_it_is(configure, monkeypatch, uri, remedy):
    class Deaf:
        name = uri

        def open(self):
            time.sleep(0.2)

        def read(self):
            return None

        def close(self):
            pass

    monkeypatch.setattr("device.tools.doctor.camera.build_source", lambda *_: Deaf())
    monkeypatch.setattr("device.tools.doctor.camera._CAMERA_TIMEOUT_S", 0.01)
    assert remedy in examine_camera(configure(f"source: {{uri: '{uri}'}}"), None).message


def test_a_fault_of_ours_while_a_camera_is_tried_is_told_and_not_waited_for(configure, monkeypatch):
    class Odd:
        name = "odd"

        def open(self):
            raise KeyError("x")

        def close(self):
            pass

    monkeypatch.setattr("device.tools.doctor.camera.build_source", lambda *_: Odd())
    finding = examine_camera(configure("source: {uri: demo}"), None)
    assert finding.message == "it cannot be tried: KeyError: 'x'"


def test_a_camera_that_gives_frames_is_well(configure):
    finding = examine_camera(configure("source: {uri: demo}\n"), None)
    assert finding.grade == "ok"
    assert "640 x 480" in finding.message


@pytest.mark.parametrize("uri", ["/dev/video99", "/nowhere/clip.mkv"])
def test_a_camera_that_is_not_there_is_wrong(configure, uri):
    finding = examine_camera(configure(f"source: {{uri: {uri}}}\n"), None)
    assert finding.grade == "wrong"
    assert uri in finding.message
    assert finding.command.startswith("ls ")


def test_a_pis_camera_that_is_not_there_is_looked_for_with_libcameras_own_tool(configure):
    finding = examine_camera(configure("source: {uri: picamera}\n"), None)
    assert (finding.grade, finding.command) == ("wrong", "rpicam-hello --list-cameras")


def test_a_camera_that_is_in_use_by_the_daemon_is_not_touched(configure):
    finding = examine_camera(configure("source: {uri: /dev/video99}\n"), "ok")
    assert finding.grade == "ok"
    assert "in use by the daemon" in finding.message


def test_a_camera_that_the_privacy_switch_has_closed_is_not_opened(configure):
    config = configure("source: {uri: /dev/video99}\n")
    PauseSwitch(config.device.resolved_state_dir, config.device.resolved_runtime_dir).turn(paused=True)
    finding = examine_camera(config, None)
    assert finding.grade == "ok"
    assert "closed by the privacy switch" in finding.message


def test_a_camera_that_the_daemon_says_is_paused_is_not_opened(configure):
    finding = examine_camera(configure("source: {uri: /dev/video99}\n"), "paused")
    assert finding.grade == "ok"
    assert "closed by the privacy switch" in finding.message


def test_a_stream_that_says_nothing_is_wrong_and_its_password_stays_hidden(configure):
    with closing(socket.create_server((LOOPBACK, 0))) as server:
        port = server.getsockname()[1]
        config = configure(
            f"source: {{uri: 'http://me:hunter2@{LOOPBACK}:{port}/x', open_timeout_s: 1.0, stall_timeout_s: 1.0}}\n"
        )
        finding = examine_camera(config, None)
    assert finding.grade == "wrong"
    assert "hunter2" not in f"{finding.message} {finding.command}"


def test_a_picture_that_is_squeezed_is_told_with_the_key_that_mends_it(configure, tmp_path):
    path = tmp_path / "film.mkv"
    path.write_bytes(matroska([(0, jpeg(50, (704, 288)))], (704, 288), frame_ms=100))
    finding = examine_camera(configure(f"source: {{uri: {path}}}\n"), None)
    assert finding.grade == "warning"
    assert "gives frames of 704 x 288 pixels, which analogue recorders store" in finding.message
    assert "set source.aspect" in finding.message
    mended = examine_camera(configure(f"source: {{uri: {path}, aspect: '16:9'}}\n"), None)
    assert (mended.grade, mended.message) == ("ok", f"{path} gives frames of 704 x 396 pixels")
