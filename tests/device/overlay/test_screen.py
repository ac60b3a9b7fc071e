"""The display by SDL, with SDL's own dummy for one; real windows are in tests/integration/test_overlay_window.py."""

import numpy as np
import pytest

from device.errors import UnavailableError
from device.overlay import screen as screen_module
from device.overlay.settings import OverlaySettings

pygame = pytest.importorskip("pygame", reason="needs pygame-ce: pip install 'affectd[overlay]'")

from device.overlay.screen import DisplayError, open_screen  # noqa: E402


@pytest.fixture
def open_dummy():
    """Opens a display that nobody sees."""

    def make(**settings):
        return open_screen(OverlaySettings(**({"width": 320, "height": 180} | settings)), {"SDL_VIDEODRIVER": "dummy"})

    return make


@pytest.fixture(autouse=True)
def _sdl_without_a_display(monkeypatch):
    # SDL reads the process's own variables; open_screen is given others, so that it changes none of these.
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    yield
    pygame.display.quit()


def press(key, name="", place=0):
    pygame.event.post(pygame.event.Event(pygame.KEYDOWN, key=key, scancode=place, unicode=name))


def test_what_is_shown_is_what_was_drawn(open_dummy):
    screen = open_dummy()
    canvas = np.zeros((180, 320, 3), np.uint8)
    canvas[:, :160] = (255, 0, 0)
    canvas[:, 160:] = (10, 200, 60)
    screen.show(canvas)
    surface = screen._window.get_surface()
    assert surface.get_at((10, 90))[:3] == (0, 0, 255)
    assert surface.get_at((300, 90))[:3] == (60, 200, 10)


def test_a_very_large_display_is_drawn_smaller_and_filled_all_the_same(open_dummy):
    screen = open_dummy(width=3840, height=2160)
    assert screen.canvas_size == (1920, 1080)
    screen.show(np.full((1080, 1920, 3), 77, np.uint8))
    assert screen._window.get_surface().get_at((3839, 2159))[:3] == (77, 77, 77)


def test_a_tiny_window_is_drawn_at_the_least_size(open_dummy, monkeypatch):
    screen = open_dummy()
    monkeypatch.setattr(type(screen), "size", property(lambda _: (40, 600)))
    assert screen.canvas_size == (64, 600)


def test_the_keys_are_heard(open_dummy):
    screen = open_dummy()
    for key in (pygame.K_q, pygame.K_ESCAPE, pygame.K_p, pygame.K_m, pygame.K_f, pygame.K_h, pygame.K_SPACE):
        press(key)
    assert screen.presses() == ["leave", "leave", "pause", "mirror", "fullscreen", "help"]
    assert screen.presses() == []


def test_a_window_that_a_person_closes_is_left(open_dummy):
    screen = open_dummy()
    pygame.event.post(pygame.event.Event(pygame.WINDOWCLOSE))
    pygame.event.post(pygame.event.Event(pygame.QUIT))
    assert screen.presses() == ["leave"]


def test_a_desktop_that_goes_is_not_taken_for_a_person(open_dummy):
    screen = open_dummy()
    pygame.event.post(pygame.event.Event(pygame.QUIT))
    with pytest.raises(DisplayError, match="the desktop has gone"):
        screen.presses()


def test_a_driver_that_is_not_there_is_named_with_its_fault(monkeypatch):
    monkeypatch.setenv("SDL_VIDEODRIVER", "nonsense")
    with pytest.raises(UnavailableError, match="nonsense: nonsense not available"):
        open_screen(OverlaySettings(), {"SDL_VIDEODRIVER": "nonsense"})


def test_every_driver_that_may_work_is_tried(monkeypatch):
    tried = []

    def refuse(driver, _):
        tried.append(driver)
        raise DisplayError("not today")

    monkeypatch.setattr(screen_module, "Screen", refuse)
    environment = {"WAYLAND_DISPLAY": "wayland-0", "DISPLAY": ":0"}
    with pytest.raises(DisplayError, match="wayland: not today; x11: not today"):
        open_screen(OverlaySettings(), environment)
    assert tried[:2] == ["wayland", "x11"]


def test_a_machine_without_a_display_is_told_so(monkeypatch):
    monkeypatch.setattr(screen_module, "drivers_to_try", lambda *_: [])
    with pytest.raises(DisplayError, match="no desktop"):
        open_screen(OverlaySettings(), {})


def test_sdl_leaves_signals_and_the_console_s_keyboard_alone():
    environment = {"SDL_VIDEODRIVER": "dummy", "SDL_FRAMEBUFFER_ACCELERATION": "opengl"}
    open_screen(OverlaySettings(), environment)
    assert (environment["SDL_NO_SIGNAL_HANDLERS"], environment["SDL_INPUT_LINUX_KEEP_KBD"]) == ("1", "1")
    assert environment["SDL_FRAMEBUFFER_ACCELERATION"] == "opengl", "what somebody has set is left alone"


def test_a_console_s_display_that_is_unplugged_is_lost(open_dummy, monkeypatch):
    plugged = ["card0-HDMI-A-1"]
    monkeypatch.setattr(screen_module, "connected", lambda: tuple(plugged))
    screen = open_dummy()
    screen._console, screen._connected = True, tuple(plugged)
    screen.check()
    plugged.clear()
    with pytest.raises(DisplayError, match="unplugged"):
        screen.check()


def test_a_display_that_refuses_a_picture_is_lost(open_dummy, monkeypatch):
    screen = open_dummy()

    class Unplugged:
        def get_surface(self):
            raise pygame.error("page flip failed")

    monkeypatch.setattr(screen, "_window", Unplugged())
    with pytest.raises(DisplayError, match="page flip failed"):
        screen.show(np.zeros((180, 320, 3), np.uint8))
