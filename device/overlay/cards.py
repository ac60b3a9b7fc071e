"""Plain cards: what is shown where there is no picture, and the keys."""

from collections.abc import Callable, Sequence

from device.overlay.canvas import Pixels, Rect, fill_panel, put_text
from device.overlay.icons import draw_key, draw_pause, draw_waiting, draw_warning
from device.overlay.palette import LIGHT_GREY, MUTED_TEXT, ORANGE, PANEL_GREY, TEXT, TRACK, Colour
from device.overlay.scale import Scale
from device.overlay.text import Typeface

_KEY_TOP: Colour = (52, 48, 46)
_SHADE = 0.55
_HELP_OPACITY = 0.96


def draw_paused(canvas: Pixels, area: Rect, face: Typeface, scale: Scale) -> None:
    """The camera is closed because somebody wants it so."""
    lines = ("The camera is closed.", "Nobody is being watched.")
    _draw_card(canvas, area, face, scale, "Paused", lines, lambda at, r: draw_pause(canvas, at, r, LIGHT_GREY))


def draw_lost(canvas: Pixels, area: Rect, face: Typeface, scale: Scale) -> None:
    """The camera gives no pictures."""
    lines = ("The camera gives no picture.", "It is being tried again.")
    _draw_card(canvas, area, face, scale, "Camera lost", lines, lambda at, r: draw_warning(canvas, at, r, ORANGE))


def draw_starting(canvas: Pixels, area: Rect, face: Typeface, scale: Scale) -> None:
    """The first picture has not come yet."""
    lines = ("Waiting for the first picture.",)
    _draw_card(canvas, area, face, scale, "Starting", lines, lambda at, r: draw_waiting(canvas, at, r, LIGHT_GREY))


def draw_idle(canvas: Pixels, area: Rect, face: Typeface, scale: Scale) -> None:
    """A quiet line over a dimmed picture."""
    _put_centred(canvas, face, "Nobody in view", area, area.y + area.h // 2 + scale.word_cap // 2, scale.word, TEXT)


def draw_help(canvas: Pixels, area: Rect, keys: Sequence[tuple[str, str]], face: Typeface, scale: Scale) -> None:
    """The keys, over whatever is shown."""
    small, cap = scale.small, scale.small_cap
    cap_h = cap + 2 * scale.gap
    row_h = cap_h + scale.gap
    margin = 3 * scale.gap
    caps_w = max(max(cap_h, face.width(key, small) + 2 * scale.gap) for key, _ in keys)
    does_w = max(face.width(does, small) for _, does in keys)
    wanted = Rect(0, 0, 2 * margin + caps_w + 2 * scale.gap + does_w, 2 * margin + len(keys) * row_h - scale.gap)
    width, height = min(wanted.w, area.w), min(wanted.h, area.h)
    card = Rect(area.x + (area.w - width) // 2, area.y + (area.h - height) // 2, width, height)
    fill_panel(canvas, area, 0, 0, _SHADE)
    fill_panel(canvas, card, 2 * scale.radius, PANEL_GREY, _HELP_OPACITY)
    for row, (key, does) in enumerate(keys):
        top = card.y + margin + row * row_h
        cap_w = max(cap_h, face.width(key, small) + 2 * scale.gap)
        draw_key(canvas, Rect(card.x + margin, top, cap_w, cap_h), scale.radius // 2, TRACK, _KEY_TOP)
        baseline = top + cap_h // 2 + cap // 2
        put_text(canvas, face, key, (card.x + margin + (cap_w - face.width(key, small)) // 2, baseline), small, TEXT)
        does_x = card.x + margin + caps_w + 2 * scale.gap
        put_text(canvas, face, face.shortened(does, small, card.right - does_x), (does_x, baseline), small, TEXT)


def _draw_card(
    canvas: Pixels,
    area: Rect,
    face: Typeface,
    scale: Scale,
    title: str,
    lines: Sequence[str],
    draw_icon: Callable[[tuple[int, int], int], None],
) -> None:
    radius = round(0.95 * scale.title_cap)
    line_h = round(1.5 * scale.small)
    height = 2 * radius + 2 * scale.title_cap + len(lines) * line_h + scale.gap
    top = area.y + (area.h - height) // 2
    draw_icon((area.x + area.w // 2, top + radius), radius)
    baseline = top + 2 * radius + 2 * scale.title_cap
    _put_centred(canvas, face, title, area, baseline, scale.title, TEXT)
    for number, line in enumerate(lines):
        y = baseline + 2 * scale.gap + number * line_h + scale.small
        _put_centred(canvas, face, line, area, y, scale.small, MUTED_TEXT)


def _put_centred(canvas: Pixels, face: Typeface, text: str, area: Rect, baseline: int, size: int, ink: Colour) -> None:
    text = face.shortened(text, size, area.w)
    put_text(canvas, face, text, (area.x + (area.w - face.width(text, size)) // 2, baseline), size, ink)
