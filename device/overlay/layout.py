"""Where labels go: beside their faces, inside the display, off each other and off other faces."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from device.overlay.canvas import Rect

_COVER_COST = 4.0
_CHANGE_COST = 0.6
_ORDER_COST = 0.04


@dataclass(frozen=True, slots=True)
class Wish:
    """One label that wants a place.

    Attributes:
        box: the face it belongs to.
        size: (width, height) of the label, pixels.
        side: the side of the box it was at last, one of those that ``Place`` tells; None for a new one.
    """

    box: Rect
    size: tuple[int, int]
    side: str | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """Where a label goes, and on which side of its box that is."""

    rect: Rect
    side: str


@dataclass(frozen=True, slots=True)
class Rules:
    """Where labels may be.

    Attributes:
        area: the part of the display that they stay in.
        gap_px: how far they stay away from their boxes and from each other.
        most_covered: the largest share of any face that a label may cover, 0 to 1.
    """

    area: Rect
    gap_px: int
    most_covered: float


def arrange(wishes: Sequence[Wish], rules: Rules) -> list[Place | None]:
    """A place for each wish, in order; None where there is none. A label at its last side tends to stay there."""
    boxes = [wish.box for wish in wishes]
    placed: list[Rect] = []
    places: list[Place | None] = []
    for wish in wishes:
        place = _best(wish, boxes, placed, rules)
        if place is not None:
            placed.append(place.rect)
        places.append(place)
    return places


def nearest_free(wish: Wish, placed: Sequence[Rect], rules: Rules) -> Rect | None:
    """The free place nearest to the wish's box, whatever face it covers; None where labels fill the area."""
    area, gap_px = rules.area, rules.gap_px
    width, height = wish.size
    if width > area.w or height > area.h:
        return None
    tops = range(area.y, area.bottom - height + 1, max(1, (height + gap_px) // 2))
    lefts = range(area.x, area.right - width + 1, max(1, width // 3))
    rects = (Rect(left, top, width, height) for top in tops for left in lefts)
    free = (rect for rect in rects if _is_free(rect, placed, gap_px))
    return min(free, key=lambda rect: _distance(rect, wish.box), default=None)


def _best(wish: Wish, boxes: Sequence[Rect], placed: Sequence[Rect], rules: Rules) -> Place | None:
    area = rules.area
    if wish.size[0] > area.w or wish.size[1] > area.h:
        return None
    best, best_cost = None, math.inf
    for order, (side, wanted) in enumerate(_candidates(wish, rules.gap_px)):
        rect = wanted.moved_into(area)
        covered = max((rect.overlap(box) / (box.w * box.h) for box in boxes), default=0.0)
        if covered > rules.most_covered or not _is_free(rect, placed, rules.gap_px):
            continue
        moved = (abs(rect.x - wanted.x) + abs(rect.y - wanted.y)) / (rect.w + rect.h)
        cost = _COVER_COST * covered + moved + _ORDER_COST * order
        cost += _CHANGE_COST if wish.side not in {None, side} else 0.0
        if cost < best_cost:
            best, best_cost = Place(rect, side), cost
    return best


def _candidates(wish: Wish, gap_px: int) -> Iterator[tuple[str, Rect]]:
    box, (width, height) = wish.box, wish.size
    right, left = box.right + gap_px, box.x - gap_px - width
    above, below = box.y - gap_px - height, box.bottom + gap_px
    middle_x = box.x + (box.w - width) // 2
    yield "right", Rect(right, box.y, width, height)
    yield "left", Rect(left, box.y, width, height)
    yield "below", Rect(middle_x, below, width, height)
    yield "above", Rect(middle_x, above, width, height)
    yield "right, low", Rect(right, box.bottom - height, width, height)
    yield "left, low", Rect(left, box.bottom - height, width, height)
    yield "inside", Rect(middle_x, box.bottom - gap_px - height, width, height)


def _is_free(rect: Rect, placed: Sequence[Rect], gap_px: int) -> bool:
    kept_clear = rect.grown(gap_px)
    return not any(kept_clear.overlap(other) for other in placed)


def _distance(rect: Rect, box: Rect) -> int:
    return abs(2 * rect.x + rect.w - 2 * box.x - box.w) + abs(2 * rect.y + rect.h - 2 * box.y - box.h)
