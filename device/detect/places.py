"""Boxes that belong together, made into one."""

from collections.abc import Iterable

from device.records import Box


def heaps(boxes: Iterable[Box], least_overlap: float) -> list[list[Box]]:
    """``boxes``, each in the heap of those whose common box it overlaps by more than ``least_overlap``.

    0 puts together what touches.
    """
    found: list[tuple[Box, list[Box]]] = []
    for box in boxes:
        common, heap = box, [box]
        while near := next((one for one in found if one[0].overlap(common) > least_overlap), None):
            found.remove(near)
            common, heap = common.union(near[0]), heap + near[1]
        found.append((common, heap))
    return [heap for _, heap in found]


def around(heap: Iterable[Box]) -> Box:
    """The smallest box around all of a heap."""
    first, *others = heap
    for box in others:
        first = first.union(box)
    return first


def joined(boxes: Iterable[Box]) -> list[Box]:
    """Boxes that do not touch, around all of ``boxes``."""
    return [around(heap) for heap in heaps(boxes, 0.0)]


def grown(box: Box, reach_px: float) -> Box:
    """The box with ``reach_px`` around it."""
    return Box(box.x - reach_px, box.y - reach_px, box.w + 2 * reach_px, box.h + 2 * reach_px)


def scaled(box: Box, share: float) -> Box:
    """The box with sides of ``share`` of its own, around the same middle."""
    width, height = share * box.w, share * box.h
    return Box(box.x + (box.w - width) / 2, box.y + (box.h - height) / 2, width, height)


def within(box: Box, region: Box) -> Box:
    """What of ``box`` lies in ``region``, of which some must."""
    left, top = max(box.x, region.x), max(box.y, region.y)
    right, bottom = min(box.x + box.w, region.x + region.w), min(box.y + box.h, region.y + region.h)
    return Box(left, top, right - left, bottom - top)
