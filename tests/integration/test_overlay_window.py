"""The overlay in a real window on a real desktop: what is to be seen there, and what keys and mouse do."""

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from device.overlay.settings import OverlaySettings
from device.overlay.sink import OverlaySink
from device.records import Box, Frame, Observation, ObservedFace, Track
from device.system.clock import SystemClock
from tests.brokers import wait_until
from tests.xservers import HEIGHT, WIDTH, XServer, xserver

__all__ = ["xserver"]

pytestmark = pytest.mark.integration
pytest.importorskip("pygame", reason="needs pygame-ce: pip install 'affectd[overlay]'")

RED, BLUE = (0, 0, 200), (200, 0, 0)


class Sensor:
    """Sees a picture that is red at the left and blue at the right, with one face; and pauses when it is asked to."""

    def __init__(self, driver="x11"):
        self.clock = SystemClock()
        self.sink = OverlaySink(
            OverlaySettings(enabled=True, driver=driver, width=640, height=480, fps=20.0),
            self.clock,
            on_pause=lambda paused: self.sink.set_source_state("paused" if paused else "ok"),
        )
        self.bgr = np.zeros((480, 640, 3), np.uint8)
        self.bgr[:, :320], self.bgr[:, 320:] = RED, BLUE
        self.index = 0

    def step(self):
        now_s = self.clock.monotonic_s()
        frame = Frame(np.zeros((480, 640), np.uint8), now_s, self.clock.now(), self.index, self.bgr)
        face = ObservedFace(Track(1, Box(270, 190, 100, 100), now_s, now_s, visible=True), None)
        self.sink.check()
        self.sink.observe(Observation(frame, (face,)))
        self.index += 1

    def until(self, condition, what):
        def stepped():
            self.step()
            return condition()

        wait_until(stepped, what)


@pytest.fixture
def sensor(xserver, monkeypatch):
    for name, value in xserver.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("SDL_VIDEODRIVER", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    made = Sensor()
    yield made
    made.sink.close()


def share(screenshot, colour):
    """How much of the screen has about that colour."""
    return (np.abs(screenshot.astype(int) - colour).max(axis=2) < 60).mean()


def middle_x(screenshot, colour):
    """Where that colour is, 0 at the left to 1 at the right."""
    return np.nonzero(np.abs(screenshot.astype(int) - colour).max(axis=2) < 60)[1].mean() / WIDTH


def test_a_person_sees_what_the_device_sees_and_the_keys_do_what_they_say(xserver, sensor):
    def shows(colour, least=0.05):
        return lambda: share(xserver.screenshot(), colour) > least

    sensor.until(shows(RED), "the picture")
    seen = xserver.screenshot()
    assert share(seen, RED) == pytest.approx(share(seen, BLUE), abs=0.05)
    assert middle_x(seen, BLUE) < middle_x(seen, RED), "a mirror shows the left at the left"

    xserver.act("key", "m")
    sensor.until(lambda: middle_x(xserver.screenshot(), RED) < middle_x(xserver.screenshot(), BLUE), "m to unmirror")

    before = share(xserver.screenshot(), RED)
    xserver.act("key", "h")
    sensor.until(lambda: share(xserver.screenshot(), RED) < before - 0.02, "h to lay the keys over the picture")
    xserver.act("key", "h")
    sensor.until(lambda: share(xserver.screenshot(), RED) > before - 0.01, "h to take them away")

    xserver.act("key", "p")
    sensor.until(lambda: not shows(RED, 0.001)() and not shows(BLUE, 0.001)(), "p to close the camera")
    assert share(xserver.screenshot(), (255, 255, 255)) > 0.0005, "a card says so"
    xserver.act("key", "p")
    sensor.until(shows(RED), "p to open it again")

    xserver.act("key", "f")
    window = xserver.wait_for_window()
    sensor.until(lambda: xserver.geometry(window) == (WIDTH, HEIGHT), "f to make the window as large as the screen")
    sensor.until(lambda: share(xserver.screenshot(), RED) > 0.3, "the picture to fill the screen")
    xserver.act("key", "f")
    sensor.until(lambda: xserver.geometry(window) == (640, 480), "f to make it a window again")

    xserver.act("key", "Escape")
    sensor.until(lambda: not xserver.windows(), "Escape to leave")


def test_a_window_may_have_any_size_and_is_closed_by_its_button(xserver, sensor):
    sensor.until(lambda: share(xserver.screenshot(), RED) > 0.05, "the picture")
    window = xserver.wait_for_window()
    xserver.act("windowmove", window, "0", "0")
    for width, height in ((1000, 300), (333, 701), (160, 120), (640, 480)):
        xserver.act("windowsize", window, str(width), str(height))
        sensor.until(lambda size=(width, height): xserver.geometry(window) == size, "the window's new size")
        taken = sensor.index
        sensor.until(lambda taken=taken: sensor.index > taken + 5, "more frames")
    sensor.until(lambda: share(xserver.screenshot(), RED) > 0.05, "the picture in it")
    xserver.close_window(window)
    sensor.until(lambda: not xserver.windows(), "the window to close")
    sensor.until(lambda: not sensor.sink.is_shown, "the sensor to notice")
    for _ in range(10):
        sensor.step()
    assert not xserver.windows(), "what a person has closed stays closed"


def test_a_display_that_is_unplugged_and_plugged_in_again_is_found_again(xserver, sensor, caplog, tmp_path):
    caplog.set_level("INFO", "device.overlay")
    sensor.until(lambda: share(xserver.screenshot(), RED) > 0.05, "the picture")
    xserver.end()
    sensor.until(lambda: "no overlay" in caplog.text, "a word about the lost display")
    (tmp_path / "again").mkdir()
    again = XServer(Path(tmp_path / "again"), xserver.display)
    try:
        sensor.until(lambda: share(again.screenshot(), RED) > 0.05, "the picture to come back")
        sensor.until(lambda: "the overlay is back: x11" in caplog.text, "a word about that")
    finally:
        again.end()


@pytest.fixture
def compositor(tmp_path, monkeypatch):
    """A Wayland desktop without a monitor."""
    if shutil.which("weston") is None:
        pytest.skip("needs a Wayland desktop: apt-get install weston")
    for name in ("DISPLAY", "SDL_VIDEODRIVER"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.setenv("WAYLAND_DISPLAY", "wayland-test")
    tmp_path.chmod(0o700)
    command = ["weston", "--backend=headless-backend.so", "--socket=wayland-test", "--use-pixman"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_until((tmp_path / "wayland-test").exists, "the Wayland desktop")
    yield process
    process.kill()
    process.wait(30)


def test_on_wayland_it_is_a_window_too_and_a_desktop_that_ends_is_not_taken_for_a_person(
    compositor, caplog, monkeypatch
):
    caplog.set_level("INFO", "device.overlay")
    sensor = Sensor(driver="wayland")
    laid, write = [], sensor.sink._slot.write

    def count(picture):
        laid.append(picture.shape)
        return write(picture)

    monkeypatch.setattr(sensor.sink._slot, "write", count)
    try:
        sensor.until(lambda: "the overlay is shown: wayland" in caplog.text, "the window")
        sensor.until(lambda: len(laid) > 20, "pictures to be asked for")
        compositor.terminate()
        sensor.until(lambda: "no overlay: the desktop has gone; sensing goes on" in caplog.text, "a word about the end")
    finally:
        sensor.sink.close()
