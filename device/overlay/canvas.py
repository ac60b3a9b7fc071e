"""Shapes on a picture, clipped to it: panels, bars, words."""

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from device.overlay.palette import Colour
from device.overlay.text import Run

Pixels = NDArray[np.uint8]

_FRACTION_BITS = 4


@dataclass(frozen=True, slots=True)
class Rect:
    """Whole pixels: left, top, width, height."""

    x: int
    y: int
    w: int
    h: int

    @property
    def right(self) -> int:
        """The first column beyond it."""
        return self.x + self.w

    @property
    def bottom(self) -> int:
        """The first row below it."""
        return self.y + self.h

    def overlap(self, other: "Rect") -> int:
        """Pixels in common with ``other``."""
        width = min(self.right, other.right) - max(self.x, other.x)
        height = min(self.bottom, other.bottom) - max(self.y, other.y)
        return width * height if width > 0 and height > 0 else 0

    def clipped(self, to: "Rect") -> "Rect":
        """The part inside ``to``; of size 0 where there is none."""
        left, top = max(self.x, to.x), max(self.y, to.y)
        width, height = min(self.right, to.right) - left, min(self.bottom, to.bottom) - top
        return Rect(left, top, max(0, width), max(0, height))

    def moved_into(self, area: "Rect") -> "Rect":
        """The same size, moved as little as puts it inside ``area``; at its left and top where it does not fit."""
        x = max(area.x, min(self.x, area.right - self.w))
        y = max(area.y, min(self.y, area.bottom - self.h))
        return Rect(x, y, self.w, self.h)

    def grown(self, by_px: int) -> "Rect":
        """With a margin on every side."""
        return Rect(self.x - by_px, self.y - by_px, self.w + 2 * by_px, self.h + 2 * by_px)


def frame_of(canvas: Pixels) -> Rect:
    """All of ``canvas``."""
    return Rect(0, 0, canvas.shape[1], canvas.shape[0])


