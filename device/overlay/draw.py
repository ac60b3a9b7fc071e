"""Pixels of one moment: the picture, the faces in it and the state of the device. OpenCV, NumPy and Pillow alone."""

import cv2
import numpy as np
from numpy.typing import NDArray

from device.overlay.scene import Scene
from device.overlay.settings import OverlaySettings
from device.overlay.view import View

Canvas = NDArray[np.uint8]


class Drawer:
    """Draws scene after scene for one display, and remembers what smooth motion and dimming need.

    All times are monotonic seconds of the caller's choice: the display's clock (``time.monotonic()``) on a screen, the
    pictures' own time in a recording. They must not go back.

    Args:
        settings: the configuration's section ``overlay``.

    Raises:
        UnavailableError: Pillow is not installed, or ``settings.font`` cannot be read.
    """

    def __init__(self, settings: OverlaySettings) -> None:
        self._settings = settings

    def draw(self, scene: Scene, size: tuple[int, int], view: View, now_s: float) -> Canvas:  # noqa: ARG002
        """The newest ``scene`` as a new uint8 (height, width, 3) BGR array; the same scene may be drawn many times.

        Args:
            scene: what is known now.
            size: (width, height) of the display in pixels, at least 64 x 64; it may change from call to call.
            view: what the person has chosen.
            now_s: the time of this drawing.
        """
        width, height = size
        canvas = np.zeros((height, width, 3), np.uint8)
        if scene.source == "ok" and scene.picture is not None and view.privacy == "full":
            bgr = cv2.cvtColor(scene.picture, cv2.COLOR_GRAY2BGR) if scene.picture.ndim == 2 else scene.picture
            canvas[:] = cv2.resize(bgr, size)
        return canvas

    @property
    def idle(self) -> bool:
        """Whether the last drawing was dimmed, so that a slower rate will do."""
        return False


def draw(scene: Scene, size: tuple[int, int], settings: OverlaySettings, view: View | None = None) -> Canvas:
    """One scene by itself, uint8 (height, width, 3) BGR; ``view`` is the one of ``settings`` where None.

    Raises:
        UnavailableError: see ``Drawer``.
    """
    return Drawer(settings).draw(scene, size, view or View.of(settings), scene.time_s)
