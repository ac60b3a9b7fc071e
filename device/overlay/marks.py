"""The boxes of faces and their labels, arranged so that they stay readable."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2

from device.overlay.canvas import Pixels, Rect, stroke_corners, stroke_rect
from device.overlay.labels import DETAILS, Detail, Label, LabelPainter
from device.overlay.layout import Place, Rules, Wish, arrange, nearest_free
from device.overlay.palette import HALO

RICHER_AFTER_S = 1.0
"""How long there must have been room before labels say more again."""
_APART = "apart"
_MAY_STAND_APART: tuple[Detail, ...] = ("tag", "number")
_MOST_COVERED: dict[Detail, float] = {"bars": 0.12, "strip": 0.2, "tag": 0.34, "number": 0.34}
_MOST_APART = 0.25  # share of tags: of more, the lines to their faces would cross, and they would hide other faces


@dataclass(frozen=True, slots=True)
class Mark:
    """One face on the display."""

    track_id: int
    box: Rect
    label: Label
    visible: bool


@dataclass(frozen=True, slots=True)
class Arrangement:
    """How much every label says, and where each goes, in the order of the marks; None for one without room."""

    detail: Detail
    places: tuple[Place | None, ...]


class Arranger:
    """Chooses how much every label says and where it goes, and keeps to its choice while that does.

    All labels say equally much: the most for which there is room. When there is more room again they wait a moment
    before they grow, so that they do not flicker.
    """

    def __init__(self) -> None:
        self._sides: dict[int, str] = {}
        self._detail: Detail = DETAILS[0]
        self._room_since_s = math.inf

    def arrange(self, marks: Sequence[Mark], painter: LabelPainter, area: Rect, now_s: float) -> Arrangement:
        """How much the labels of ``marks`` say at ``now_s``, seconds, and where in ``area`` they go."""
        arrangement = self._richest(marks, painter, area)
        if DETAILS.index(arrangement.detail) < DETAILS.index(self._detail) and self._sides:
            self._room_since_s = min(self._room_since_s, now_s)
            if now_s - self._room_since_s < RICHER_AFTER_S:
                arrangement = Arrangement(self._detail, self._place(marks, painter, area, self._detail))
        else:
            self._room_since_s = math.inf
        self._detail = arrangement.detail
        placed = zip(marks, arrangement.places, strict=True)
        self._sides = {mark.track_id: place.side for mark, place in placed if place is not None}
        return arrangement

    def _richest(self, marks: Sequence[Mark], painter: LabelPainter, area: Rect) -> Arrangement:
        for detail in DETAILS[:-1]:
            places = self._place(marks, painter, area, detail)
            apart = sum(place is not None and place.side == _APART for place in places)
            if all(places) and apart <= _MOST_APART * len(marks):
                return Arrangement(detail, places)
        return Arrangement(DETAILS[-1], self._place(marks, painter, area, DETAILS[-1]))

    def _place(
        self, marks: Sequence[Mark], painter: LabelPainter, area: Rect, detail: Detail
    ) -> tuple[Place | None, ...]:
        rules = Rules(area, painter.gap_px, _MOST_COVERED[detail])
        wishes = [Wish(mark.box, painter.size(mark.label, detail), self._sides.get(mark.track_id)) for mark in marks]
        places = arrange(wishes, rules)
        if detail not in _MAY_STAND_APART:
            return tuple(places)
        placed = [place.rect for place in places if place]
        for index, wish in enumerate(wishes):
            if places[index] is None and (rect := nearest_free(wish, placed, rules)):
                places[index] = Place(rect, _APART)
                placed.append(rect)
        return tuple(places)


def draw_marks(
    canvas: Pixels, marks: Sequence[Mark], arrangement: Arrangement, painter: LabelPainter, stroke_px: int
) -> None:
    """Draw all boxes, then all labels; a face that is only expected where its box is has corners instead of a box."""
    for mark in marks:
        stroke = stroke_rect if mark.visible else stroke_corners
        stroke(canvas, mark.box, HALO, stroke_px + 2 * max(1, stroke_px // 2))
        stroke(canvas, mark.box, mark.label.colour, stroke_px)
    placed = [(mark, place) for mark, place in zip(marks, arrangement.places, strict=True) if place]
    for mark, place in placed:
        if place.side == _APART:
            _draw_leader(canvas, mark, place.rect, max(1, stroke_px // 2))
    for mark, place in placed:
        painter.draw(canvas, mark.label, arrangement.detail, place.rect)


def _draw_leader(canvas: Pixels, mark: Mark, label: Rect, thickness_px: int) -> None:
    """A line from a label that found no place beside its box."""
    box = mark.box
    x, y = label.x + label.w // 2, label.y + label.h // 2
    nearest = (min(max(x, box.x), box.right - 1), min(max(y, box.y), box.bottom - 1))
    cv2.line(canvas, nearest, (x, y), mark.label.colour, thickness_px, cv2.LINE_AA)