def fill_panel(canvas: Pixels, rect: Rect, radius_px: int, grey: int, opacity: float) -> None:
    """Lay a grey sheet with round corners over ``rect``, 0 (not to be seen) to 1 opaque."""
    rect = rect.clipped(frame_of(canvas))
    if not rect.w or not rect.h:
        return
    sheet = canvas[rect.y : rect.bottom, rect.x : rect.right]
    radius = min(radius_px, rect.w // 2, rect.h // 2)
    ends = [
        (rows, columns)
        for rows in (slice(0, radius), slice(-radius, None))
        for columns in (slice(0, radius), slice(-radius, None))
    ]
    corners = [sheet[rows, columns].copy() for rows, columns in ends] if radius else []
    sheet[:] = cv2.convertScaleAbs(sheet, alpha=1.0 - opacity, beta=grey * opacity)
    quarter = _quarter(radius)
    for (rows, columns), before, mask in zip(ends, corners, _turned(quarter), strict=False):
        inside = sheet[rows, columns]
        inside[:] = before + (inside.astype(np.float32) - before) * mask


def fill_rect(canvas: Pixels, rect: Rect, colour: Colour) -> None:
    """An opaque rectangle."""
    seen = rect.clipped(frame_of(canvas))
    if seen.w and seen.h:
        # Many times as fast as NumPy's broadcasting of three bytes.
        cv2.rectangle(canvas, (seen.x, seen.y), (seen.right - 1, seen.bottom - 1), colour, cv2.FILLED)


def fill_rounded(canvas: Pixels, rect: Rect, radius_px: int, colour: Colour) -> None:
    """An opaque rectangle with round corners."""
    radius = min(radius_px, rect.w // 2, rect.h // 2)
    fill_rect(canvas, Rect(rect.x + radius, rect.y, rect.w - 2 * radius, rect.h), colour)
    fill_rect(canvas, Rect(rect.x, rect.y + radius, rect.w, rect.h - 2 * radius), colour)
    for x in (rect.x + radius, rect.right - 1 - radius):
        for y in (rect.y + radius, rect.bottom - 1 - radius):
            fill_disc(canvas, (x, y), radius, colour)


def stroke_rect(canvas: Pixels, rect: Rect, colour: Colour, thickness_px: int) -> None:
    """Draw the outline of ``rect``, centred on its edge."""
    cv2.rectangle(canvas, (rect.x, rect.y), (rect.right - 1, rect.bottom - 1), colour, thickness_px, cv2.LINE_8)


def stroke_corners(canvas: Pixels, rect: Rect, colour: Colour, thickness_px: int) -> None:
    """Draw the four corners of ``rect`` alone."""
    arm = max(2, min(rect.w, rect.h) // 5)
    right, bottom = rect.right - 1, rect.bottom - 1
    for x, inwards_x in ((rect.x, 1), (right, -1)):
        for y, inwards_y in ((rect.y, 1), (bottom, -1)):
            elbow = np.array([(x + inwards_x * arm, y), (x, y), (x, y + inwards_y * arm)], np.int32)
            cv2.polylines(canvas, [elbow], isClosed=False, color=colour, thickness=thickness_px, lineType=cv2.LINE_8)


def fill_bar(canvas: Pixels, rect: Rect, share: float, colour: Colour, track: Colour) -> None:
    """A bar with round ends: ``track`` all along, ``colour`` from the left as far as ``share``, 0 to 1."""
    _pill(canvas, rect, track)
    # The same shape on a canvas that ends where the share does: a small share looks small.
    _pill(canvas[:, : max(0, rect.x + round(share * rect.w))], rect, colour)


def fill_disc(canvas: Pixels, centre: tuple[int, int], radius_px: int, colour: Colour) -> None:
    """A filled circle."""
    cv2.circle(canvas, centre, radius_px, colour, cv2.FILLED, cv2.LINE_AA)


def put_run(canvas: Pixels, run: Run, at: tuple[int, int], colour: Colour) -> None:
    """Write ``run`` so that it begins at ``at`` (x, y), y being the baseline."""
    x, y = at[0] + run.left_px, at[1] + run.top_px
    height, width = run.coverage.shape
    seen = Rect(x, y, width, height).clipped(frame_of(canvas))
    if not seen.w or not seen.h:
        return
    coverage = cv2.merge([run.coverage[seen.y - y : seen.bottom - y, seen.x - x : seen.right - x]] * 3)
    under = canvas[seen.y : seen.bottom, seen.x : seen.right]
    ground = cv2.multiply(under, cv2.bitwise_not(coverage), scale=1 / 255)
    cv2.add(ground, cv2.multiply(coverage, np.array((*colour, 0.0)), scale=1 / 255), dst=under)


def _pill(canvas: Pixels, rect: Rect, colour: Colour) -> None:
    unit = 1 << _FRACTION_BITS
    radius = rect.h / 2
    middle_y = round((rect.y + radius - 0.5) * unit)
    left, right = rect.x + radius - 0.5, rect.right - radius - 0.5
    ends = (round(left * unit), middle_y), (round(max(left, right) * unit), middle_y)
    cv2.line(canvas, *ends, colour, max(1, rect.h), cv2.LINE_AA, _FRACTION_BITS)


@lru_cache(16)
def _quarter(radius: int) -> NDArray[np.float32]:
    """Coverage of a round corner, upper left, float32 (radius, radius, 1)."""
    away = radius - 0.5 - np.arange(radius, dtype=np.float32)
    distance = np.sqrt(away[:, None] ** 2 + away[None, :] ** 2)
    return np.clip(radius + 0.5 - distance, 0.0, 1.0).astype(np.float32)[..., None]


def _turned(quarter: NDArray[np.float32]) -> tuple[NDArray[np.float32], ...]:
    """Upper left, upper right, lower left, lower right."""
    return quarter, quarter[:, ::-1], quarter[::-1], quarter[::-1, ::-1]
