"""An evaluation as text for a terminal, at most 100 characters wide."""

import textwrap
from collections.abc import Iterator, Mapping
from typing import Any

from trainer.judging.confusion import Confusion
from trainer.judging.evaluation import Evaluation, Figures, Role, SplitFigures
from trainer.judging.groups import Grouping
from trainer.judging.intervals import Interval
from trainer.terminal import WIDTH, text_table

TITLES = {"label_accuracy": "the data set's labels", "majority_agreement": "majority of people's votes (FER+)"}
ROLES: dict[Role, str] = {
    "trained on": "the model was trained on it: no measure of it",
    "chosen on": "the model was chosen on it",
    "blind": "blind: neither trained nor chosen on, by the pictures that the training recorded",
    "unknown": "nothing tells whether the model has seen these faces",
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


def _classes(confusion: Confusion) -> list[str]:
    rows = [
        (
            one.label,
            "-" if one.precision is None else f"{one.precision:.1%}",
            percent(one.recall) if one.support else "-",
            f"{one.f1:.1%}",
            str(one.support),
        )
        for one in confusion.classes
    ]
    recall, f1 = confusion.balanced_accuracy.value, confusion.macro_f1.value
    faces = str(int(confusion.counts.sum()))
    rows.append(("mean", f"{confusion.macro_precision:.1%}", f"{recall:.1%}", f"{f1:.1%}", faces))
    return text_table(("label", "precision", "recall (95% interval)", "F1", "faces"), rows, left=(0, 2))


def _confusion(confusion: Confusion) -> Iterator[str]:
    yield "labels in rows, answers in columns"
    rows = zip(confusion.rows, confusion.counts.tolist(), strict=True)
    yield from text_table(("", *confusion.columns), [(label, *map(str, counts)) for label, counts in rows])


def _grouping(grouping: Grouping) -> Iterator[str]:
    rows = [
        (
            one.group,
            str(one.count),
            percent(one.accuracy),
            f"{one.balanced_accuracy:.1%}",
            "too few to compare" if one.is_small else "",
        )
        for one in grouping.groups
    ]
    yield from text_table(
        (grouping.attribute, "faces", "accuracy (95% interval)", "balanced", ""), rows, left=(0, 2, 4)
    )
    if grouping.gap:
        best, worst = grouping.compared[0].group, grouping.compared[-1].group
        yield (
            f"gap of {best} over {worst}: {grouping.gap.value * 100:.1f} points "
            f"({grouping.gap.low * 100:.1f} to {grouping.gap.high * 100:.1f})"
        )
    else:
        yield "no gap can be given: fewer than two groups have enough faces"
