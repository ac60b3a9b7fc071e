"""Words as pixels: a font, and runs of text drawn once and kept.

OpenCV's own fonts know no letters beyond ASCII, and its wheels have no FreeType; Pillow has.
"""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from device.errors import UnavailableError

if TYPE_CHECKING:
    from PIL.ImageFont import FreeTypeFont

SHIPPED_FONT = Path(__file__).with_name("font") / "inter-semibold.otf"
_MOST_RUNS = 1024
_ELLIPSIS = "…"


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """A line of text as coverage.

    Attributes:
        coverage: uint8 (height, width), 255 where the ink is.
        left_px: from where the text begins to the coverage's left edge.
        top_px: from the baseline to the coverage's top edge, negative upwards.
        advance_px: from where the text begins to where more would follow.
    """

    coverage: NDArray[np.uint8]
    left_px: int
    top_px: int
    advance_px: int


class Typeface:
    """One font at any size.

    Args:
        path: a TrueType or OpenType file; None for the one that ships.

    Raises:
        UnavailableError: Pillow is not installed, or the file is no font.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._path = path or SHIPPED_FONT
        probe = self._load(100)
        # A user's font may be built quite differently: sizes are told in heights of capitals, as legibility is.
        left, top, right, bottom = probe.getbbox("H", anchor="ls")
        self._cap_share = (bottom - top) / 100 if right > left and bottom > top else 0.7
        self.run = lru_cache(_MOST_RUNS)(self._draw)
        self._at = lru_cache(64)(self._load)

    def cap_px(self, size_px: int) -> int:
        """The height of a capital at ``size_px``."""
        return max(1, round(self._cap_share * size_px))

    def size_for_cap(self, cap_px: float) -> int:
        """The size at which a capital is ``cap_px`` high; at least one that gives letters a shape."""
        return max(8, round(cap_px / self._cap_share))

    def width(self, text: str, size_px: int) -> int:
        """How far ``text`` reaches."""
        return self.run(text, size_px).advance_px

    def shortened(self, text: str, size_px: int, most_px: int) -> str:
        """``text``, or as much of its beginning as fits into ``most_px`` with an ellipsis."""
        if self.width(text, size_px) <= most_px:
            return text
        for end in range(len(text) - 1, 0, -1):
            if self.width(text[:end].rstrip() + _ELLIPSIS, size_px) <= most_px:
                return text[:end].rstrip() + _ELLIPSIS
        return _ELLIPSIS if self.width(_ELLIPSIS, size_px) <= most_px else ""

    def _load(self, size_px: int) -> "FreeTypeFont":
        try:
            from PIL import ImageFont
        except ImportError as error:
            raise UnavailableError(
                "the overlay's text needs Pillow, which is not installed", "pip install 'affectd[overlay]'"
            ) from error
        try:
            # The shipped font's scripts need no shaping, and so look the same whether Pillow has Raqm or not.
            layout = ImageFont.Layout.BASIC if self._path == SHIPPED_FONT else None
            return ImageFont.truetype(str(self._path), size_px, layout_engine=layout)
        except OSError as error:
            raise UnavailableError(
                f"{self._path} is no font that can be read ({error})", "correct overlay.font or leave it out"
            ) from error

    def _draw(self, text: str, size_px: int) -> Run:
        from PIL import Image, ImageDraw

        font = self._at(size_px)
        if not text:
            return Run(np.zeros((0, 0), np.uint8), 0, 0, 0)
        left, top, right, bottom = (round(edge) for edge in font.getbbox(text, anchor="ls"))
        image = Image.new("L", (max(1, right - left), max(1, bottom - top)))
        ImageDraw.Draw(image).text((-left, -top), text, fill=255, font=font, anchor="ls")
        return Run(np.asarray(image, np.uint8), left, top, round(font.getlength(text)))


@lru_cache(4)
def typeface(path: Path | None) -> Typeface:
    """The ``Typeface`` of ``path``, shared, so that its runs are drawn once in a process. Raises UnavailableError."""
    return Typeface(path)
