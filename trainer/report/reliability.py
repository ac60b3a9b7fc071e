"""The reliability diagram: confidence against accuracy, and how many faces are that sure."""

from trainer.judging.calibration import BINS, Calibration
from trainer.report.axes import Axes, picture
from trainer.report.text import percent, span

_SHARES = tuple((tenth / 5, f"{tenth * 20}%") for tenth in range(6))
_WIDTH, _HEIGHT = 440.0, 478.0
_PLOT = Axes(64, 12, 360, 300, (0.0, 1.0), (0.0, 1.0))
_STRIP_TOP, _STRIP_HEIGHT = 404.0, 70.0


def reliability(calibration: Calibration) -> str:
    """The diagram and, folded away, its numbers as a table."""
    described = (
        f"Reliability diagram: expected calibration error {percent(calibration.ece.value)}, mean confidence "
        f"{percent(calibration.confidence)}; the table below has each bin"
    )
    drawn = picture(_WIDTH, _HEIGHT, described, _curve(calibration) + _strip(calibration))
    return drawn + _table(calibration)


def _curve(calibration: Calibration) -> str:
    parts = [_PLOT.grid(_SHARES, _SHARES, "confidence", "accuracy")]
    parts.append(
        f'<line class="ideal" x1="{_PLOT.x(0)}" y1="{_PLOT.y(0)}" x2="{_PLOT.x(1)}" y2="{_PLOT.y(1)}"/>'
        f'<text class="note" x="{_PLOT.x(0.03)}" y="{_PLOT.y(0.96)}">above the line: too modest</text>'
        f'<text class="note" x="{_PLOT.x(0.98)}" y="{_PLOT.y(0.03)}" text-anchor="end">below: too sure</text>'
    )
    for one in calibration.bins:
        x = _PLOT.x(one.confidence)
        low, high = _PLOT.y(one.accuracy.low), _PLOT.y(one.accuracy.high)
        parts.append(f'<line class="whisker" x1="{x}" x2="{x}" y1="{low}" y2="{high}"/>')
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


def _table(calibration: Calibration) -> str:
    rows = "".join(
        f"<tr><td>{percent(one.low, 0)}&ndash;{percent(one.high, 0)}</td><td>{one.count:,}</td>"
        f"<td>{percent(one.confidence)}</td><td>{percent(one.accuracy.value)}</td><td>{span(one.accuracy)}</td></tr>"
        for one in calibration.bins
    )
    return (
        '<details><summary>The bins as a table</summary><table class="plain"><thead><tr><th scope="col">confidence'
        '</th><th scope="col">faces</th><th scope="col">mean</th><th scope="col">accuracy</th>'
        f'<th scope="col">95% interval</th></tr></thead><tbody>{rows}</tbody></table></details>'
    )
