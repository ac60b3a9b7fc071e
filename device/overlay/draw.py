"""Pixels of one moment: the picture, the faces in it and the state of the device. OpenCV, NumPy and Pillow alone."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from device.overlay.canvas import Rect, fill_panel, fill_rect
from device.overlay.display_options import KEYS, DisplayOptions
from device.overlay.labels import Label, LabelPainter
from device.overlay.marks import Arranger, Mark, draw_marks
from device.overlay.motion import Motion
from device.overlay.palette import FIELD, GROUND
from device.overlay.pen import Pen
from device.overlay.picture import fit, letterbox, to_screen
from device.overlay.privacy import Veil, blur_faces
from device.overlay.scale import Scale
from device.overlay.scene import FaceMark, Scene
from device.overlay.settings import OverlaySettings
from device.overlay.status import bar_height, draw_status, items
from device.overlay.status_screens import draw_help, draw_idle, draw_lost, draw_paused, draw_starting
from device.overlay.text import typeface
from device.records import RelativeBox

Canvas = NDArray[np.uint8]

FROZEN_AFTER_S = 3.0
"""A sensor that sends nothing new for so long is told of: the picture looks live and is not."""
_DIMMED = 0.72
_DIMMING_S = 1.0
_LEAST_IN_VIEW = 0.3


@dataclass(slots=True)
class _Fitted:
    """The last picture as it was put on the display, which mostly asks faster than the sensor answers."""

    picture: Canvas
    rect: Rect
    view: DisplayOptions
    blurred: tuple[RelativeBox, ...]
    pixels: Canvas


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
        self._face = typeface(settings.font)
        self._motion = Motion()
        self._veil = Veil()
        self._arranger = Arranger()
        self._fitted: _Fitted | None = None
        self._scene: Scene | None = None
        self._renewed_s = -math.inf
        self._face_seen_s = math.inf
        self._dimming = 0.0

    def draw(self, scene: Scene, size: tuple[int, int], view: DisplayOptions, now_s: float) -> Canvas:
        """The newest ``scene`` as a new uint8 (height, width, 3) BGR array; the same scene may be drawn many times.

        Args:
            scene: what is known now.
            size: (width, height) of the display in pixels, at least 64 x 64; it may change from call to call.
            view: what the person has chosen.
            now_s: the time of this drawing.
        """
        self._note(scene, now_s)
        canvas = np.full((size[1], size[0], 3), GROUND[0], np.uint8)
        pen = Pen(canvas, self._face, Scale.of(size, self._settings.text_scale, self._face))
        bar = Rect(0, 0, size[0], bar_height(pen.scale) if view.status_shown else 0)
        area = Rect(0, bar.h, size[0], size[1] - bar.h)
        if scene.source in {"paused", "pausing"}:
            draw_paused(pen, area)
        elif scene.source == "lost":
            draw_lost(pen, area)
        elif scene.picture is None and scene.aspect is None:
            draw_starting(pen, area)
        else:
            self._draw_watching(pen, area, scene, view, now_s)
        if view.status_shown:
            frozen_s = now_s - self._renewed_s
            draw_status(pen, bar, *items(scene, view.privacy, frozen_s if frozen_s >= FROZEN_AFTER_S else None))
        if view.help_shown:
            draw_help(pen, area, KEYS)
        return canvas

    @property
    def idle(self) -> bool:
        """Whether the last drawing was dimmed, so that a slower rate will do."""
        return self._dimming > 0.0

    def _note(self, scene: Scene, now_s: float) -> None:
        if self._scene is None or (scene.time_s, scene.source) != (self._scene.time_s, self._scene.source):
            self._renewed_s = now_s
        self._scene = scene
        watching = scene.source == "ok" and (scene.picture is not None or scene.aspect is not None)
        if not watching or scene.faces:
            self._face_seen_s = now_s
        self._face_seen_s = min(self._face_seen_s, now_s)
        alone_s = now_s - self._face_seen_s - self._settings.idle_after_s
        never = not self._settings.idle_after_s
        self._dimming = 0.0 if never else min(max(alone_s / _DIMMING_S, 0.0), 1.0)

    def _draw_watching(self, pen: Pen, area: Rect, scene: Scene, view: DisplayOptions, now_s: float) -> None:
        rect = self._draw_picture(pen.canvas, area, scene, view, now_s)
        if self._dimming:
            fill_panel(pen.canvas, area, 0, 0, _DIMMED * self._dimming)
            draw_idle(pen, area)
        shown = self._motion.follow(scene.faces, now_s)
        marks = [
            Mark(
                face.track_id,
                to_screen(shown[face.track_id], rect, mirrored=view.mirrored),
                Label.of(face, self._settings),
                face.visible,
            )
            for face in scene.faces
            if _is_in_view(face, rect)
        ]
        painter = LabelPainter(self._face, pen.scale, area.w - 2 * pen.scale.gap)
        arrangement = self._arranger.arrange(marks, painter, area.grown(-pen.scale.gap), now_s)
        draw_marks(pen.canvas, marks, arrangement, painter, pen.scale.stroke)

    def _draw_picture(self, canvas: Canvas, area: Rect, scene: Scene, view: DisplayOptions, now_s: float) -> Rect:
        """Put the picture, or what stands for it, into ``area``; returns where it is."""
        picture = scene.picture
        aspect = scene.aspect if picture is None else picture.shape[1] / picture.shape[0]
        rect = letterbox(aspect or 1.0, area)
        if picture is None or view.privacy == "boxes":
            fill_rect(canvas, rect, FIELD)
            return rect
        blurred = self._veil.boxes(scene, now_s) if view.privacy == "blur" else ()
        fitted = self._fitted
        is_same = fitted and fitted.picture is picture and (fitted.rect, fitted.view) == (rect, view)
        if fitted is None or not is_same or fitted.blurred != blurred:
            safe = blur_faces(picture, blurred) if blurred else picture
            pixels = fit(safe, rect, mirrored=view.mirrored)
            fitted = self._fitted = _Fitted(picture, rect, view, blurred, pixels)
        canvas[rect.y : rect.bottom, rect.x : rect.right] = fitted.pixels
        return rect


def _is_in_view(face: FaceMark, picture: Rect) -> bool:
    """Whether enough of it is: boxes are cut at the picture's edge, and one that moves on is a sliver."""
    width, height = face.box.w * picture.w, face.box.h * picture.h
    return face.visible or min(width, height) > _LEAST_IN_VIEW * max(width, height)


def draw(scene: Scene, size: tuple[int, int], settings: OverlaySettings, view: DisplayOptions | None = None) -> Canvas:
    """One scene by itself, uint8 (height, width, 3) BGR; ``view`` is the one of ``settings`` where None.

    Raises:
        UnavailableError: see ``Drawer``.
    """
    return Drawer(settings).draw(scene, size, view or DisplayOptions.of(settings), scene.time_s)
