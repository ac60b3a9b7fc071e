"""A canvas, and what it takes to write on it."""

from dataclasses import dataclass

from device.overlay.canvas import Pixels, Rect, put_run
from device.overlay.palette import Colour
from device.overlay.scale import Scale
from device.overlay.text import Typeface


@dataclass(frozen=True, slots=True, eq=False)
class Pen:
    """Writes on one canvas, uint8 (height, width, 3) BGR, in one font at a display's sizes."""

    canvas: Pixels
    face: Typeface
    scale: Scale

    def write(self, text: str, at: tuple[int, int], size_px: int, colour: Colour) -> None:
        """Write so that the text begins at ``at`` (x, y), y being the baseline."""
        put_run(self.canvas, self.face.run(text, size_px), at, colour)

    def write_centred(self, text: str, baseline: Rect, size_px: int, colour: Colour) -> None:
        """Write in the middle between left and right of ``baseline``, on its upper edge, shortened to fit."""
        text = self.face.shortened(text, size_px, baseline.w)
        x = baseline.x + (baseline.w - self.face.width(text, size_px)) // 2
        self.write(text, (x, baseline.y), size_px, colour)
