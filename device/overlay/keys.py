"""What a person at the display can ask for, and by which keys."""

from typing import Literal

Press = Literal["leave", "pause", "mirror", "fullscreen", "help"]

_BY_NAME: dict[str, Press] = {
    "q": "leave",
    "escape": "leave",
    "p": "pause",
    "m": "mirror",
    "f": "fullscreen",
    "h": "help",
}
# USB HID Usage Tables, keyboard page: where these letters are on a Latin keyboard.
_BY_PLACE: dict[int, Press] = {0x14: "leave", 0x13: "pause", 0x10: "mirror", 0x09: "fullscreen", 0x0B: "help"}


def press_of(name: str, place: int) -> Press | None:
    """What a key means; None where it means nothing.

    Args:
        name: SDL's name of the key as the keyboard's layout has it. A layout of another script has no q: there the key
            in q's place counts.
        place: its scancode, which is USB's.
    """
    return _BY_NAME.get(name.lower()) if name.isascii() else _BY_PLACE.get(place)
