"""Numbers and words for the report's HTML."""

from html import escape

from trainer.judging.intervals import Interval

METRIC_TITLES = {
    "label_accuracy": "the data set&rsquo;s own labels",
    "majority_agreement": "the majority of people&rsquo;s votes (FER+)",
}
METRIC_SHORT = {"label_accuracy": "by the labels", "majority_agreement": "by people&rsquo;s majority"}


def text(value: object) -> str:
    """``value`` as text in HTML, quotes included."""
    return escape(str(value), quote=True)


def percent(share: float, digits: int = 1) -> str:
    """A share as ``86.1%``."""
    return f"{share * 100:.{digits}f}%"


def span(interval: Interval) -> str:
    """The ends of an interval in percent, ``84.9&ndash;87.3``."""
    return f"{interval.low * 100:.1f}&ndash;{interval.high * 100:.1f}"


def metric_title(metric: str) -> str:
    """What a figure is measured by, in HTML."""
    return METRIC_TITLES.get(metric, text(metric))


def bar(share: float, interval: Interval | None = None) -> str:
    """A bar as long as ``share``, with its interval as a line over it; the number stands beside it as text."""
    line = ""
    if interval is not None:
        line = f'<i style="left:{interval.low * 100:.2f}%;width:{(interval.high - interval.low) * 100:.2f}%"></i>'
    return f'<span class="bar" aria-hidden="true"><b style="width:{share * 100:.2f}%"></b>{line}</span>'
