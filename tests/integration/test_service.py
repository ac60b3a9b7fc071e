"""The daemon as systemd starts it: what it says over the socket, and what a reload does."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import pytest

from tests.integration.processes import ROOT, Daemon, write_config

pytestmark = pytest.mark.integration

PATIENCE_S = 60.0

# A daemon of which one stage hangs after some frames, as a broken runtime would.
HANGING = """
import sys, threading
import device.app
from device.pipeline import Pipeline
step, taken = Pipeline.step, []
def hang(self, frame):
    taken.append(frame)
    if len(taken) > 20:
        threading.Event().wait()
    return step(self, frame)
Pipeline.step = hang
from device.commands import main
sys.exit(main(["run", "--config", sys.argv[1]]))
"""


class Systemd:
    """The socket's other end, with all it has heard."""

    def __init__(self, path: str) -> None:
        self.variables = {"NOTIFY_SOCKET": path, "WATCHDOG_USEC": "400000"}
        self.heard: list[str] = []
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(path)

    def hear(self, timeout_s: float) -> str | None:
        """The next datagram, None where none comes in time."""
        self._socket.settimeout(timeout_s)
        try:
            self.heard.append(self._socket.recv(4096).decode())
        except TimeoutError:
            return None
        return self.heard[-1]

    def wait_for(self, is_it: Callable[[str], bool]) -> str:
        """The first datagram from now on that is the one."""
        deadline_s = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline_s:
            told = self.hear(1.0)
            if told and is_it(told):
                return told
        pytest.fail(f"waited in vain; heard {self.heard[-20:]}")

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def systemd(tmp_path) -> Iterator[Systemd]:
    manager = Systemd(str(tmp_path / "notify"))
    yield manager
    manager.close()


@pytest.fixture
def start(tmp_path, systemd, request):
    """Starts the daemon under that systemd; keywords are sections of its configuration."""

    def started(**sections):
        config = write_config(tmp_path, 1, **({"mqtt": {"enabled": False}} | sections))
        daemon = Daemon(config, tmp_path / "stderr", **systemd.variables)
        request.addfinalizer(daemon.end)
        return daemon

    return started


def ready(told: str) -> bool:
    return told.startswith("READY=1\n")


def test_it_is_ready_with_its_first_frame_feeds_the_watchdog_and_says_that_it_stops(start, systemd):
    daemon = start(source={"uri": "demo", "loop": True})
    systemd.wait_for(ready)
    systemd.wait_for(lambda told: told == "WATCHDOG=1")
    daemon.signal(signal.SIGTERM)
    systemd.wait_for(lambda told: told == "STOPPING=1")
    systemd.wait_for(lambda told: told == "STATUS=stopped")
    assert daemon.wait() == 0
    assert any(told.startswith("STATUS=watching ") for told in systemd.heard)


def test_a_camera_that_is_missing_is_waited_for(start, systemd):
    daemon = start(source={"uri": "/dev/video987", "reopen_delay_s": 0.1})
    systemd.wait_for(ready)
    systemd.wait_for(lambda told: "/dev/video987" in told)
    systemd.wait_for(lambda told: told == "WATCHDOG=1")
    assert daemon.process.poll() is None
    assert any("no picture from /dev/video987: no camera at /dev/video987; " in told for told in systemd.heard)


def test_the_status_says_why_the_camera_and_why_the_broker_is_away(start, systemd):
    start(source={"uri": "/dev/video987", "reopen_delay_s": 0.1}, mqtt={"enabled": True, "port": 1})
    told = systemd.wait_for(lambda told: "/dev/video987: no camera" in told and "no broker: " in told)
    assert "(127.0.0.1:1)" in told.partition("no broker: ")[2]


def test_without_systemd_a_camera_that_is_missing_ends_the_daemon(tmp_path, request):
    config = write_config(tmp_path, 1, mqtt={"enabled": False}, source={"uri": "/dev/video987"})
    daemon = Daemon(config, tmp_path / "stderr")
    request.addfinalizer(daemon.end)
    assert daemon.wait() == 69


def test_a_paused_device_is_ready_and_feeds_the_watchdog(start, systemd, tmp_path):
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "pause").write_text("ON\n")
    start(source={"uri": "demo", "loop": True})
    systemd.wait_for(ready)
    systemd.wait_for(lambda told: told.startswith("STATUS=paused: "))
    systemd.wait_for(lambda told: told == "WATCHDOG=1")


