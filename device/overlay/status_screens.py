"""Plain cards: what is shown where there is no picture, and the keys."""

from collections.abc import Callable, Sequence

from device.overlay.canvas import Pixels, Rect, fill_panel
from device.overlay.icons import draw_key, draw_pause, draw_waiting, draw_warning
from device.overlay.palette import KEY_TOP, LIGHT_GREY, MUTED_TEXT, ORANGE, PANEL_GREY, TEXT, TRACK, Colour
from device.overlay.pen import Pen

_SHADE = 0.55
_HELP_OPACITY = 0.96

_DrawIcon = Callable[[Pixels, tuple[int, int], int, Colour], None]


def draw_paused(pen: Pen, area: Rect) -> None:
    """The camera is closed because somebody wants it so."""
    _draw_icon(pen, area, draw_pause, LIGHT_GREY)
    _draw_words(pen, area, "Paused", ("The camera is closed.", "Nobody is being watched."))


def draw_lost(pen: Pen, area: Rect) -> None:
    """The camera gives no pictures."""
    _draw_icon(pen, area, draw_warning, ORANGE)
    _draw_words(pen, area, "Camera lost", ("The camera gives no picture.", "It is being tried again."))


def draw_starting(pen: Pen, area: Rect) -> None:
    """The first picture has not come yet."""
    _draw_icon(pen, area, draw_waiting, LIGHT_GREY)
    _draw_words(pen, area, "Starting", ("Waiting for the first picture.",))


def draw_idle(pen: Pen, area: Rect) -> None:
    """A quiet line over a dimmed picture."""
    baseline = Rect(area.x, area.y + area.h // 2 + pen.scale.word_cap // 2, area.w, 0)
    pen.write_centred("Nobody in view", baseline, pen.scale.word, TEXT)


def draw_help(pen: Pen, area: Rect, keys: Sequence[tuple[str, str]]) -> None:
    """The keys and what they do, over whatever is shown."""
    face, scale = pen.face, pen.scale
    cap_h = scale.small_cap + 2 * scale.gap
    row_h = cap_h + scale.gap
    margin = 3 * scale.gap
    caps_w = max(max(cap_h, face.width(key, scale.small) + 2 * scale.gap) for key, _ in keys)
    does_w = max(face.width(does, scale.small) for _, does in keys)
    width = min(2 * margin + caps_w + 2 * scale.gap + does_w, area.w)
    height = min(2 * margin + len(keys) * row_h - scale.gap, area.h)
    card = Rect(area.x + (area.w - width) // 2, area.y + (area.h - height) // 2, width, height)
    fill_panel(pen.canvas, area, 0, 0, _SHADE)
    fill_panel(pen.canvas, card, 2 * scale.radius, PANEL_GREY, _HELP_OPACITY)
    for row, (key, does) in enumerate(keys):
        cap_w = max(cap_h, face.width(key, scale.small) + 2 * scale.gap)
        cap = Rect(card.x + margin, card.y + margin + row * row_h, cap_w, cap_h)
        draw_key(pen.canvas, cap, scale.radius // 2, TRACK, KEY_TOP)
        baseline = cap.y + cap.h // 2 + scale.small_cap // 2
        pen.write_centred(key, Rect(cap.x, baseline, cap.w, 0), scale.small, TEXT)
        does_x = card.x + margin + caps_w + 2 * scale.gap
        fitting = face.shortened(does, scale.small, card.right - does_x - scale.gap)
        pen.write(fitting, (does_x, baseline), scale.small, TEXT)


def _draw_icon(pen: Pen, area: Rect, draw_icon: _DrawIcon, colour: Colour) -> None:
    """In the upper part of the middle."""
    cap = pen.scale.title_cap
    draw_icon(pen.canvas, (area.x + area.w // 2, area.y + area.h // 2 - 2 * cap), cap, colour)


def _draw_words(pen: Pen, area: Rect, title: str, lines: Sequence[str]) -> None:
    """In the lower part of the middle."""
    scale = pen.scale
    baseline = area.y + area.h // 2 + scale.title_cap
    pen.write_centred(title, Rect(area.x, baseline, area.w, 0), scale.title, TEXT)
    for number, line in enumerate(lines):
        y = baseline + 2 * scale.gap + scale.small + number * round(1.5 * scale.small)
        pen.write_centred(line, Rect(area.x, y, area.w, 0), scale.small, MUTED_TEXT)
