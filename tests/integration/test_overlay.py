"""The daemon with an overlay on SDL's dummy display: whatever becomes of the overlay, the daemon goes on sensing."""

import os
import signal
from contextlib import suppress
from pathlib import Path

import pytest

from tests.brokers import wait_until
from tests.integration.processes import Daemon

pytestmark = pytest.mark.integration
pytest.importorskip("pygame", reason="needs pygame-ce: pip install 'affectd[overlay]'")

ENDLESS = {"pace": "real-time", "loop": True}
BUSY = ENDLESS | {"pace": "as-fast-as-possible"}
WITHOUT_BROKER = {"enabled": False}


@pytest.fixture(autouse=True)
def _without_a_desktop(monkeypatch):
    for name in ("WAYLAND_DISPLAY", "DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")


@pytest.fixture
def watching(broker, listen, configure, daemon):
    """A daemon whose overlay is shown, and its listener."""
    listener = listen(broker.port)
    process = daemon(configure(broker.port, source=BUSY, overlay={"enabled": True}))
    wait_until(lambda: "the overlay is shown: dummy" in process.told, "the overlay")
    return process, listener


def overlays(daemon: Daemon) -> list[int]:
    """The process ids of the overlays that the daemon has started and that run."""
    children = Path(f"/proc/{daemon.process.pid}/task/{daemon.process.pid}/children").read_text().split()
    found = []
    for child in children:
        with suppress(FileNotFoundError, ProcessLookupError):
            if b"device.overlay" in Path(f"/proc/{child}/cmdline").read_bytes():
                found.append(int(child))
    return found


def goes_on(listener):
    """Wait until the daemon has told of further changes."""
    told = len(listener.events())
    listener.wait_for(lambda heard: len(heard.events()) >= told + 2, "the daemon to go on sensing")


def is_running(pid: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_an_overlay_that_is_killed_comes_back_and_the_daemon_goes_on(watching):
    daemon, listener = watching
    (killed,) = overlays(daemon)
    assert Path(f"/proc/{killed}/oom_score_adj").read_text().strip() == "1000"  # it goes before the daemon
    os.kill(killed, signal.SIGKILL)
    wait_until(lambda: "the overlay is back: dummy" in daemon.told, "the overlay to come back")
    assert daemon.told.count("no overlay: its process has ended (killed by SIGKILL)") == 1
    (again,) = overlays(daemon)
    assert again != killed
    goes_on(listener)


def test_an_overlay_that_has_stopped_holds_nothing_up_and_ends_with_the_daemon(watching):
    daemon, listener = watching
    (overlay,) = overlays(daemon)
    os.kill(overlay, signal.SIGSTOP)
    goes_on(listener)
    daemon.signal(signal.SIGTERM)
    assert daemon.wait(30) == 0
    wait_until(lambda: not is_running(overlay), "the overlay to end")


def test_a_daemon_that_is_killed_takes_its_overlay_along(configure, daemon):
    process = daemon(configure(1, source=ENDLESS, mqtt=WITHOUT_BROKER, overlay={"enabled": True}))
    wait_until(lambda: "the overlay is shown" in process.told, "the overlay")
    (overlay,) = overlays(process)
    process.signal(signal.SIGKILL)
    wait_until(lambda: not is_running(overlay), "the overlay to end")


def test_the_switch_that_is_turned_elsewhere_leaves_no_picture_in_memory(watching):
    daemon, listener = watching
    (overlay,) = overlays(daemon)
    slot = next(link for link in Path(f"/proc/{overlay}/fd").iterdir() if "affectd-overlay" in link.readlink().name)
    wait_until(lambda: any(slot.read_bytes()), "a picture in the shared memory")
    listener.say("affectd/hall/pause/set", "ON")
    listener.wait_for(lambda heard: heard.on("state")[-1].message["source"] == "paused", "the pause")
    wait_until(lambda: not any(slot.read_bytes()), "the picture to be wiped")
    listener.say("affectd/hall/pause/set", "OFF")
    wait_until(lambda: any(slot.read_bytes()), "pictures after the pause")


def test_without_a_display_the_daemon_says_so_once_tries_again_and_does_its_work(configure, daemon, monkeypatch):
    monkeypatch.setenv("SDL_VIDEODRIVER", "nonsense")
    told = "no overlay: nonsense: nonsense not available; sensing goes on, and it is tried again"
    process = daemon(configure(1, source=ENDLESS, mqtt=WITHOUT_BROKER, overlay={"enabled": True}))
    tried: set[int] = set()

    def is_tried_again():
        tried.update(overlays(process))
        return len(tried) >= 2

    wait_until(is_tried_again, "another attempt")
    process.signal(signal.SIGTERM)
    assert process.wait(30) == 0
    assert process.told.count("no overlay") == process.told.count(told) == 1


def test_without_pygame_the_daemon_says_what_to_install(configure, daemon, monkeypatch, tmp_path):
    (tmp_path / "pygame.py").write_text("raise ImportError('there is none')\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    process = daemon(configure(1, source=ENDLESS, mqtt=WITHOUT_BROKER, overlay={"enabled": True}))
    wait_until(lambda: "pip install 'affectd[overlay]'" in process.told, "a word about the missing package")
    assert process.process.poll() is None
    process.signal(signal.SIGTERM)
    assert process.wait(30) == 0


def test_an_overlay_that_is_switched_off_is_not_even_loaded(configure, daemon):
    process = daemon(configure(1, source=ENDLESS, mqtt=WITHOUT_BROKER))
    wait_until(lambda: "watching " in process.told, "the daemon")
    assert overlays(process) == []
    assert "pygame" not in Path(f"/proc/{process.process.pid}/maps").read_text()
