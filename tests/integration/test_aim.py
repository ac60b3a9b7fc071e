"""The verb that helps to mount a camera, as a process."""

import fcntl
import json
import os
import pty
import re
import signal
import struct
import subprocess
import sys
import termios
import time

import cv2
import numpy as np
import pytest

from device.demo import CLIP_PATH
from tests.integration.processes import ROOT, call_affectd, run_affectd

pytestmark = pytest.mark.integration

_PATIENCE_S = 60.0
AIM = [sys.executable, "-m", "device", "aim"]


@pytest.fixture
def fast(configure):
    """A configuration that plays recordings as fast as they go."""
    return str(configure(1))


@pytest.fixture
def film(tmp_path):
    """Writes the demo clip's first seconds anew, each frame changed by a function."""

    def write(change, frames=90):
        path = tmp_path / "film.avi"
        clip, writer = cv2.VideoCapture(str(CLIP_PATH)), None
        for _ in range(frames):
            picture = change(clip.read()[1])
            if writer is None:
                size = (picture.shape[1], picture.shape[0])
                writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 15.0, size)
            writer.write(picture)
        writer.release()
        return str(path)

    return write


class Terminal:
    """``affectd aim`` on a terminal of its own."""

    def __init__(self, columns, rows, *arguments):
        self._ours, theirs = pty.openpty()
        self.resize(columns, rows)
        environment = {name: value for name, value in os.environ.items() if name not in {"COLUMNS", "LINES"}}
        self.process = subprocess.Popen(
            [*AIM, *arguments], cwd=ROOT, stdin=theirs, stdout=theirs, stderr=subprocess.PIPE, env=environment
        )
        os.close(theirs)
        self.shown = ""

    def resize(self, columns, rows):
        fcntl.ioctl(self._ours, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def read_until(self, pattern):
        deadline_s = time.monotonic() + _PATIENCE_S
        while not re.search(pattern, self.shown, re.DOTALL):
            assert time.monotonic() < deadline_s, self.shown[-3000:]
            self.shown += os.read(self._ours, 65536).decode()

    def forget(self):
        self.shown = ""

    def end(self):
        self.process.kill()
        self.process.wait(10)
        self.process.stderr.close()
        os.close(self._ours)


@pytest.fixture
def terminal(request):
    def start(*arguments, columns=80, rows=24):
        started = Terminal(columns, rows, *arguments)
        request.addfinalizer(started.end)
        return started

    return start


def test_the_terminal_shows_the_faces_of_the_clip_and_is_given_back_at_ctrl_c(terminal, configure):
    view = terminal("--config", str(configure(1, source={"pace": "real-time"})), "--source", "demo")
    view.read_until(r"\| +1 +\|.*FACE +STATE.*   1  held .* good")
    assert "\x1b[?25l" in view.shown
    view.process.send_signal(signal.SIGINT)
    view.read_until(r"\x1b\[\?25h")
    assert view.process.wait(60) == 130
    assert view.process.stderr.read() == b""


def test_the_view_is_drawn_over_itself_and_cleared_only_when_the_terminal_changes_its_size(terminal, configure):
    view = terminal("--config", str(configure(1, source={"pace": "real-time", "loop": True})))
    view.read_until(r"(\x1b\[H.*){3}\n")
    assert view.shown.count("\x1b[2J") == 1
    view.forget()
    view.resize(60, 40)
    view.read_until(r"\x1b\[2J\x1b\[H[^H]*\n\+-{56}\+")
    view.process.send_signal(signal.SIGTERM)
    view.read_until(r"\x1b\[\?25h")
    assert view.process.wait(60) == 128 + signal.SIGTERM


def test_the_view_ends_with_a_film_that_ends(terminal, fast):
    view = terminal("--config", fast)
    view.read_until(r"\x1b\[\?25h")
    assert view.process.wait(60) == 0


def test_into_a_pipe_it_tells_a_line_a_second(configure):
    config = configure(1, source={"pace": "real-time", "loop": True})
    aim = subprocess.Popen([*AIM, "--config", str(config)], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    lines = []
    for line in aim.stdout:
        lines.append(line)
        if "good" in line:
            break
    aim.send_signal(signal.SIGINT)
    aim.communicate(timeout=60)
    assert aim.returncode == 130
    assert all(re.match(r"\d\d:\d\d:\d\d 640 x 480, ", line) for line in lines)
    assert re.search(r"face 1 held, \d+ px, brightness \d+, sharpness \d+, tilt -?\d+: good", lines[-1])
    assert not any("\x1b" in line for line in lines)


def test_a_script_gets_json_and_a_reader_who_goes_is_no_fault(configure):
    config = configure(1, source={"pace": "real-time", "loop": True})
    command = f"{' '.join(AIM)} --json --config {config} | head -n 2"
    answer = subprocess.run(["bash", "-c", command], cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)
    first, second = (json.loads(line) for line in answer.stdout.splitlines())
    assert first["picture"]["width"] == second["picture"]["width"] == 640
    assert answer.stderr == ""


def test_once_reports_a_good_face_and_ends_with_0(fast):
    answer = run_affectd("aim", "--config", fast, "--source", "demo", "--once", "6", "--json")
    assert (answer.returncode, answer.stderr) == (0, "")
    report = json.loads(answer.stdout)
    assert report["good"] is True
    assert report["watched_s"] == pytest.approx(6.0, abs=0.1)
    assert 2.0 < report["good_face_s"] < 6.0
    assert all(face["pixels"] >= 48 and face["faults"] == [] for face in report["faces"])


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (lambda picture: (picture * 0.25).astype(np.uint8), "too dark"),
        (lambda picture: cv2.GaussianBlur(picture, (0, 0), 5.0), "blurred"),
        (lambda picture: np.clip(picture.astype(np.int16) + 110, 0, 255).astype(np.uint8), "TOO BRIGHT"),
    ],
    ids=["dark", "blurred", "bright"],
)
def test_once_tells_what_is_wrong_and_ends_with_3(fast, film, change, word):
    answer = call_affectd("aim", "--config", fast, "--source", film(change), "--once")
    assert (answer.returncode, answer.stderr) == (3, "")
    assert word in answer.stdout
    assert "a good face for 0.0 of 5.0 s" in answer.stdout


