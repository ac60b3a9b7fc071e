"""Axes of a small plot in SVG; colours come from the page's style sheet."""

from collections.abc import Sequence
from dataclasses import dataclass

from trainer.report.text import text


@dataclass(frozen=True, slots=True)
class Axes:
    """Where data lies in a picture.

    Attributes:
        left, top, width, height: of the plot, in the picture's units.
        x_range, y_range: the data's values at its edges.
    """

    left: float
    top: float
    width: float
    height: float
    x_range: tuple[float, float]
    y_range: tuple[float, float]

    def x(self, value: float) -> float:
        """The picture's x of ``value``."""
        low, high = self.x_range
        return round(self.left + (value - low) / (high - low) * self.width, 2)

    def y(self, value: float) -> float:
        """The picture's y of ``value``, which grows downwards."""
        low, high = self.y_range
        return round(self.top + (high - value) / (high - low) * self.height, 2)

    def points(self, values: Sequence[tuple[float, float]]) -> str:
        """``points`` of a polyline."""
        return " ".join(f"{self.x(x)},{self.y(y)}" for x, y in values)

    def grid(
        self, x_ticks: Sequence[tuple[float, str]], y_ticks: Sequence[tuple[float, str]], x_title: str, y_title: str
    ) -> str:
        """Lines, numbers and titles."""
        bottom, right = self.top + self.height, self.left + self.width
        parts = [
            f'<line class="grid" x1="{self.left}" x2="{right}" y1="{self.y(value)}" y2="{self.y(value)}"/>'
            f'<text class="tick" x="{self.left - 8}" y="{self.y(value) + 4}" text-anchor="end">{text(word)}</text>'
            for value, word in y_ticks
        ]
        parts += [
            f'<text class="tick" x="{self.x(value)}" y="{bottom + 18}" text-anchor="middle">{text(word)}</text>'
            for value, word in x_ticks
        ]
        middle_x, middle_y = self.left + self.width / 2, self.top + self.height / 2
        parts.append(f'<line class="axis" x1="{self.left}" x2="{right}" y1="{bottom}" y2="{bottom}"/>')
        parts.append(
            f'<text class="title" x="{middle_x}" y="{bottom + 38}" text-anchor="middle">{text(x_title)}</text>'
        )
        turned = f'transform="translate({self.left - 46} {middle_y}) rotate(-90)"'
        parts.append(f'<text class="title" {turned} text-anchor="middle">{text(y_title)}</text>')
        return "".join(parts)


def picture(width: float, height: float, description: str, content: str) -> str:
    """An SVG picture of the page, described for who cannot see it."""
    return (
        f'<svg viewBox="0 0 {width:g} {height:g}" role="img" aria-label="{text(description)}" '
        f'style="max-width:{width:g}px">{content}</svg>'
    )
