"""A camera that another program holds is told from one that is not there."""

import errno
import os

import pytest

from device.errors import SourceError
from device.tools.aim import busy

NO_VIDEO = SourceError("/dev/video0 is a device but gives no video", "set source.uri")
BUSY = SourceError("cannot open the camera /dev/video0: Device or resource busy", "end the program that uses it")


@pytest.fixture
def services(tmp_path, monkeypatch):
    """Puts a systemctl first that knows of these units."""

    def run(*units):
        program = tmp_path / "systemctl"
        lines = "".join(f"echo '{unit}.service loaded active running An emotion sensor'\n" for unit in units)
        program.write_text(f"#!/bin/sh\n{lines}")
        program.chmod(0o700)
        monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)

    return run


def test_a_camera_that_the_service_holds_is_told_with_the_command_that_stops_it(services):
    services("affectd")
    told = busy.explain_busy(BUSY, "/dev/video0")
    assert told.reason == "the camera /dev/video0 is busy: the service affectd is running and holds it"
    assert "`sudo systemctl stop affectd`" in told.remedy


def test_each_running_instance_is_named(services):
    services("affectd@hall", "affectd@porch")
    assert "sudo systemctl stop affectd@hall affectd@porch" in busy.explain_busy(BUSY, "0").remedy


def test_where_no_service_runs_another_program_is_suspected(services):
    services()
    assert "another program holds it" in busy.explain_busy(BUSY, "0").reason


def test_without_systemd_another_program_is_suspected(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    told = busy.explain_busy(BUSY, "0")
    assert "another program holds it" in told.reason
    assert told.exit_code == 69


def test_what_is_not_busy_keeps_its_own_error(services):
    services("affectd")
    assert busy.explain_busy(NO_VIDEO, "/dev/null") is NO_VIDEO
    assert busy.explain_busy(NO_VIDEO, "/dev/video99") is NO_VIDEO
    assert busy.explain_busy(NO_VIDEO, "rtsp://camera/1") is NO_VIDEO


@pytest.mark.parametrize(("answer", "expected"), [(errno.EBUSY, "holds it"), (errno.ENOTTY, "gives no video")])
def test_a_camera_that_opens_but_has_its_buffers_taken_is_busy(services, monkeypatch, answer, expected):
    services("affectd")

    def refuse(*_):
        raise OSError(answer, os.strerror(answer))

    monkeypatch.setattr("fcntl.ioctl", refuse)
    assert expected in busy.explain_busy(NO_VIDEO, "/dev/null").reason
