"""How large everything is.

Text is legible from where people stand. ISO 9241-303 asks for capitals 20 to 22 minutes of arc high, 16 at the least.
At 2 m, 20' are 11.6 mm and 16' are 9.3 mm. A 24 inch screen of 16:9 is 299 mm high, so the capitals of an emotion's
word take 3.9% of the screen's height and those of all else 3.1%: on 720 lines 28 and 23 pixels, on 1080 lines 42
and 34.
"""

from dataclasses import dataclass

from device.overlay.text import Typeface

WORD_CAP_SHARE = 0.039
SMALL_CAP_SHARE = 0.0312
_TITLE_CAP_SHARE = 0.075
_SCREEN_ASPECT = 4 / 3  # a narrower screen is measured by its width, or text would not fit across


@dataclass(frozen=True, slots=True)
class Scale:
    """Sizes in pixels for one display.

    Attributes:
        word: font size of an emotion's word.
        small: font size of everything else that is to be read.
        title: font size of a card's headline.
        word_cap, small_cap, title_cap: height of their capitals.
        gap: the distance between things that belong together.
        stroke: thickness of a face's box.
    """

    word: int
    small: int
    title: int
    word_cap: int
    small_cap: int
    title_cap: int
    gap: int
    stroke: int

    @classmethod
    def of(cls, size: tuple[int, int], text_scale: float, face: Typeface) -> "Scale":
        """The scale of a display of ``size`` (width, height) pixels."""
        base = min(size[1], size[0] / _SCREEN_ASPECT)
        shares = WORD_CAP_SHARE, SMALL_CAP_SHARE, _TITLE_CAP_SHARE
        word, small, title = (face.size_for_cap(share * base * text_scale) for share in shares)
        return cls(
            word=word,
            small=small,
            title=title,
            word_cap=face.cap_px(word),
            small_cap=face.cap_px(small),
            title_cap=face.cap_px(title),
            gap=max(2, round(0.4 * small)),
            stroke=max(1, round(0.005 * base)),
        )

    @property
    def row(self) -> int:
        """From one line of small text to the next."""
        return round(1.22 * self.small)

    @property
    def radius(self) -> int:
        """Of a panel's corners."""
        return self.gap
