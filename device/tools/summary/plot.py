"""A day, or days, as a picture: bars of visits in the overlay's colours."""

import io
from collections.abc import Sequence
from typing import Any

from device.errors import UnavailableError
from device.overlay.palette import Colour, colour_of
from device.records import UNCERTAIN
from device.summary.counts import Counts, DaySummary, HourSummary

_GROUND, _INK, _SOFT, _RULE = "#0d0d0d", "#f0f0f0", "#b2b2b2", "#4a4a4a"
_INCHES = (10.0, 4.2)
_DPI = 110
_MOST_TICKS = 16
_OTHER = "no reading"


def plot_hours(hours: Sequence[HourSummary], title: str) -> bytes:
    """A PNG with a bar for each of ``hours``. Raises UnavailableError where matplotlib is not installed."""
    return _plot([f"{hour.start:%H}" for hour in hours], [hour.counts for hour in hours], title)


def plot_days(days: Sequence[DaySummary], title: str) -> bytes:
    """A PNG with a bar for each of ``days``. Raises UnavailableError where matplotlib is not installed."""
    return _plot([f"{one.day:%d.%m.}" for one in days], [one.counts for one in days], title)


def _plot(names: Sequence[str], counts: Sequence[Counts], title: str) -> bytes:
    """Visits by the emotion that they showed longest; below the line, how much of the time was watched."""
    figure = _figure()
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(9, 1))
    places = list(range(len(names)))
    labels = sorted({label for one in counts for label in one.dominant}, key=lambda one: (one == UNCERTAIN, one))
    bottoms = [0] * len(names)
    for label in [*labels, _OTHER]:
        heights = [_visits(one, label) for one in counts]
        if any(heights):
            colour = _RULE if label == _OTHER else _hex(colour_of(label, labels))
            upper.bar(places, heights, bottom=bottoms, color=colour, label=label, width=0.8)
            bottoms = [below + height for below, height in zip(bottoms, heights, strict=True)]
    _draw_time(lower, places, counts)
    _dress(upper, lower, title)
    step = max(1, -(-len(names) // _MOST_TICKS))
    lower.set_xticks(places[::step], names[::step])
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    return buffer.getvalue()


def _visits(counts: Counts, label: str) -> int:
    return counts.visits - sum(counts.dominant.values()) if label == _OTHER else counts.dominant.get(label, 0)


def _draw_time(axes: Any, places: Sequence[int], counts: Sequence[Counts]) -> None:
    bottoms = [0.0] * len(places)
    for name, attribute, colour, hatch in (
        ("watched", "watched_s", _SOFT, ""),
        ("paused", "paused_s", _GROUND, "////"),
        ("camera lost", "lost_s", _RULE, ""),
    ):
        full = [max(one.watched_s + one.paused_s + one.lost_s, 1.0) for one in counts]
        shares = [getattr(one, attribute) / whole for one, whole in zip(counts, full, strict=True)]
        if any(shares):
            axes.bar(places, shares, bottom=bottoms, color=colour, edgecolor=_SOFT, hatch=hatch, label=name, width=0.8)
            bottoms = [below + share for below, share in zip(bottoms, shares, strict=True)]


def _dress(upper: Any, lower: Any, title: str) -> None:
    upper.set_title(title, loc="left", color=_INK, fontsize=12)
    upper.set_ylabel("visits", color=_SOFT)
    upper.yaxis.get_major_locator().set_params(integer=True)
    upper.grid(axis="y", color=_RULE, linewidth=0.6)
    lower.set_yticks([])
    for axes in (upper, lower):
        axes.set_axisbelow(True)
        axes.set_facecolor(_GROUND)
        axes.tick_params(colors=_SOFT, length=0)
        axes.spines[:].set_visible(False)
        if axes.get_legend_handles_labels()[1]:
            axes.legend(frameon=False, fontsize=8.5, labelcolor=_INK, loc="upper left", bbox_to_anchor=(1.0, 1.0))


def _hex(colour: Colour) -> str:
    blue, green, red = colour
    return f"#{red:02x}{green:02x}{blue:02x}"


def _figure() -> Any:
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as error:
        raise UnavailableError(
            f"a plot needs matplotlib, which is for a PC and not installed here ({error.name})",
            "copy the file to a PC, see docs/summary.md, or: pip install 'affectd[plot]'",
        ) from error
    figure = Figure(figsize=_INCHES, dpi=_DPI, layout="constrained", facecolor=_GROUND)
    FigureCanvasAgg(figure)
    return figure
