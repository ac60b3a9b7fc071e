import sys
from pathlib import Path

import numpy as np
import pytest

from device.errors import UnavailableError
from trainer.photos import PictureAnswer
from trainer.show import Window, open_window

ANSWER = PictureAnswer(Path("empty.jpg"), 64, 64, ())
PIXELS = np.zeros((64, 64, 3), np.uint8)


class FakeDisplay:
    canvas_size = (320, 240)

    def __init__(self, presses=()):
        self.shown, self._presses = [], list(presses)

    def show(self, canvas):
        self.shown.append(canvas.shape)

    def presses(self):
        return self._presses.pop(0) if self._presses else []

    def close(self):
        pass


@pytest.fixture(autouse=True)
def _needs_pillow():
    pytest.importorskip("PIL", reason="the overlay needs Pillow: pip install 'affectd[overlay]'")


def test_pictures_are_shown_one_after_the_other_at_the_display_s_size():
    display = FakeDisplay()
    window = Window(display, each_s=0.0)
    window.show(ANSWER, PIXELS)
    window.show(ANSWER, PIXELS)
    assert display.shown == [(240, 320, 3)] * 2


def test_after_the_window_was_closed_no_more_is_shown():
    display = FakeDisplay([["mirror"], ["leave"]])
    window = Window(display, each_s=60.0)
    window.show(ANSWER, PIXELS)
    window.show(ANSWER, PIXELS)
    assert len(display.shown) == 1


def test_without_pygame_the_user_is_told_what_to_install(monkeypatch):
    monkeypatch.delitem(sys.modules, "device.overlay.screen", raising=False)
    monkeypatch.setitem(sys.modules, "pygame", None)
    with pytest.raises(UnavailableError, match=r"needs pygame.*affectd\[overlay\]"), open_window():
        pass


def test_without_a_screen_the_user_is_told_of_another_way(monkeypatch):
    pytest.importorskip("pygame")
    from device.overlay import screen

    def no_display(_settings):
        raise UnavailableError("this machine has no display")

    monkeypatch.setattr(screen, "open_screen", no_display)
    with pytest.raises(UnavailableError, match="no display; write the pictures with --annotate"), open_window():
        pass
