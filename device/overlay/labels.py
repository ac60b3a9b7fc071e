"""What stands beside a face: its number, the emotion's word, for how long, and a bar for each probability."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, get_args

from device.overlay.canvas import Pixels, Rect, fill_bar, fill_panel, fill_rect, fill_rounded, frame_of
from device.overlay.palette import GROUND, MUTED_TEXT, PANEL_GREY, TEXT, TRACK, Colour, colour_of
from device.overlay.pen import Pen
from device.overlay.scale import Scale
from device.overlay.scene import FaceMark
from device.overlay.settings import OverlaySettings
from device.overlay.text import Typeface
from device.records import UNCERTAIN

Detail = Literal["bars", "strip", "tag", "number"]
DETAILS: tuple[Detail, ...] = get_args(Detail)
"""The richest first: named bars; bars without names, in the model's order; the word; the number in its colour alone."""

_OPACITY = 0.9
_NO_READING = "…"
_WIDEST_TIME = "59 min"


@dataclass(frozen=True, slots=True)
class Bar:
    """One probability, 0 to 1, and what it is of."""

    word: str
    share: float
    colour: Colour
    reported: bool


@dataclass(frozen=True, slots=True)
class Label:
    """All that is said of one face, in the user's words."""

    number: str
    word: str
    held: str
    colour: Colour
    bars: tuple[Bar, ...]
    widest_word: str

    @classmethod
    def of(cls, face: FaceMark, settings: OverlaySettings) -> "Label":
        """What there is to say of ``face``."""
        if face.scores is None or face.emotion is None:
            return cls(str(face.track_id), _NO_READING, "", MUTED_TEXT, (), _NO_READING)
        labels = face.scores.labels
        bars = tuple(
            Bar(settings.word_for(label), share, colour_of(label, labels), label == face.emotion)
            for label, share in zip(labels, face.scores.probabilities, strict=True)
        )
        # The label keeps its size when the emotion changes: it would jump about otherwise.
        widest = max((settings.word_for(label) for label in (*labels, UNCERTAIN)), key=len)
        colour = colour_of(face.emotion, labels)
        held = tell_time(face.held_s) if face.held_s else ""
        return cls(str(face.track_id), settings.word_for(face.emotion), held, colour, bars, widest)


def tell_time(seconds: float) -> str:
    """``seconds`` as a person would say them: 12 s, 4 min, 2 h."""
    if seconds < 60:
        return f"{int(seconds)} s"
    return f"{int(seconds // 60)} min" if seconds < 3600 else f"{int(seconds // 3600)} h"


