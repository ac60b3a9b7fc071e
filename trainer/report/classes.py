"""Precision, recall and F1 of each label, as bars and numbers in one table."""

from trainer.judging.confusion import ClassFigures, Confusion
from trainer.report.text import bar, percent, span, text


def classes(confusion: Confusion) -> str:
    """A line for each label, and the mean of all at the foot."""
    rows = "".join(_row(one) for one in confusion.classes)
    f1, recall = confusion.macro_f1, confusion.balanced_accuracy
    mean = (
        '<tr><th scope="row">mean</th>'
        f"<td>{_number(confusion.macro_precision)}</td>"
        f"<td>{_number(recall.value)}<small>{span(recall)}</small></td>"
        f"<td>{_number(f1.value)}<small>{span(f1)}</small></td>"
        f'<td class="sum">{int(confusion.counts.sum()):,}</td></tr>'
    )
    return (
        '<div class="scroll"><table class="classes"><caption>Figures for each label; small numbers and thin lines are '
        '95% intervals.</caption><thead><tr><th scope="col">label</th><th scope="col">precision</th>'
        '<th scope="col">recall</th><th scope="col">F1</th><th scope="col" class="sum">faces</th></tr></thead>'
        f"<tbody>{rows}</tbody><tfoot>{mean}</tfoot></table></div>"
    )


def _row(one: ClassFigures) -> str:
    precision = "<em>never answered</em>" if one.precision is None else bar(one.precision) + _number(one.precision)
    recall = "<em>no faces</em>"
    if one.support:
        recall = bar(one.recall.value, one.recall) + _number(one.recall.value) + f"<small>{span(one.recall)}</small>"
    return (
        f'<tr><th scope="row">{text(one.label)}</th><td>{precision}</td><td>{recall}</td>'
        f'<td>{bar(one.f1)}{_number(one.f1)}</td><td class="sum">{one.support:,}</td></tr>'
    )


def _number(share: float) -> str:
    return f'<span class="number">{percent(share)}</span>'
