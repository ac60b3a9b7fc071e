"""Boxes that glide to where they are found next instead of jumping there."""

import math
from collections.abc import Iterable

from device.overlay.scene import FaceMark
from device.records import RelativeBox

MEMORY_S = 0.08
"""A box is within 5% of its way after three times this: faster than an eye follows, slower than a detector's jitter."""

_Corners = tuple[float, float, float, float]


class Motion:
    """Where each box is drawn; it depends on time alone, not on how often it is asked for."""

    def __init__(self) -> None:
        self._shown: dict[int, _Corners] = {}
        self._time_s = -math.inf

    def follow(self, faces: Iterable[FaceMark], now_s: float) -> dict[int, RelativeBox]:
        """Track id to the box to draw at ``now_s``, seconds; a new face appears where it is, one that left is gone."""
        kept = math.exp(-max(0.0, now_s - self._time_s) / MEMORY_S)
        self._time_s = max(self._time_s, now_s)
        shown = {}
        for face in faces:
            there = _corners(face.box)
            before = self._shown.get(face.track_id, there)
            left, top, right, bottom = (new + kept * (old - new) for old, new in zip(before, there, strict=True))
            shown[face.track_id] = (left, top, right, bottom)
        self._shown = shown
        return {track_id: _box(corners) for track_id, corners in shown.items()}


def _corners(box: RelativeBox) -> _Corners:
    return box.x, box.y, box.x + box.w, box.y + box.h


def _box(corners: _Corners) -> RelativeBox:
    left, top, right, bottom = (min(max(edge, 0.0), 1.0) for edge in corners)
    return RelativeBox(left, top, right - left, bottom - top)
