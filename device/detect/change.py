"""Where the picture has changed since it was last searched there."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from device.detect.pyramid import Pyramid
from device.records import Box

_WIDEST_PX = 112  # of the reduced picture: a cell is a third to a fifth of the smallest face's side
_CHANGED_GREY = 6  # above a camera's noise, which averaging over a cell makes small
_FEWEST_CELLS = 4
_FILLED = 0.7
# What always moves, leaves or a shaking camera, counts as a change only once it moves more than it does as a rule:
# twice the average of its changes, after A. Manzanera and J. Richefeu, "A new motion detection algorithm based on
# sigma-delta background estimation", Pattern Recognition Letters, 2007.
_BEYOND_USUAL = 2.0
_USUAL_GAIN = 0.5
# A camera that is not quite still changes the picture at every edge. What a shift of the whole picture explains is no
# change, nor is what one by a third of a cell more would make of an edge. Cells are blurred, else their values are too
# rough to tell a shift by. In photographs that drift by up to four pixels 15% of the parts count as changed then, and
# 66% without all this; of faces that are put into them all count either way.
_BLUR_CELLS = 0.8
_SHIFTED_CELLS = 0.35
_ONE_DIRECTION = 1e-3  # edges of one direction alone do not tell a shift
_MOST_OF_AN_EDGE = 40  # grey; more than this is a newcomer's doing, and says little about a shift
_FORGOTTEN = 0.97
# A followed person moves all the time: so much of head and shoulders counts for nothing, in sides of the face.
_BESIDE, _ABOVE, _BELOW = 0.5, 0.5, 1.0


class ChangeMap:
    """Compares reduced pictures, cell by cell.

    A change of the light that is the same everywhere counts for nothing, and what always moves for little.

    Args:
        regions: the parts that are searched by themselves, in the frame's pixels.
    """

    def __init__(self, regions: Sequence[Box]) -> None:
        self._regions = regions
        self._seen: list[NDArray[np.int16] | None] = [None] * len(regions)
        self._usual: list[NDArray[np.float32] | None] = [None] * len(regions)
        self._now: NDArray[np.int16] = np.zeros((1, 1), np.int16)
        self._cell_px = 1
        self._faces: Sequence[Box] = ()

    def look(self, pyramid: Pyramid, faces: Sequence[Box]) -> None:
        """Take in a frame; ``faces`` are those that are followed, whose own movement does not count."""
        number = 0
        while pyramid.size[0] >> number > _WIDEST_PX:
            number += 1
        self._cell_px = 1 << number
        self._now = cv2.GaussianBlur(pyramid.level(number), (0, 0), _BLUR_CELLS).astype(np.int16)
        self._faces = faces

    def changed(self, part: int, least_px: float = 0.0, *, together: bool = False) -> list[Box]:
        """Where the part of that number looks otherwise than when it was last searched, frame pixels.

        Args:
            part: its number.
            least_px: side of the smallest thing that is of interest. Someone who comes changes most of the picture
                where they are; of what moves a little, only its edges change.
            together: one box around all that has changed, whatever ``least_px``, with specks that are no place by
                themselves.
        """
        region = self._regions[part]
        rows, columns = self._cells(region)
        now, before = self._now[rows, columns], self._seen[part]
        if before is None or before.shape != now.shape:
            return [region]
        usual = self._usual[part]
        restless = 0.0 if usual is None else _BEYOND_USUAL * usual
        across, down = _slopes(before)
        least = np.maximum(_CHANGED_GREY, np.maximum(restless, _SHIFTED_CELLS * (np.abs(across) + np.abs(down))))
        moved = np.abs(_unshaken(now - before - _lighter(now, before), across, down)) > least
        for face in self._faces:
            face_rows, face_columns = self._cells(_head_and_shoulders(face))
            moved[_shifted(face_rows, rows), _shifted(face_columns, columns)] = False
        changed = self._places(moved, least_px, (rows, columns), together=together)
        if not changed and usual is not None:
            usual *= _FORGOTTEN
        return changed

    def _places(
        self, moved: NDArray[np.bool_], least_px: float, cells: tuple[slice, slice], *, together: bool
    ) -> list[Box]:
        """A box around each heap of cells that have changed, or around all of them, frame pixels."""
        if int(np.count_nonzero(moved)) < _FEWEST_CELLS:
            return []
        if together:
            return [self._box(cv2.boundingRect(moved.astype(np.uint8)), cells)]
        side = min(round(least_px / self._cell_px), *moved.shape)
        filled = cv2.blur(moved.astype(np.float32), (side, side)) >= _FILLED if side else moved
        count, numbers, stats, _ = cv2.connectedComponentsWithStats(moved.astype(np.uint8), connectivity=8)
        of_interest = [number for number in range(1, count) if bool(filled[numbers == number].any())]
        return [self._box(place, cells) for *place, area in stats[of_interest].tolist() if area >= _FEWEST_CELLS]

    def _box(self, place: Sequence[int], cells: tuple[slice, slice]) -> Box:
        """Left, top, width and height in cells of a part, in the frame's pixels."""
        left, top, width, height = place
        rows, columns = cells
        x, y = (columns.start + left) * self._cell_px, (rows.start + top) * self._cell_px
        return Box(x, y, width * self._cell_px, height * self._cell_px)

    def searched(self, part: int, where: Box) -> None:
        """Remember how ``where`` in the part looks now."""
        rows, columns = self._cells(self._regions[part])
        now, before = self._now[rows, columns], self._seen[part]
        if before is None or before.shape != now.shape:
            self._seen[part] = now.copy()
            self._usual[part] = np.zeros(now.shape, np.float32)
            return
        before += _lighter(now, before)  # what is not searched now stays comparable with what is
        inner_rows, inner_columns = self._cells(where)
        cells = _shifted(inner_rows, rows), _shifted(inner_columns, columns)
        usual = self._usual[part]
        if usual is not None:
            usual[cells] += _USUAL_GAIN * (np.abs(now[cells] - before[cells]) - usual[cells])
        before[cells] = now[cells]

    def _cells(self, region: Box) -> tuple[slice, slice]:
        height, width = self._now.shape
        left, top = (max(0, int(value / self._cell_px)) for value in (region.x, region.y))
        right = min(width, int((region.x + region.w) / self._cell_px) + 1)
        bottom = min(height, int((region.y + region.h) / self._cell_px) + 1)
        return slice(top, max(top, bottom)), slice(left, max(left, right))


