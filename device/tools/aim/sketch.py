"""The picture as a sketch in characters: its frame and the faces' boxes, nothing of what it shows."""

from collections.abc import Sequence

from device.tools.aim.look import FaceLook, Look

_CELL_HEIGHT = 2.0  # of a terminal's character, in its widths; about so in every usual font
_LEAST_ROWS = 4  # below, a sketch tells nothing


def fit(size: tuple[int, int], columns: int, rows: int) -> tuple[int, int] | None:
    """Columns and rows within the frame, so that the picture keeps its shape; None where there is no room for it.

    Args:
        size: width and height of the picture, pixels.
        columns: characters there are, the frame's own included.
        rows: likewise.
    """
    across, down = columns - 2, rows - 2
    shape = _CELL_HEIGHT * size[0] / size[1]
    down = min(down, round(across / shape))
    return (min(across, round(down * shape)), down) if down >= _LEAST_ROWS else None


def sketch(look: Look, columns: int, rows: int) -> list[str]:
    """The lines of a sketch of at most ``columns`` by ``rows`` characters; none where there is no room for it.

    A held face has a box of solid lines, a lost one of dots.
    """
    room = fit((look.width, look.height), columns, rows)
    if room is None:
        return []
    canvas = _Canvas(*room)
    # The first come last, so that they lie on top.
    for face in sorted(look.faces, key=lambda face: (face.held, -face.id)):
        _draw(canvas, face, (look.width, look.height))
    edge = f"+{'-' * room[0]}+"
    return [edge, *(f"|{line}|" for line in canvas.lines), edge]


class _Canvas:
    """Characters that can be written over; what lies outside is left out."""

    def __init__(self, columns: int, rows: int) -> None:
        self.columns, self.rows = columns, rows
        self._cells = [[" "] * columns for _ in range(rows)]

    @property
    def lines(self) -> list[str]:
        return ["".join(row) for row in self._cells]

    def put(self, column: int, row: int, character: str) -> None:
        if 0 <= row < self.rows and 0 <= column < self.columns:
            self._cells[row][column] = character

    def write(self, column: int, row: int, text: str) -> None:
        """Write ``text``, moved inwards where it would reach over the edge."""
        column = max(0, min(column, self.columns - len(text)))
        row = max(0, min(row, self.rows - 1))
        for offset, character in enumerate(text):
            self.put(column + offset, row, character)


def _draw(canvas: _Canvas, face: FaceLook, size: tuple[int, int]) -> None:
    box = face.box
    left, right = _cells(box.x, box.w, size[0], canvas.columns)
    top, bottom = _cells(box.y, box.h, size[1], canvas.rows)
    middle = (top + bottom) // 2
    if right - left < 2 or bottom - top < 2:  # too small for a box with something in it
        canvas.write((left + right) // 2 - 1, middle, f"[{face.id}]" if face.held else f":{face.id}:")
        return
    across, down, corner = ("-", "|", "+") if face.held else (".", ":", ".")
    for row in range(top, bottom + 1):
        for column in range(left, right + 1):
            at_side, at_end = column in {left, right}, row in {top, bottom}
            canvas.put(column, row, corner if at_side and at_end else down if at_side else across if at_end else " ")
    for row, text in enumerate(_label(face, right - left - 1, bottom - top - 1), middle):
        canvas.write((left + right + 1 - len(text)) // 2, row, text)


def _label(face: FaceLook, columns: int, rows: int) -> Sequence[str]:
    """The number, and where there is room the verdict in a word or two."""
    word = "lost" if not face.held else face.faults[0] if face.faults else "good"
    return (str(face.id), word) if rows >= 2 and len(word) <= columns else (str(face.id),)


def _cells(begin: float, length: float, size: int, cells: int) -> tuple[int, int]:
    """First and last cell of a stretch of pixels."""
    return round(begin / size * cells), round((begin + length) / size * cells) - 1
