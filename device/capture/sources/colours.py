"""Colours as far as they are wanted: all of them for whoever shows pictures, small ones for a network's looks."""

from collections.abc import Callable
from typing import Any, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

Colour = Literal["none", "small", "whole"]
"""What frames carry beside grey: nothing; ``Frame.small_bgr``, made only when somebody looks; ``Frame.bgr``."""

SMALL_PX = 320
"""Small colours have a longer side of this to twice of it: a network is shown no more, and JPEG keeps no finer ones."""

_REDUCED = {1: cv2.IMREAD_COLOR, 2: cv2.IMREAD_REDUCED_COLOR_2, 4: cv2.IMREAD_REDUCED_COLOR_4}
_MOST_REDUCED = 8


def small_share(width: int, height: int) -> int:
    """By which power of two both sides are divided to make colours of that size small."""
    share = 1
    while max(width, height) // (2 * share) >= SMALL_PX:
        share *= 2
    return share


def thinned(bgr: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Small colours of uint8 (height, width, 3): every so many pixels one, for their light is not looked at."""
    height, width = bgr.shape[:2]
    share = small_share(width, height)
    size = max(1, width // share), max(1, height // share)
    return cv2.resize(bgr, size, interpolation=cv2.INTER_NEAREST).astype(np.uint8, copy=False)


def jpeg_colours(jpeg: NDArray[np.uint8], width: int, height: int) -> Callable[[], NDArray[np.uint8] | None]:
    """What decodes the small colours of a JPEG, uint8 (bytes,), of that size; none where it is damaged."""
    flag = _REDUCED.get(small_share(width, height), cv2.IMREAD_REDUCED_COLOR_8)

    def decode() -> NDArray[np.uint8] | None:
        try:
            bgr: NDArray[Any] | None = cv2.imdecode(jpeg, flag)
        except cv2.error:
            return None
        return None if bgr is None else thinned(bgr.astype(np.uint8, copy=False))

    return decode


def split_colours(picture: NDArray[Any], *, colour: Colour) -> dict[str, Any]:
    """The parts of a `Frame` that a picture gives, uint8 (height, width, 3) in BGR order or grey.

    Small colours are taken at once, so that the whole picture is not kept for them.
    """
    pixels = picture.astype(np.uint8, copy=False)
    if pixels.ndim == 2:
        return {"grey": pixels}
    parts: dict[str, Any] = {"grey": cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY).astype(np.uint8, copy=False)}
    if colour == "whole":
        parts["bgr"] = pixels
    elif colour == "small":
        small = thinned(pixels)
        parts["small_bgr"] = lambda: small
    return parts