def _lighter(now: NDArray[np.int16], before: NDArray[np.int16]) -> np.int16:
    """By how many grey levels the light has changed everywhere."""
    differences = (now - before).ravel()
    middle = differences.size // 2
    return np.int16(np.partition(differences, middle)[middle])


def _slopes(cells: NDArray[np.int16]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """By how much grey values grow from cell to cell, to the right and downwards."""
    across, down = np.zeros(cells.shape, np.float32), np.zeros(cells.shape, np.float32)
    across[:, 1:-1] = (cells[:, 2:] - cells[:, :-2]) / 2
    down[1:-1] = (cells[2:] - cells[:-2]) / 2
    return across, down


def _unshaken(
    difference: NDArray[np.int16], across: NDArray[np.float32], down: NDArray[np.float32]
) -> NDArray[np.float32]:
    """What is left of a difference once the whole picture is shifted to where it differs least.

    Method: B. Lucas and T. Kanade, "An iterative image registration technique", IJCAI 1981, one step.
    """
    whole = difference.astype(np.float32)
    limited = np.clip(whole, -_MOST_OF_AN_EDGE, _MOST_OF_AN_EDGE)
    a, b, c = (float(np.vdot(one, other)) for one, other in ((across, across), (across, down), (down, down)))
    p, q = float(np.vdot(across, limited)), float(np.vdot(down, limited))
    determinant = a * c - b * b
    if determinant <= _ONE_DIRECTION * a * c:
        return whole
    x, y = (p * c - q * b) / determinant, (a * q - b * p) / determinant
    if max(abs(x), abs(y)) > 1.0:
        return whole
    left: NDArray[np.float32] = whole - np.float32(x) * across - np.float32(y) * down
    return left


def _head_and_shoulders(face: Box) -> Box:
    return Box(
        face.x - _BESIDE * face.w, face.y - _ABOVE * face.h, (1 + 2 * _BESIDE) * face.w, (1 + _ABOVE + _BELOW) * face.h
    )


def _shifted(cells: slice, origin: slice) -> slice:
    """``cells`` counted from ``origin``; what lies before it is left out."""
    return slice(max(0, cells.start - origin.start), max(0, cells.stop - origin.start))
