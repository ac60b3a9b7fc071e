"""A daemon whose camera hangs in its driver ends by itself, and at once, with what it had cleaned up."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.processes import ROOT, write_config

pytestmark = pytest.mark.integration

# As a driver that hangs: a thread that cannot be ended, and, as Picamera2 leaves it, an exit that waits for it.
HANGING = """
import atexit, ctypes, sys, threading
from pathlib import Path
import numpy as np
import device.app
from device.records import Frame

class Camera:
    name, live = "/dev/video0", True
    index = 0
    def __init__(self, clock):
        self.clock = clock
    def open(self):
        atexit.register(threading.Event().wait)
    def read(self):
        self.index += 1
        if self.index > 5:
            ctypes.CDLL(None).sleep(3600)
        grey = np.random.default_rng(self.index).integers(0, 255, (96, 128)).astype(np.uint8)
        return Frame(grey, self.clock.monotonic_s(), self.clock.now(), self.index)
    def close(self):
        pass

device.app.build_source = lambda settings, clock, colour: Camera(clock)
from device.commands import main
sys.exit(main(["run", "--config", sys.argv[1]]))
"""


@pytest.fixture
def hanging(tmp_path, request):
    """Starts daemons on a camera that gives five frames and then hangs."""

    def start(**source) -> "subprocess.Popen[str]":
        config = write_config(
            tmp_path, 1, mqtt={"enabled": False}, source={"stall_timeout_s": 0.5, "hang_timeout_s": 1.0} | source
        )
        command = [sys.executable, "-c", HANGING, str(config)]
        process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True, env=environment(tmp_path))
        request.addfinalizer(process.kill)
        return process

    return start


def environment(folder: Path) -> dict[str, str]:
    """With a `systemctl` of the test's own, so that no machine is started again."""
    programs = folder / "bin"
    programs.mkdir(exist_ok=True)
    (programs / "systemctl").write_text(f"#!/bin/sh\necho $* >> {folder}/asked\n")
    (programs / "systemctl").chmod(0o755)
    return os.environ | {"PATH": f"{programs}:{os.environ['PATH']}"}


def told_of(process) -> str:
    _, told = process.communicate(timeout=60)
    return told


def test_it_ends_with_75_and_one_line_and_counts(hanging, tmp_path):
    process = hanging()
    told = told_of(process)
    assert process.returncode == 75, told
    (line,) = (line for line in told.splitlines() if line.startswith("affectd: "))
    assert "/dev/video0 hangs in its driver: a read has not come back for" in line
    assert "Traceback" not in told
    assert json.loads((tmp_path / "state" / "hangs.json").read_text()) == {"hangs": 1, "reboots": 0}
    assert not (tmp_path / "asked").exists()


def test_after_several_in_a_row_it_asks_for_a_restart_of_the_machine_where_it_may(hanging, tmp_path):
    for _ in range(2):
        told_of(hanging(reboot_after_hangs=2))
    assert (tmp_path / "asked").read_text() == "reboot\n"


def test_asked_to_stop_it_does_not_wait_for_the_camera(hanging):
    process = hanging(hang_timeout_s=600.0)
    for line in process.stderr:
        if "has given no frame" in line:
            break
    process.send_signal(signal.SIGTERM)
    told = told_of(process)
    assert process.returncode == 0, told