def test_once_with_nobody_there_says_so_and_ends_with_3(fast, film):
    answer = call_affectd(
        "aim", "--config", fast, "--source", film(lambda picture: picture // 2 * 0 + 90), "--once", "4"
    )
    assert answer.returncode == 3
    assert "no face for 4 s" in answer.stdout


def test_a_source_that_is_not_there_is_named(fast):
    answer = call_affectd("aim", "--config", fast, "--source", "/dev/video99")
    assert answer.returncode == 69
    assert answer.stdout == ""
    assert answer.stderr.startswith("affectd: no camera at /dev/video99; plug one in")
    assert len(answer.stderr.splitlines()) == 1


def test_a_camera_that_the_privacy_switch_has_closed_is_left_alone(configure, tmp_path):
    config = configure(1)
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "pause").write_bytes(b"ON\n")
    answer = call_affectd("aim", "--config", str(config), "--source", "/dev/video99")
    assert answer.returncode == 69
    assert "is closed by the privacy switch; turn it off with: affectd pause off" in answer.stderr


def test_nothing_is_written_to_the_state_folders(fast, tmp_path):
    call_affectd("aim", "--config", fast, "--once", "1")
    assert {path.name for path in tmp_path.iterdir()} == {"config.yaml"}


def test_a_time_that_is_none_is_refused():
    answer = call_affectd("aim", "--source", "demo", "--once", "0")
    assert answer.returncode == 2
    assert "expected a number of seconds above 0" in answer.stderr
