"""The bar that says whether the camera is on, how fast the sensor is and whether its events arrive."""

from dataclasses import dataclass
from typing import Literal

from device.overlay.canvas import Rect, fill_disc, fill_rect
from device.overlay.icons import draw_check, draw_cross, draw_ring, draw_warning
from device.overlay.palette import GREEN, GROUND, MUTED_TEXT, ORANGE, TEXT, VERMILLION, Colour
from device.overlay.pen import Pen
from device.overlay.scale import Scale
from device.overlay.scene import Scene
from device.overlay.settings import PrivacyMode
from device.overlay.text import Typeface

Icon = Literal["on", "off", "ok", "warning", "none"]

_ON_WORDS: dict[PrivacyMode, str] = {
    "full": "Camera on",
    "blur": "Camera on, faces blurred",
    "boxes": "Camera on, picture hidden",
}


_SMALLEST = 8


@dataclass(frozen=True, slots=True)
class Item:
    """One statement of the bar: a shape, then words; never a colour alone."""

    icon: Icon
    text: str
    colour: Colour


def items(scene: Scene, privacy: PrivacyMode, frozen_s: float | None) -> tuple[Item, tuple[Item, ...]]:
    """What stands at the left of the bar, and what at its right.

    Args:
        scene: what is known.
        privacy: how much of the picture is shown.
        frozen_s: for how long no new picture has come, seconds, where that is worth telling.
    """
    if scene.source == "paused":
        camera = Item("off", "Camera off", MUTED_TEXT)
    elif scene.source == "pausing":
        camera = Item("warning", "Camera closing", ORANGE)
    elif scene.source == "lost":
        camera = Item("warning", "Camera lost", ORANGE)
    else:
        camera = Item("on", _ON_WORDS[privacy], VERMILLION)
    right = []
    if scene.source == "ok" and frozen_s is not None:
        right.append(Item("warning", f"no new picture for {frozen_s:.0f} s", ORANGE))
    elif scene.source == "ok" and scene.fps is not None:
        right.append(Item("none", f"{scene.fps:.0f} fps" if scene.fps >= 9.95 else f"{scene.fps:.1f} fps", MUTED_TEXT))
    if scene.broker == "connected":
        right.append(Item("ok", "Broker", GREEN))
    elif scene.broker == "away":
        right.append(Item("warning", "Broker away", ORANGE))
    return camera, tuple(right)


def bar_height(scale: Scale) -> int:
    """Pixels that the bar takes of the display."""
    return round(1.7 * scale.small)


def draw_status(pen: Pen, bar: Rect, left: Item, right: tuple[Item, ...]) -> None:
    """Draw the bar into ``bar``; items that find no room are left out, the camera's never is."""
    fill_rect(pen.canvas, bar, GROUND)
    margin = 2 * pen.scale.gap
    small = pen.scale.small
    while small > _SMALLEST and 2 * margin + _width(left, small, pen.face) > bar.w:
        small -= 1
    end_x = margin + _width(left, small, pen.face)
    _draw_item(pen, left, (bar.x + margin, bar.y + bar.h // 2), small)
    x = bar.right - margin
    for item in reversed(right):
        x -= _width(item, small, pen.face)
        if x < end_x + margin:
            break
        _draw_item(pen, item, (x, bar.y + bar.h // 2), small)
        x -= 2 * margin


def _width(item: Item, small: int, face: Typeface) -> int:
    return _icon_w(item, small) + face.width(item.text, small)


def _icon_w(item: Item, small: int) -> int:
    return 0 if item.icon == "none" else round(1.15 * small)


def _draw_item(pen: Pen, item: Item, at: tuple[int, int], small: int) -> None:
    """Draw one item from ``at`` on, (x, y) of the middle of its left edge."""
    cap = pen.face.cap_px(small)
    x, middle_y = at
    centre = (x + cap // 2, middle_y)
    if item.icon == "on":
        fill_disc(pen.canvas, centre, max(2, round(0.3 * cap)), item.colour)
        draw_ring(pen.canvas, centre, max(3, round(0.58 * cap)), item.colour, max(1, cap // 10))
    elif item.icon == "off":
        draw_cross(pen.canvas, centre, cap // 2, item.colour)
    elif item.icon == "ok":
        draw_check(pen.canvas, centre, cap // 2, item.colour)
    elif item.icon == "warning":
        draw_warning(pen.canvas, centre, round(0.62 * cap), item.colour)
    ink = MUTED_TEXT if item.icon == "none" else TEXT
    pen.write(item.text, (x + _icon_w(item, small), middle_y + cap // 2), small, ink)