class LabelPainter:
    """Measures and draws labels for one display.

    Args:
        face: the font.
        scale: the display's sizes.
        most_px: no label is wider than that; words are shortened.
    """

    def __init__(self, face: Typeface, scale: Scale, most_px: int) -> None:
        self._face = face
        self._scale = scale
        self._most_px = most_px

    @property
    def gap_px(self) -> int:
        """What to keep between labels."""
        return self._scale.gap

    def size(self, label: Label, detail: Detail) -> tuple[int, int]:
        """(width, height) of ``label``, pixels."""
        scale = self._scale
        if detail == "number":
            rim_px = 2 * self._rim_px
            return min(self._badge_w(label) - scale.gap + rim_px, self._most_px), self._badge_h + rim_px
        if detail == "tag" or not label.bars:
            width = 2 * scale.gap + self._badge_w(label) + self._face.width(label.word, scale.word)
            return min(width, self._most_px), self._header_h
        header = self._badge_w(label) + max(
            self._face.width(label.widest_word, scale.word), self._face.width(label.word, scale.word)
        )
        header += scale.gap + self._face.width(_WIDEST_TIME, scale.small)
        bars_h = len(label.bars) * scale.row if detail == "bars" else self._strip_h
        width = 2 * scale.gap + max(header, self._names_w(label) + 4 * scale.small if detail == "bars" else 0)
        return min(width, self._most_px), self._header_h + bars_h + scale.gap // 2

    def draw(self, canvas: Pixels, label: Label, detail: Detail, rect: Rect) -> None:
        """Draw ``label`` into ``rect``, which lies in ``canvas`` and has the size that ``size`` tells."""
        sheet = canvas[rect.y : rect.bottom, rect.x : rect.right]
        pen, scale, rect = Pen(sheet, self._face, self._scale), self._scale, frame_of(sheet)
        fill_panel(sheet, rect, scale.radius, PANEL_GREY, _OPACITY)
        if detail == "number":
            self._draw_badge(pen, label, rect.grown(-self._rim_px))
            return
        says_more = bool(label.bars) and detail != "tag"
        self._draw_header(pen, label, rect, with_time=says_more)
        if not says_more:
            return
        top, bottom = rect.y + self._header_h, rect.bottom - scale.gap // 2
        body = Rect(rect.x + scale.gap, top, rect.w - 2 * scale.gap, bottom - top)
        if detail == "bars":
            self._draw_bars(pen, label, body)
        else:
            self._draw_strip(pen, label, body)

    def _draw_header(self, pen: Pen, label: Label, rect: Rect, *, with_time: bool) -> None:
        face, scale = self._face, self._scale
        middle_y = rect.y + self._header_h // 2
        badge_w, badge_h = self._badge_w(label) - scale.gap, self._badge_h
        badge = Rect(rect.x + scale.gap, middle_y - badge_h // 2, badge_w, badge_h)
        self._draw_badge(pen, label, badge)
        baseline = middle_y + scale.word_cap // 2
        end_x = rect.right - scale.gap
        if with_time:
            end_x -= face.width(label.held, scale.small)
            pen.write(label.held, (end_x, baseline), scale.small, MUTED_TEXT)
            end_x -= scale.gap // 2
        word_x = badge.right + scale.gap
        word = face.shortened(label.word, scale.word, end_x - word_x)
        pen.write(word, (word_x, baseline), scale.word, label.colour)

    def _draw_badge(self, pen: Pen, label: Label, badge: Rect) -> None:
        fill_rounded(pen.canvas, badge, max(2, self._scale.gap // 2), label.colour)
        number_line = Rect(badge.x, badge.y + badge.h // 2 + self._scale.small_cap // 2, badge.w, 0)
        pen.write_centred(label.number, number_line, self._scale.small, GROUND)

    def _draw_bars(self, pen: Pen, label: Label, body: Rect) -> None:
        face, scale = self._face, self._scale
        names_w = min(self._names_w(label), body.w * 2 // 3)
        thickness = max(3, round(0.75 * scale.small_cap))
        for row, bar in enumerate(label.bars):
            middle_y = body.y + row * scale.row + scale.row // 2
            name = face.shortened(bar.word, scale.small, names_w - scale.gap)
            ink = TEXT if bar.reported else MUTED_TEXT
            pen.write(name, (body.x, middle_y + scale.small_cap // 2), scale.small, ink)
            track = Rect(body.x + names_w, middle_y - thickness // 2, body.w - names_w, thickness)
            fill_bar(pen.canvas, track, bar.share, bar.colour, TRACK)

    def _draw_strip(self, pen: Pen, label: Label, body: Rect) -> None:
        for column, bar in zip(_columns(body, len(label.bars), self._scale.gap), label.bars, strict=True):
            filled_h = round(bar.share * column.h)
            fill_rect(pen.canvas, column, TRACK)
            fill_rect(pen.canvas, Rect(column.x, column.bottom - filled_h, column.w, filled_h), bar.colour)

    @property
    def _header_h(self) -> int:
        return self._scale.word_cap + 3 * self._scale.gap

    @property
    def _strip_h(self) -> int:
        return self._scale.small_cap + self._scale.gap

    @property
    def _rim_px(self) -> int:
        """Around a badge by itself, which may lie on a picture as light as it is."""
        return max(2, self._scale.gap // 3)

    @property
    def _badge_h(self) -> int:
        return self._scale.word_cap + self._scale.gap

    def _badge_w(self, label: Label) -> int:
        """The badge and the gap behind it."""
        scale = self._scale
        return max(scale.word_cap + scale.gap, self._face.width(label.number, scale.small) + scale.gap) + scale.gap

    def _names_w(self, label: Label) -> int:
        return max(self._face.width(bar.word, self._scale.small) for bar in label.bars) + self._scale.gap


def _columns(body: Rect, count: int, gap_px: int) -> Iterator[Rect]:
    gap = max(1, gap_px // 3)
    for index in range(count):
        left = body.x + index * (body.w + gap) // count
        right = body.x + (index + 1) * (body.w + gap) // count - gap
        yield Rect(left, body.y, max(1, right - left), body.h - gap_px // 2)
