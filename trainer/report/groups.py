"""Figures by group: where a model serves some people worse than others."""

from trainer.judging.groups import GroupFigures, Grouping
from trainer.report.text import bar, percent, span, text


def groups(grouping: Grouping) -> str:
    """A table of the groups by one attribute, best first, with the gap and its warning."""
    rows = "".join(_row(one) for one in grouping.groups)
    if grouping.gap:
        best, worst = grouping.compared[0].group, grouping.compared[-1].group
        gap = (
            f"<p><strong>{grouping.gap.value * 100:.1f} points</strong> ({span(grouping.gap)}) lie between "
            f"{text(best)} and {text(worst)}.</p>"
        )
    else:
        gap = "<p>No gap can be told: fewer than two groups have enough faces.</p>"
    warning = f'<p class="warning">{text(grouping.warning)}</p>' if grouping.warning else ""
    return (
        f'<div class="scroll"><table class="classes"><caption>By {text(grouping.attribute)}</caption><thead><tr>'
        '<th scope="col">group</th><th scope="col">accuracy</th><th scope="col">balanced accuracy</th>'
        f'<th scope="col" class="sum">faces</th></tr></thead><tbody>{rows}</tbody></table></div>{gap}{warning}'
    )


def _row(one: GroupFigures) -> str:
    return (
        f'<tr{" class=small" if one.is_small else ""}><th scope="row">{text(one.group)}</th>'
        f'<td>{bar(one.accuracy.value, one.accuracy)}<span class="number">{percent(one.accuracy.value)}</span>'
        f"<small>{span(one.accuracy)}</small></td><td>{percent(one.balanced_accuracy)}</td>"
        f'<td class="sum">{one.count:,}</td></tr>'
    )
