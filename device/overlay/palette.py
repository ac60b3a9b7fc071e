"""Colours that colour-blind people can tell apart, and the greys around them; all BGR, 0 to 255.

Source: M. Okabe and K. Ito, "Color Universal Design", 2008, <https://jfly.uni-koeln.de/color/>. Its blue is too dark
for a dark ground and is left out; its black becomes the light grey of ``neutral``.
"""

from collections.abc import Sequence

from device.records import UNCERTAIN

Colour = tuple[int, int, int]

ORANGE: Colour = (0, 159, 230)
SKY_BLUE: Colour = (233, 180, 86)
GREEN: Colour = (115, 158, 0)
YELLOW: Colour = (66, 228, 240)
VERMILLION: Colour = (0, 94, 213)
PURPLE: Colour = (167, 121, 204)
LIGHT_GREY: Colour = (225, 225, 225)

TEXT: Colour = (240, 240, 240)
MUTED_TEXT: Colour = (178, 178, 178)
TRACK: Colour = (74, 74, 74)
PANEL_GREY = 20
GROUND: Colour = (13, 13, 13)
FIELD: Colour = (44, 38, 34)
KEY_TOP: Colour = (52, 48, 46)
HALO: Colour = (16, 16, 16)

_BY_LABEL: dict[str, Colour] = {
    "angry": VERMILLION,
    "disgust": GREEN,
    "fear": PURPLE,
    "happy": YELLOW,
    "sad": SKY_BLUE,
    "surprise": ORANGE,
    "neutral": LIGHT_GREY,
}
_SPARE = tuple(_BY_LABEL.values())


def colour_of(emotion: str | None, labels: Sequence[str]) -> Colour:
    """The colour of ``emotion`` in a model with these ``labels``; grey for ``uncertain`` and for no reading yet.

    A label that is none of the usual seven takes a colour that no other label of the model has, while there are any.
    """
    if emotion is None or emotion == UNCERTAIN:
        return MUTED_TEXT
    if emotion in _BY_LABEL:
        return _BY_LABEL[emotion]
    taken = {_BY_LABEL[label] for label in labels if label in _BY_LABEL}
    free = [colour for colour in _SPARE if colour not in taken] or list(_SPARE)
    strangers = [label for label in labels if label not in _BY_LABEL]
    return free[strangers.index(emotion) % len(free)]