def test_a_stage_that_hangs_ends_the_feeding(tmp_path, systemd, request):
    config = write_config(
        tmp_path, 1, mqtt={"enabled": False}, source={"uri": "demo", "pace": "as-fast-as-possible", "loop": True}
    )
    process = subprocess.Popen(
        [sys.executable, "-c", HANGING, str(config)], cwd=ROOT, env=os.environ | systemd.variables
    )
    request.addfinalizer(process.kill)
    systemd.wait_for(ready)
    while systemd.hear(1.5):  # several times the time between two feedings
        pass
    assert process.poll() is None
    assert sum(ready(told) for told in systemd.heard) == 1


def test_a_changed_configuration_is_taken_by_the_same_process(start, systemd, tmp_path):
    daemon = start(source={"uri": "demo", "loop": True})
    systemd.wait_for(ready)
    write_config(tmp_path, 1, mqtt={"enabled": False}, source={"uri": "/dev/video987"})
    daemon.signal(signal.SIGHUP)
    reloading = systemd.wait_for(lambda told: told.startswith("RELOADING=1\nMONOTONIC_USEC="))
    assert reloading.splitlines()[-1] == "WATCHDOG_USEC=120000000"
    assert systemd.wait_for(ready).splitlines()[-1] == "WATCHDOG_USEC=400000"
    systemd.wait_for(lambda told: told.startswith("STATUS=no picture from /dev/video987"))
    assert daemon.process.poll() is None


def test_a_configuration_edited_into_nonsense_changes_nothing(start, systemd, tmp_path):
    daemon = start(source={"uri": "demo", "loop": True})
    systemd.wait_for(ready)
    (tmp_path / "config.yaml").write_text("source: {uri: demo, lopp: true}\n")
    daemon.signal(signal.SIGHUP)
    while "the configuration stays as it was" not in daemon.told:
        assert systemd.hear(PATIENCE_S)
    assert "did you mean `loop`?" in daemon.told
    assert systemd.wait_for(lambda told: told == "WATCHDOG=1")
    assert "RELOADING=1" not in "".join(systemd.heard)


FAULTY = {
    "a list as a key": b"? [a, b]\n: c\n",
    "a template": b"mqtt: {host: {{ hub }}}\n",
    "a date": b"device: {id: !!timestamp 2026-02-30}\n",
    "an alias of itself": b"device: &d {id: *d}\n",
    "a control character": b"device: {id: a\x1b}\n",
    "zeros": b"\0" * 4096,
    "nothing but brackets": b"[" * 100_000,
    "no text": b"\xff\xfe\x00",
    "no model": b"classifier: {model: /nowhere/model.tflite}\nmqtt: {enabled: false}\nsource: {uri: demo}\n",
    "no cascade": b"detector: {cascade: /dev/null}\nmqtt: {enabled: false}\nsource: {uri: demo}\n",
    "a label of no model": b"overlay: {labels: {cheerful: x}}\nmqtt: {enabled: false}\nsource: {uri: demo}\n",
    "no password": b"mqtt: {username: me, password_file: /nowhere/password}\nsource: {uri: demo}\n",
    "no authority": b"mqtt: {tls: true, ca_file: /dev/null}\nsource: {uri: demo}\n",
}


def test_no_configuration_that_a_start_would_end_with_ends_a_daemon_that_runs(start, systemd, tmp_path):
    daemon = start(source={"uri": "demo", "loop": True})
    systemd.wait_for(ready)
    config = tmp_path / "config.yaml"
    for number, (what, content) in enumerate(FAULTY.items(), 1):
        config.write_bytes(content)
        daemon.signal(signal.SIGHUP)
        while daemon.told.count("the configuration stays as it was") < number:
            assert systemd.hear(PATIENCE_S), what
            assert daemon.process.poll() is None, what
    assert "RELOADING=1" not in "".join(systemd.heard)
    assert "Traceback" not in daemon.told


def test_what_ends_a_start_is_in_the_status(systemd, tmp_path, request):
    config = tmp_path / "config.yaml"
    config.write_text("source: {uri: demo, lopp: true}\n")
    daemon = Daemon(config, tmp_path / "stderr", **systemd.variables)
    request.addfinalizer(daemon.end)
    assert daemon.wait() == 78
    told = systemd.hear(1.0)
    assert told
    assert told.startswith(f"STATUS={config}:1: unknown key `source.lopp`")
