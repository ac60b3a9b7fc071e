"""Small signs that are told apart by their shape."""

import cv2
import numpy as np

from device.overlay.canvas import Pixels, Rect, fill_disc, fill_rounded
from device.overlay.palette import GROUND, Colour

_FRACTION_BITS = 4
_UNIT = 1 << _FRACTION_BITS

Point = tuple[float, float]


def draw_ring(canvas: Pixels, centre: tuple[int, int], radius_px: int, colour: Colour, thickness_px: int) -> None:
    """A circle."""
    cv2.circle(canvas, centre, radius_px, colour, thickness_px, cv2.LINE_AA)


def draw_check(canvas: Pixels, centre: tuple[int, int], radius_px: int, colour: Colour) -> None:
    """A tick."""
    corners = _around(centre, radius_px, ((-0.9, 0.05), (-0.25, 0.7), (0.95, -0.7)))
    _polyline(canvas, corners, colour, max(1, 2 * radius_px // 7))


def draw_cross(canvas: Pixels, centre: tuple[int, int], radius_px: int, colour: Colour) -> None:
    """An upright x."""
    for slope in (-1.0, 1.0):
        ends = _around(centre, radius_px, ((-0.75, -0.75 * slope), (0.75, 0.75 * slope)))
        _polyline(canvas, ends, colour, max(1, 2 * radius_px // 7))


def draw_warning(canvas: Pixels, centre: tuple[int, int], radius_px: int, colour: Colour) -> None:
    """A triangle with an exclamation mark."""
    corners = _fixed(_around(centre, radius_px, ((0.0, -1.0), (1.1, 0.85), (-1.1, 0.85))))
    cv2.fillPoly(canvas, [corners], colour, cv2.LINE_AA, _FRACTION_BITS)
    thickness = max(1, round(radius_px * 0.2))
    _polyline(canvas, _around(centre, radius_px, ((0.0, -0.35), (0.0, 0.2))), GROUND, thickness)
    fill_disc(canvas, (centre[0], round(centre[1] + 0.58 * radius_px)), max(1, thickness // 2), GROUND)


def draw_pause(canvas: Pixels, centre: tuple[int, int], radius_px: int, colour: Colour) -> None:
    """Two bars in a circle."""
    draw_ring(canvas, centre, radius_px, colour, max(2, radius_px // 9))
    width, height = max(2, round(0.2 * radius_px)), round(0.84 * radius_px)
    for offset in (-0.38, 0.18):
        left = round(centre[0] + offset * radius_px)
        fill_rounded(canvas, Rect(left, centre[1] - height // 2, width, height), width // 4, colour)


def draw_waiting(canvas: Pixels, centre: tuple[int, int], radius_px: int, colour: Colour) -> None:
    """Three dots in a circle."""
    draw_ring(canvas, centre, radius_px, colour, max(2, radius_px // 9))
    for offset in (-0.45, 0.0, 0.45):
        fill_disc(canvas, (round(centre[0] + offset * radius_px), centre[1]), max(1, round(0.12 * radius_px)), colour)


def draw_key(canvas: Pixels, rect: Rect, radius_px: int, edge: Colour, top: Colour) -> None:
    """A key's cap."""
    fill_rounded(canvas, rect, radius_px, edge)
    rim = max(1, rect.h // 16)
    fill_rounded(canvas, Rect(rect.x + rim, rect.y + rim, rect.w - 2 * rim, rect.h - 3 * rim), radius_px - rim, top)


def _around(centre: tuple[int, int], radius_px: int, points: tuple[Point, ...]) -> list[Point]:
    return [(centre[0] + x * radius_px, centre[1] + y * radius_px) for x, y in points]


def _fixed(points: list[Point]) -> "np.ndarray[tuple[int, ...], np.dtype[np.int32]]":
    return np.round(np.array(points) * _UNIT).astype(np.int32)


def _polyline(canvas: Pixels, points: list[Point], colour: Colour, thickness_px: int) -> None:
    cv2.polylines(
        canvas,
        [_fixed(points)],
        isClosed=False,
        color=colour,
        thickness=thickness_px,
        lineType=cv2.LINE_AA,
        shift=_FRACTION_BITS,
    )
