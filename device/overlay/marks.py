"""The boxes of faces and their labels, arranged so that they stay readable."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2

from device.overlay.canvas import Pixels, Rect, stroke_corners, stroke_rect
from device.overlay.labels import DETAILS, Detail, Label, LabelPainter
from device.overlay.layout import Place, Wish, arrange, nearest_free
from device.overlay.palette import Colour

_RICHER_AFTER_S = 1.0
_MOST_COVERED: dict[Detail, float] = {"bars": 0.12, "strip": 0.2, "tag": 0.34}
_HALO: Colour = (16, 16, 16)


@dataclass(frozen=True, slots=True)
class Mark:
    """One face on the display."""

    track_id: int
    box: Rect
    label: Label
    visible: bool


class Arranger:
    """Chooses how much every label says and where it goes, and keeps to its choice while that does.

    All labels say equally much: the most for which there is room. When there is more room again they wait a moment
    before they grow, so that they do not flicker.
    """

    def __init__(self) -> None:
        self._sides: dict[int, str] = {}
        self._detail: Detail = DETAILS[0]
        self._room_since_s = math.inf

    def arrange(
        self, marks: Sequence[Mark], painter: LabelPainter, area: Rect, gap_px: int, now_s: float
    ) -> tuple[Detail, list[Place | None]]:
        """How much the labels of ``marks`` say at ``now_s``, seconds, and where each goes; None where it cannot."""
        detail, places = self._richest(marks, painter, area, gap_px)
        if DETAILS.index(detail) < DETAILS.index(self._detail):
            self._room_since_s = min(self._room_since_s, now_s)
            if now_s - self._room_since_s < _RICHER_AFTER_S and self._sides:
                detail = self._detail
                places = self._place(marks, painter, area, gap_px, detail)
        if detail == self._detail:
            pass
        else:
            self._detail, self._room_since_s = detail, math.inf
        self._sides = {
            mark.track_id: place.side for mark, place in zip(marks, places, strict=True) if place is not None
        }
        return detail, places

    def _richest(
        self, marks: Sequence[Mark], painter: LabelPainter, area: Rect, gap_px: int
    ) -> tuple[Detail, list[Place | None]]:
        for detail in DETAILS[:-1]:
            places = self._place(marks, painter, area, gap_px, detail)
            if all(places):
                return detail, places
        return DETAILS[-1], self._place(marks, painter, area, gap_px, DETAILS[-1])

    def _place(
        self, marks: Sequence[Mark], painter: LabelPainter, area: Rect, gap_px: int, detail: Detail
    ) -> list[Place | None]:
        wishes = [Wish(mark.box, painter.size(mark.label, detail), self._sides.get(mark.track_id)) for mark in marks]
        places = arrange(wishes, area, gap_px, _MOST_COVERED[detail])
        if detail != DETAILS[-1]:
            return places
        placed = [place.rect for place in places if place]
        for index, wish in enumerate(wishes):
            if places[index] is None:
                rect = nearest_free(wish, placed, area, gap_px)
                if rect:
                    places[index] = Place(rect, "apart")
                    placed.append(rect)
        return places


def draw_marks(
    canvas: Pixels,
    marks: Sequence[Mark],
    places: Sequence[Place | None],
    detail: Detail,
    painter: LabelPainter,
    stroke_px: int,
) -> None:
    """Draw all boxes, then all labels; a face that is only expected where its box is has corners instead of a box."""
    for mark in marks:
        stroke = stroke_rect if mark.visible else stroke_corners
        stroke(canvas, mark.box, _HALO, 2 * stroke_px + 1)
        stroke(canvas, mark.box, mark.label.colour, stroke_px)
    for mark, place in zip(marks, places, strict=True):
        if place:
            _draw_leader(canvas, mark, place.rect, stroke_px)
            painter.draw(canvas, mark.label, detail, place.rect)


def _draw_leader(canvas: Pixels, mark: Mark, label: Rect, stroke_px: int) -> None:
    """A line from a label that found no place beside its box."""
    reach = mark.box.grown(8 * stroke_px)
    if reach.overlap(label):
        return
    ends = [(rect.x + rect.w // 2, rect.y + rect.h // 2) for rect in (mark.box, label)]
    start = (min(max(ends[1][0], mark.box.x), mark.box.right), min(max(ends[1][1], mark.box.y), mark.box.bottom))
    cv2.line(canvas, start, ends[1], mark.label.colour, max(1, stroke_px // 2), cv2.LINE_AA)
