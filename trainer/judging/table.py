"""An evaluation as text for a terminal, at most 100 characters wide."""

import textwrap
from collections.abc import Iterator, Mapping
from typing import Any

from trainer.judging.confusion import Confusion
from trainer.judging.evaluation import Evaluation, Figures, Role, SplitFigures
from trainer.judging.groups import Grouping
from trainer.judging.intervals import Interval

WIDTH = 100
TITLES = {"label_accuracy": "the data set's labels", "majority_agreement": "majority of people's votes (FER+)"}
ROLES: dict[Role, str] = {
    "trained on": "the model was trained on it: no measure of it",
    "chosen on": "the model was chosen on it",
    "blind": "blind: neither trained nor chosen on, by the model's record",
    "unknown": "the model's record does not tell whether it has seen these faces",
}
"""What a split's role means to its figures."""


def as_text(evaluation: Evaluation) -> str:
    """The tables."""
    return "\n".join(_lines(evaluation)) + "\n"


def describe_options(options: Mapping[str, Any]) -> str:
    """``tta`` and ``limit`` in words; empty where there is nothing to say."""
    words = ["answers averaged with the mirror image's"] if options.get("tta") == "flip" else []
    if options.get("limit"):
        words.append(f"a sample of {options['limit']:,} faces of each split at most")
    return "; ".join(words)


def percent(interval: Interval) -> str:
    """As ``86.2% (85.0 to 87.4)``."""
    return f"{interval.value:.1%} ({interval.low * 100:.1f} to {interval.high * 100:.1f})"


def _lines(evaluation: Evaluation) -> Iterator[str]:
    model = evaluation.model
    yield f"model  {model['name']} ({model['kind']}, {model['file']})"
    yield f"data   {evaluation.data['path']}"
    if options := describe_options(evaluation.options):
        yield f"       {options}"
    for note in evaluation.notes:
        yield from textwrap.wrap(note, WIDTH, initial_indent="note   ", subsequent_indent=" " * 7)
    for split in evaluation.splits:
        yield from _split(split)


def _split(split: SplitFigures) -> Iterator[str]:
    role = ROLES[split.role]
    for figures in split.figures:
        yield ""
        title = f"{split.split}: {figures.faces:,} faces by {TITLES.get(figures.metric, figures.metric)}"
        yield title
        yield "-" * min(WIDTH, len(title))
        if role:
            yield role
        if figures.left_out:
            left_out = ", ".join(f"{count:,} {why}" for why, count in figures.left_out.items())
            yield from textwrap.wrap(f"left out: {left_out}", WIDTH)
        if figures.faces:
            yield from _figures(figures)


def _figures(figures: Figures) -> Iterator[str]:
    confusion, calibration = figures.confusion, figures.calibration
    yield f"accuracy           {percent(confusion.accuracy)}"
    yield f"balanced accuracy  {percent(confusion.balanced_accuracy)}"
    yield f"macro F1           {percent(confusion.macro_f1)}"
    yield (
        f"calibration error  {percent(calibration.ece)}; mean confidence {calibration.confidence:.1%}"
        "   (in brackets: 95% intervals)"
    )
    yield ""
    yield from _classes(confusion)
    yield ""
    yield from _confusion(confusion)
    for grouping in figures.groupings:
        yield ""
        yield from _grouping(grouping)


def _classes(confusion: Confusion) -> Iterator[str]:
    wide = max(len(label) for label in (*confusion.rows, "label"))
    yield f"{'label':<{wide}}  precision  recall (95% interval)      F1  faces"
    for one in confusion.classes:
        precision = "-" if one.precision is None else f"{one.precision:.1%}"
        recall = percent(one.recall) if one.support else "-"
        yield f"{one.label:<{wide}}  {precision:>9}  {recall:<22}  {one.f1:>5.1%}  {one.support:>5}"
    yield (
        f"{'mean':<{wide}}  {confusion.macro_precision:>9.1%}  {confusion.balanced_accuracy.value:<22.1%}"
        f"  {confusion.macro_f1.value:>5.1%}  {int(confusion.counts.sum()):>5}"
    )


def _confusion(confusion: Confusion) -> Iterator[str]:
    wide = max(len(label) for label in confusion.rows)
    cell = max(len(str(confusion.counts.max())), (WIDTH - wide - 1) // len(confusion.columns) - 1)
    cell = min(cell, max(5, *map(len, confusion.columns)))
    yield "labels in rows, answers in columns"
    yield f"{'':<{wide}}  {' '.join(f'{column[:cell]:>{cell}}' for column in confusion.columns)}"
    for label, counts in zip(confusion.rows, confusion.counts, strict=True):
        yield f"{label:<{wide}}  {' '.join(f'{count:>{cell}}' for count in counts)}"


def _grouping(grouping: Grouping) -> Iterator[str]:
    wide = max(len(one.group) for one in grouping.groups) if grouping.groups else 5
    yield f"{grouping.attribute:<{wide}}  faces  accuracy (95% interval)  balanced"
    for one in grouping.groups:
        mark = "  too few to compare" if one.is_small else ""
        yield f"{one.group:<{wide}}  {one.count:>5}  {percent(one.accuracy):<23}  {one.balanced_accuracy:>8.1%}{mark}"
    if grouping.gap:
        best, worst = grouping.compared[0].group, grouping.compared[-1].group
        yield (
            f"gap of {best} over {worst}: {grouping.gap.value * 100:.1f} points "
            f"({grouping.gap.low * 100:.1f} to {grouping.gap.high * 100:.1f})"
        )
    else:
        yield "no gap can be told: fewer than two groups have enough faces"
