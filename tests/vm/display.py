"""What the overlay makes of the clip's picture on the machine's display, and how a look at it is judged."""

import numpy as np
from numpy.typing import NDArray

from device.demo import load_true_boxes
from device.overlay import palette
from device.overlay.draw import draw
from device.overlay.scene import Scene
from device.overlay.settings import OverlaySettings

SIZE = (1280, 720)
CLIP_SIZE = (640, 480)
SETTINGS = {"enabled": True, "driver": "kmsdrm", "mirror": False, "fps": 2.0}
"""The section ``overlay``."""
SOURCE = {"uri": "/carried/pictures", "loop": True, "fps": 1.0}
"""The section ``source``: one picture, again and again."""
TRACKER = {"lost_s": 5.0}
# Boxes glide to their places, and labels wait a moment before they say more.
SETTLED_S = 20.0

_MARKS = (
    palette.ORANGE,
    palette.SKY_BLUE,
    palette.GREEN,
    palette.YELLOW,
    palette.VERMILLION,
    palette.PURPLE,
    palette.LIGHT_GREY,
    palette.MUTED_TEXT,
)

Picture = NDArray[np.uint8]
Place = tuple[int, int, int, int]
"""Left, top, width, height on the display."""


def without_faces(picture: Picture) -> Picture:
    """What the display would show if nobody were in ``picture``, BGR."""
    scene = Scene(picture, (), 100.0, 10.0, "ok", "connected")
    return draw(scene, SIZE, OverlaySettings(mirror=False))


def place() -> Place:
    """Where the picture lies on the display."""
    white = np.full((CLIP_SIZE[1], CLIP_SIZE[0], 3), 255, np.uint8)
    rows, columns = np.nonzero((without_faces(white) == 255).all(axis=2))
    left, top = int(columns.min()), int(rows.min())
    return left, top, int(columns.max()) + 1 - left, int(rows.max()) + 1 - top


def shares_as_taken(shot: Picture, picture: Picture) -> tuple[float, float]:
    """How much of the picture is as it was taken (marks and labels cover the rest), and of what is beside it."""
    left, top, width, height = place()
    same = np.abs(shot.astype(int) - without_faces(picture)).max(axis=2) <= 2
    beside = np.hstack([same[top:, :left], same[top:, left + width :]])
    return float(same[top : top + height, left : left + width].mean()), float(beside.mean())


def marks_around_faces(shot: Picture, picture: Picture, number: int) -> dict[str, tuple[int, int]]:
    """Of each face in the clip's ``picture`` of this number: pixels of marks about its edge, and well within."""
    marked = _is_marked(shot) & ~_is_marked(without_faces(picture))
    counts = {}
    for face in load_true_boxes()[number]:
        # Haar's box is near the true one, not the same.
        within, around = (int(marked[_window(place(), face.box_xywh, grow)].sum()) for grow in (0.7, 1.3))
        counts[face.id] = (around - within, within)
    return counts


def _is_marked(pixels: Picture) -> NDArray[np.bool_]:
    return np.min([np.abs(pixels.astype(int) - colour).max(axis=2) for colour in _MARKS], axis=0) <= 2


def _window(place: Place, box_xywh: tuple[float, float, float, float], grow: float) -> tuple[slice, slice]:
    """The rows and columns of a box in the clip's pixels, its sides ``grow`` times as long, on the display."""
    (left, top, width, height), (x, y, w, h) = place, box_xywh
    scale = width / CLIP_SIZE[0]
    assert abs(scale - height / CLIP_SIZE[1]) < 0.01
    half_w, half_h = grow * w * scale / 2, grow * h * scale / 2
    middle_x, middle_y = left + (x + w / 2) * scale, top + (y + h / 2) * scale
    rows = slice(round(middle_y - half_h), round(middle_y + half_h))
    return rows, slice(round(middle_x - half_w), round(middle_x + half_w))
