"""Annotated pictures in a window, one after the other, through the overlay's extra."""

import time
from collections.abc import Sequence

from device.errors import UnavailableError
from device.overlay.settings import OverlaySettings
from trainer.photos import PictureAnswer
from trainer.predict import annotated

_POLL_S = 0.05
_EACH_S = 4.0


def show(answers: Sequence[PictureAnswer]) -> None:
    """Show each picture for four seconds; q, Escape or closing the window ends it.

    Raises:
        UnavailableError: pygame is not installed, or there is no screen.
    """
    try:
        from device.overlay.screen import open_screen
    except ImportError as error:
        raise UnavailableError(f"--show needs pygame ({error})", "pip install 'affectd[overlay]'") from error
    try:
        screen = open_screen(OverlaySettings())
    except UnavailableError as error:
        raise UnavailableError(
            f"there is no screen to show pictures on: {error.reason}", "write them with --annotate"
        ) from error
    try:
        for answer in answers:
            screen.show(_letterboxed(annotated(answer), screen.size))
            ends_s = time.monotonic() + _EACH_S
            while time.monotonic() < ends_s:
                if "leave" in screen.presses():
                    return
                time.sleep(_POLL_S)
    finally:
        screen.close()
