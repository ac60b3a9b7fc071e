"""A look in words: for a person on a terminal, as one line, and as JSON."""

from collections.abc import Iterator, Sequence
from typing import Any

from device.records import RelativeBox
from device.tools.aim.look import FaceLook, Look
from device.tools.aim.sketch import sketch
from device.tools.aim.verdict import BLURRED_BELOW, HINTS, LEAST_SIDE_PX, TOO_BRIGHT_ABOVE, TOO_DARK_BELOW

_HEADER = ("FACE", "STATE", "PIXELS", "LIGHT", "SHARP", "TILT", "VERDICT")
_WANTED = (
    *("", "wanted:", f"{LEAST_SIDE_PX}+", f"{TOO_DARK_BELOW:.0f}-{TOO_BRIGHT_ABOVE:.0f}"),
    *(f"{BLURRED_BELOW:.0f}+", "deg", ""),
)
# Fixed, so that nothing jumps when a figure has one digit more, and leaving the verdict half of 80 characters.
_WIDTHS = (4, 10, 6, 6, 5, 4)
_FACES_SHOWN = 3  # lines that are kept free for them
_NOBODY_AFTER_S = 1.0
_SLOW_BELOW = 0.8  # of the rate that was asked for


def screen(look: Look, headline: str, *, fps_asked: float | None, width: int, height: int) -> list[str]:
    """The lines of the live view, at most ``height`` of at most ``width`` characters.

    Args:
        look: what is to be seen.
        headline: the first line.
        fps_asked: frames a second that the source was asked for; None where none were.
        width: characters.
        height: lines.
    """
    picture = f"picture: {describe_picture(look, fps_asked)}"
    below = [picture, _row(_HEADER), _row(_WANTED)]
    drawn = sketch(look, width, height - 1 - len(below) - _FACES_SHOWN)
    faces = [_row(_cells(face)) for face in look.faces]
    room = max(0, height - 1 - len(drawn) - len(below))
    if len(faces) > room:
        faces = [*faces[: max(0, room - 1)], f"and {len(faces) - max(0, room - 1)} more"][:room]
    lines = [headline, *drawn, *below, *faces]
    return [line[:width] for line in lines[:height]]


def one_line(look: Look, fps_asked: float | None) -> str:
    """All of it in a line."""
    faces = (
        f"face {face.id} {_state(face)}, {face.side_px} px, brightness {face.brightness:.0f}, "
        f"sharpness {face.sharpness:.0f}, tilt {face.roll_deg:.0f}: {verdict(face, hint=False)}"
        for face in look.faces
    )
    return "; ".join([describe_picture(look, fps_asked), *faces])


def as_json(look: Look, fps_asked: float | None) -> dict[str, Any]:
    """All of it for a script; boxes as a share of the picture, times in seconds."""
    return {
        "picture": {
            "width": look.width,
            "height": look.height,
            "brightness": round(look.brightness, 1),
            "fps": _rounded(look.fps),
            "fps_given": _rounded(look.fps_given),
            "fps_asked": fps_asked,
            "no_face_s": round(look.no_face_s, 1),
            "faults": list(picture_faults(look, fps_asked)),
        },
        "good": look.good,
        "faces": [_face_as_json(face, look) for face in look.faces],
    }


def describe_picture(look: Look, fps_asked: float | None) -> str:
    """Its size, rate and light, whether somebody is there, and what is wrong."""
    asked = f" of {fps_asked:g}" if fps_asked else ""
    rate = "frame rate not known yet" if look.fps is None else f"{look.fps:.1f}{asked} frames a second"
    nobody = [f"no face for {look.no_face_s:.0f} s"] if look.no_face_s >= _NOBODY_AFTER_S else []
    told = [f"{look.width} x {look.height}", rate, f"brightness {look.brightness:.0f}", *nobody]
    return ", ".join([*told, *(fault.upper() for fault in picture_faults(look, fps_asked))])


def picture_faults(look: Look, fps_asked: float | None) -> Iterator[str]:
    """What is wrong with the picture as a whole."""
    if look.brightness < TOO_DARK_BELOW:
        yield "dark"
    elif look.brightness > TOO_BRIGHT_ABOVE:
        yield "too bright"
    if look.fps is None or look.fps_given is None:
        return
    if fps_asked and look.fps_given < _SLOW_BELOW * fps_asked:
        yield "camera is slow (in the dark it exposes longer)"
    elif look.fps < _SLOW_BELOW * look.fps_given:
        yield f"device keeps up with {look.fps / look.fps_given:.0%} of the frames"


def verdict(face: FaceLook, *, hint: bool = True) -> str:
    """Good, or what is wrong and what to do about the first of it; for a lost face, what it was before."""
    told = ", ".join(face.faults) or "good"
    if not face.held:
        return f"was {told}"
    return f"{told}: {HINTS[face.faults[0]]}" if face.faults and hint else told


def _cells(face: FaceLook) -> tuple[str, ...]:
    measures = (f"{face.side_px}", f"{face.brightness:.0f}", f"{face.sharpness:.0f}", f"{face.roll_deg:.0f}")
    return (str(face.id), _state(face), *measures, verdict(face))


def _state(face: FaceLook) -> str:
    return "held" if face.held else f"lost {face.unseen_s:.1f}s"


def _row(cells: Sequence[str]) -> str:
    aligned = [cell.rjust(width) for cell, width in zip(cells[:-1], _WIDTHS, strict=True)]
    aligned[1] = cells[1].ljust(_WIDTHS[1])
    return "  ".join([*aligned, cells[-1]]).rstrip()


def _face_as_json(face: FaceLook, look: Look) -> dict[str, Any]:
    box = RelativeBox.of(face.box, look.width, look.height)
    return {
        "face": face.id,
        "state": "held" if face.held else "lost",
        "unseen_s": round(face.unseen_s, 2),
        "pixels": face.side_px,
        "brightness": round(face.brightness, 1),
        "sharpness": round(face.sharpness, 1),
        "frontalness": round(face.frontalness, 2),
        "tilt_deg": face.roll_deg,
        "box": {"x": box.x, "y": box.y, "w": box.w, "h": box.h},
        "good": face.good,
        "faults": list(face.faults),
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 1)
