"""The report's plots as SVG that is part of the page; colours come from its style sheet."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape

from markupsafe import Markup

from trainer.curves import Epoch
from trainer.judging.calibration import BINS, Calibration

_SHARES = tuple((tenth / 5, f"{tenth * 20}%") for tenth in range(6))
_STRIP_TOP, _STRIP_HEIGHT = 404.0, 70.0
_WORD_PX = 34.0
"""Room that a word beside a line takes."""


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
            f'<text class="tick" x="{self.left - 8}" y="{self.y(value) + 4}" text-anchor="end">{escape(word)}</text>'
            for value, word in y_ticks
        ]
        parts += [
            f'<text class="tick" x="{self.x(value)}" y="{bottom + 18}" text-anchor="middle">{escape(word)}</text>'
            for value, word in x_ticks
        ]
        middle_x, middle_y = self.left + self.width / 2, self.top + self.height / 2
        parts.append(f'<line class="axis" x1="{self.left}" x2="{right}" y1="{bottom}" y2="{bottom}"/>')
        parts.append(
            f'<text class="title" x="{middle_x}" y="{bottom + 38}" text-anchor="middle">{escape(x_title)}</text>'
        )
        turned = f'transform="translate({self.left - 46} {middle_y}) rotate(-90)"'
        parts.append(f'<text class="title" {turned} text-anchor="middle">{escape(y_title)}</text>')
        return "".join(parts)


_PLOT = Axes(64, 12, 360, 300, (0.0, 1.0), (0.0, 1.0))


def reliability(calibration: Calibration) -> Markup:
    """Confidence against accuracy, and how many faces are that sure."""
    described = (
        f"Reliability diagram: expected calibration error {calibration.ece.value:.1%}, mean confidence "
        f"{calibration.confidence:.1%}; the table below has each bin"
    )
    return _picture(440, 478, described, _reliability_curve(calibration) + _strip(calibration))


def _reliability_curve(calibration: Calibration) -> str:
    parts = [_PLOT.grid(_SHARES, _SHARES, "confidence", "accuracy")]
    parts.append(f'<line class="ideal" x1="{_PLOT.x(0)}" y1="{_PLOT.y(0)}" x2="{_PLOT.x(1)}" y2="{_PLOT.y(1)}"/>')
    for one in calibration.bins:
        x = _PLOT.x(one.confidence)
        low, high = _PLOT.y(one.accuracy.low), _PLOT.y(one.accuracy.high)
        parts.append(f'<line class="whisker" x1="{x}" x2="{x}" y1="{low}" y2="{high}"/>')
    # Words last, on a ground of their own, so that no line goes through them.
    parts.append(
        f'<text class="note" x="{_PLOT.x(0.03)}" y="{_PLOT.y(0.9)}">above the line: too modest</text>'
        f'<text class="note" x="{_PLOT.x(0.98)}" y="{_PLOT.y(0.03)}" text-anchor="end">below: too sure</text>'
    )
    found = [(one.confidence, one.accuracy.value) for one in calibration.bins]
    parts.append(f'<polyline class="curve" points="{_PLOT.points(found)}"/>')
    parts += [f'<circle class="dot" cx="{_PLOT.x(x)}" cy="{_PLOT.y(y)}" r="4"/>' for x, y in found]
    return "".join(parts)


def _strip(calibration: Calibration) -> str:
    """A histogram of confidences under the curve."""
    most = max((one.count for one in calibration.bins), default=1)
    bottom = _STRIP_TOP + _STRIP_HEIGHT
    wide = _PLOT.width / BINS - 3
    parts = [
        f'<text class="title" x="{_PLOT.left}" y="{_STRIP_TOP - 12}">faces that are so sure</text>',
        f'<line class="axis" x1="{_PLOT.left}" x2="{_PLOT.left + _PLOT.width}" y1="{bottom}" y2="{bottom}"/>',
    ]
    for one in calibration.bins:
        tall = max(1.0, one.count / most * _STRIP_HEIGHT)
        parts.append(
            f'<rect class="count" x="{_PLOT.x(one.low) + 1.5:.2f}" y="{bottom - tall:.2f}" width="{wide:.2f}" '
            f'height="{tall:.2f}"><title>{one.count:,} faces</title></rect>'
        )
    parts.append(f'<text class="tick" x="{_PLOT.left - 8}" y="{_STRIP_TOP + 10}" text-anchor="end">{most:,}</text>')
    return "".join(parts)


def training_curves(log: Sequence[Epoch], kept_epoch: int | None) -> list[Markup]:
    """Loss and accuracy over the epochs, two plots; ``kept_epoch`` counts from 1."""
    highest = max((value for row in log for value in (row.loss, row.val_loss) if math.isfinite(value)), default=1.0)
    loss = _plot(
        log,
        kept_epoch,
        title="loss",
        pair=lambda row: (row.loss, row.val_loss),
        y_range=(0.0, highest * 1.05),
        write=lambda value: f"{value:.2g}",
    )
    accuracy = _plot(
        log,
        kept_epoch,
        title="accuracy",
        pair=lambda row: (row.accuracy, row.val_accuracy),
        y_range=(0.0, 1.0),
        write=lambda value: f"{value:.0%}",
    )
    return [loss, accuracy]


def _plot(
    log: Sequence[Epoch],
    kept_epoch: int | None,
    *,
    title: str,
    pair: Callable[[Epoch], tuple[float, float]],
    y_range: tuple[float, float],
    write: Callable[[float], str],
) -> Markup:
    first, last = log[0].number, log[-1].number
    axes = Axes(64, 14, 360, 230, (first, max(last, first + 1)), y_range)
    y_ticks = [(value, write(value)) for value in _round_values(y_range[1])]
    ticks = sorted({first, last, *(number for number in range(first, last) if number % _step(last) == 0)})
    x_ticks = [(float(number), str(number)) for number in ticks if number == last or last - number >= _step(last) / 2]
    parts = [axes.grid(x_ticks, y_ticks, "epoch", title)]
    kept = ""
    if kept_epoch:
        x = axes.x(kept_epoch)
        # On the line's left, but for where the numbers of the axis stand.
        place, anchor = (x - 6, "end") if x - axes.left > _WORD_PX else (x + 6, "start")
        parts.append(f'<line class="ideal" x1="{x}" x2="{x}" y1="{axes.top}" y2="{axes.top + axes.height}"/>')
        kept = f'<text class="note" x="{place}" y="{axes.top + axes.height - 8}" text-anchor="{anchor}">kept</text>'
    for column, kind in enumerate(("train", "validation")):
        values = [(float(row.number), pair(row)[column]) for row in log if math.isfinite(pair(row)[column])]
        parts.append(f'<polyline class="curve {kind}" points="{axes.points(values)}"/>')
    parts.append(kept)
    described = (
        f"{title} over {last} epochs: training from {write(pair(log[0])[0])} to {write(pair(log[-1])[0])}, "
        f"validation from {write(pair(log[0])[1])} to {write(pair(log[-1])[1])}"
    )
    return _picture(440, 300, described, "".join(parts))


def _round_values(highest: float) -> list[float]:
    """From 0 to ``highest`` in five steps or fewer, each a round number."""
    power = 10.0 ** math.floor(math.log10(highest))
    step = next(
        size * scale for scale in (power / 10, power) for size in (1, 2, 2.5, 5) if highest / (size * scale) <= 5.01
    )
    return [step * count for count in range(int(highest / step + 1e-9) + 1)]


def _step(last: int) -> int:
    """A round distance of ticks that gives at most seven."""
    return next(step for step in (1, 2, 5, 10, 20, 50, 100, 200, 500, 10**9) if last / step <= 7)


def _picture(width: float, height: float, description: str, content: str) -> Markup:
    """An SVG picture of the page, described for who cannot see it."""
    return Markup(  # noqa: S704 (every word in it is escaped where it is put in)
        f'<svg viewBox="0 0 {width:g} {height:g}" role="img" aria-label="{escape(description)}" '
        f'style="max-width:{width:g}px">{content}</svg>'
    )
