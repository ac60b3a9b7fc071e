"""What keeps a face from being read, in words, and what to do about it."""

from typing import Literal

from device.contract.preprocess import InputSpec
from device.records import Box

Fault = Literal["at the edge", "too small", "too dark", "too bright", "blurred", "too oblique"]

HINTS: dict[Fault, str] = {
    "at the edge": "turn the camera",
    "too small": "come closer",
    "too dark": "more light",
    "too bright": "less light",
    "blurred": "focus, or hold still",
    "too oblique": "face the camera",
}
"""What whoever stands before the camera, or behind it, can do."""

INPUT = InputSpec()
LEAST_SIDE_PX = INPUT.width
"""A smaller face is enlarged for the model, which gives it nothing more to see (see `quality.size_quality`): of
FER-2013's faces, reduced and enlarged again, the shipped model reads 1 in 100 fewer right at 40 pixels, 2 at 32, 12 at
20."""

# FER-2013's faces with their light turned down or up and a camera's noise of 4 grey levels added: the shipped model
# reads 2 in 100 fewer right at a mean of 64 and 8 at 45; 5 at 189 and, with much burnt out, 19 at 221.
TOO_DARK_BELOW = 50.0
"""Mean grey of a face, or of a picture."""
TOO_BRIGHT_ABOVE = 200.0
"""Mean grey of a face, or of a picture."""

BLURRED_BELOW = 100.0
"""Variance of the Laplacian; where blur brings them here, the shipped model reads 7 in 100 fewer of FER-2013's faces
right."""

OBLIQUE_UP_TO = 0.5
"""Frontalness. In real clips these are faces turned or bent by a good deal."""
DOUBTED_FROM_S = 2.0
"""The second cascade is asked once a second: by then it has refused."""


def judge(
    box: Box,
    size: tuple[int, int],
    *,
    brightness: float,
    sharpness: float,
    frontalness: float,
    doubted_s: float = 0.0,
) -> tuple[Fault, ...]:
    """What is wrong with a face, the plainest first; nothing where it can be read.

    A small or badly lit face is not sharp, and none of these has many finds: of such faults the cause alone is told.

    Args:
        box: the face, pixels.
        size: width and height of the picture, pixels.
        brightness: mean grey of its crop, 0 to 255.
        sharpness: variance of the crop's Laplacian.
        frontalness: how much it looks at the camera, 0 to 1.
        doubted_s: how long ago the second cascade last took it for a face, seconds.
    """
    faults: list[Fault] = []
    if _crop_reaches_over(box, size):
        faults.append("at the edge")
    if max(box.w, box.h) < LEAST_SIDE_PX:
        faults.append("too small")
    if brightness < TOO_DARK_BELOW:
        faults.append("too dark")
    elif brightness > TOO_BRIGHT_ABOVE:
        faults.append("too bright")
    if not set(faults) - {"at the edge"} and sharpness < BLURRED_BELOW:
        faults.append("blurred")
    if not faults and (frontalness <= OBLIQUE_UP_TO or doubted_s >= DOUBTED_FROM_S):
        faults.append("too oblique")
    return tuple(faults)


def _crop_reaches_over(box: Box, size: tuple[int, int]) -> bool:
    half = max(box.w, box.h) * (1.0 + INPUT.crop_margin) / 2
    centre_x, centre_y = box.centre
    width, height = size
    return centre_x < half or centre_y < half or centre_x > width - half or centre_y > height - half
