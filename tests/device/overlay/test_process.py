"""The overlay's process, started for real, on SDL's dummy display."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from device.overlay.channel import Moment, Update
from device.overlay.process import OverlayProcess
from device.overlay.settings import OverlaySettings
from device.overlay.slot import PictureSlot
from tests.brokers import wait_until

pytest.importorskip("pygame", reason="needs pygame-ce: pip install 'affectd[overlay]'")

ROOT = Path(__file__).parents[3]
SETTINGS = OverlaySettings(enabled=True, width=320, height=180, fps=30.0)


class Overlay:
    """A process, and what it has said so far."""

    def __init__(self, settings=SETTINGS):
        self.slot = PictureSlot.create()
        self.process = OverlayProcess(settings, self.slot)
        self.pid = self.process.pid
        self.said = []

    def hear(self):
        self.said += [report.kind for report in self.process.receive()]
        return self.said

    def wait_for(self, kind, times=1):
        wait_until(
            lambda: self.hear().count(kind) >= times, f"the overlay to say {kind!r}; it has ended: {self.process.ended}"
        )

    def wait_for_end(self):
        wait_until(lambda: self.hear() is not None and self.process.ended, "the overlay's process to end")
        return self.process.ended

    def close(self):
        self.process.end(0.0)
        self.slot.close()


@pytest.fixture
def start(monkeypatch, request):
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")

    def make(settings=SETTINGS):
        overlay = Overlay(settings)
        request.addfinalizer(overlay.close)
        return overlay

    return make


def test_it_opens_takes_pictures_and_ends_when_it_is_let_go(start):
    overlay = start()
    overlay.wait_for("shown")
    for number in range(3):
        asked = overlay.said.count("ready")
        shape = overlay.slot.write(np.full((48, 64, 3), number, np.uint8))
        assert overlay.process.send(Update("ok", "connected", 15.0, Moment((), time.monotonic(), shape)))
        overlay.wait_for("ready", asked + 1)
    overlay.process.end(30.0)
    assert overlay.process.ended == "exit code 0"


def test_it_is_a_process_of_its_own_with_nothing_of_the_sensor_in_it(start):
    overlay = start()
    overlay.wait_for("ready")
    mapped = Path(f"/proc/{overlay.pid}/maps").read_text(encoding="utf-8")
    assert "pygame" in mapped
    assert not [name for name in ("litert", "tflite", "tensorflow", "clip.mkv") if name in mapped]
    assert os.getpriority(os.PRIO_PROCESS, overlay.pid) > os.getpriority(os.PRIO_PROCESS, 0)


def test_no_secret_of_the_daemon_s_is_passed_on(start, monkeypatch):
    monkeypatch.setenv("AFFECTD_MQTT_PASSWORD", "hunter2")
    monkeypatch.setenv("NOTIFY_SOCKET", "/run/systemd/notify")
    overlay = start()
    overlay.wait_for("ready")
    given = Path(f"/proc/{overlay.pid}/environ").read_bytes()
    assert b"SDL_VIDEODRIVER=dummy" in given
    assert b"hunter2" not in given
    assert b"NOTIFY_SOCKET" not in given


def test_a_killed_one_is_told_from_one_that_ends(start):
    overlay = start()
    overlay.wait_for("shown")
    os.kill(overlay.pid, signal.SIGKILL)
    assert overlay.wait_for_end() == "killed by SIGKILL"


def test_signals_that_reach_all_of_a_service_are_left_to_the_daemon(start):
    overlay = start()
    overlay.wait_for("shown")
    for number in (signal.SIGTERM, signal.SIGINT):
        os.kill(overlay.pid, number)
    alive = overlay.said.count("alive")
    overlay.wait_for("alive", alive + 2)
    overlay.process.end(30.0)
    assert overlay.process.ended == "exit code 0"


def test_one_without_a_display_says_why_and_ends(start, monkeypatch):
    monkeypatch.setenv("SDL_VIDEODRIVER", "nonsense")
    overlay = start()
    assert overlay.wait_for_end().startswith("exit code 69")
    assert overlay.said == ["failed"]


def test_one_that_cannot_load_pygame_says_what_to_install(start, monkeypatch, tmp_path):
    (tmp_path / "pygame.py").write_text("raise ImportError('no such package')\n")
    monkeypatch.syspath_prepend(tmp_path)
    overlay = start()
    wait_until(lambda: overlay.process.ended, "the overlay's process to end")
    (report,) = overlay.process.receive()
    assert "pip install 'affectd[overlay]'" in report.text


@pytest.mark.parametrize(
    ("words", "told"),
    [("'the driver\\nhas fallen over\\n\\n'", "exit code 1: has fallen over"), ("'x\\n' * 500_000", "exit code 1")],
)
def test_the_last_words_of_one_that_breaks_are_kept_as_far_as_they_fit(start, monkeypatch, tmp_path, words, told):
    (tmp_path / "pygame.py").write_text(f"import sys\nsys.exit({words})\n")
    monkeypatch.syspath_prepend(tmp_path)
    overlay = start()
    wait_until(lambda: overlay.process.ended, "the overlay's process to end")
    assert overlay.process.ended.startswith(told)


def test_a_stopped_one_is_not_waited_for_and_can_be_ended(start):
    overlay = start()
    overlay.wait_for("ready")
    os.kill(overlay.pid, signal.SIGSTOP)
    said = 0
    while overlay.process.send(Update("ok", "away", None)):
        said += 1
    assert said > 0
    overlay.process.end(0.0)
    assert overlay.process.ended == "killed by SIGKILL"


def test_it_ends_with_a_daemon_that_is_killed_even_when_it_is_hung():
    program = (
        "import time\n"
        "from device.overlay.process import OverlayProcess\n"
        "from device.overlay.settings import OverlaySettings\n"
        "from device.overlay.slot import PictureSlot\n"
        "overlay = OverlayProcess(OverlaySettings(), PictureSlot.create())\n"
        "while not overlay.receive(): time.sleep(0.05)\n"
        "print(overlay.pid, flush=True)\n"
        "time.sleep(600)\n"
    )
    environment = os.environ | {"SDL_VIDEODRIVER": "dummy"}
    daemon = subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, env=environment, stdout=subprocess.PIPE)
    overlay = int(daemon.stdout.readline())
    os.kill(overlay, signal.SIGSTOP)
    daemon.kill()
    daemon.wait(30)
    daemon.stdout.close()
    wait_until(lambda: not _is_running(overlay), "the overlay to end with the daemon")


def _is_running(pid):
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
