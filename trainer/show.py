"""Annotated pictures in a window, one after the other, through the overlay's extra."""

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from device.errors import UnavailableError
from device.overlay.settings import OverlaySettings
from trainer.photos import PictureAnswer
from trainer.predict import annotated

EACH_S = 3.0
"""How long a picture stands before the next."""
_POLL_S = 0.05


class Display(Protocol):
    """What is used of ``device.overlay.screen.Screen``."""

    @property
    def canvas_size(self) -> tuple[int, int]: ...  # noqa: D102
    def show(self, canvas: NDArray[np.uint8]) -> None: ...  # noqa: D102
    def presses(self) -> Sequence[str]: ...  # noqa: D102
    def close(self) -> None: ...  # noqa: D102


class Window:
    """Shows pictures on ``display``, ``each_s`` seconds each, until it is closed (by its frame, q or Escape)."""

    def __init__(self, display: Display, each_s: float = EACH_S) -> None:
        self._display = display
        self._each_s = each_s
        self.closed = False

    def show(self, answer: PictureAnswer, pixels: NDArray[np.uint8]) -> None:
        """Show one; returns at once when the window was closed."""
        if self.closed:
            return
        self._display.show(annotated(answer, pixels, self._display.canvas_size))
        ends_s = time.monotonic() + self._each_s
        while not self.closed:
            self.closed = "leave" in self._display.presses()
            if time.monotonic() >= ends_s:
                return
            time.sleep(_POLL_S)


@contextmanager
def open_window() -> Iterator[Window]:
    """A window on this computer's screen.

    Raises:
        UnavailableError: pygame is not installed, or there is no screen.
    """
    os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
    try:
        from device.overlay.screen import open_screen
    except ImportError as error:
        raise UnavailableError(f"--show needs pygame ({error})", "pip install 'affectd[overlay]'") from error
    try:
        screen = open_screen(OverlaySettings())
    except UnavailableError as error:
        raise UnavailableError(f"--show: {error.reason}", "write the pictures with --annotate DIR instead") from error
    try:
        yield Window(screen)
    finally:
        screen.close()
