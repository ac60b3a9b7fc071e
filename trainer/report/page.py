"""The report's page."""

from collections.abc import Iterator, Mapping, Sequence
from importlib import resources

from trainer.curves import Epoch
from trainer.datasets.faces import FaceSet
from trainer.judging.calibration import BINS
from trainer.judging.evaluation import Evaluation, Figures, Role, SplitFigures
from trainer.judging.table import ROLES, describe_options
from trainer.report.classes import classes
from trainer.report.groups import groups
from trainer.report.matrix import matrix
from trainer.report.mistakes import SHOWN, mistakes
from trainer.report.provenance import provenance
from trainer.report.reliability import reliability
from trainer.report.text import METRIC_SHORT, metric_title, percent, span, text
from trainer.report.training import training

_NOTHING_FROM_OUTSIDE = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
_ROLE_CLASS: dict[Role, str] = {"blind": "blind", "chosen on": "chosen", "trained on": "trained", "unknown": ""}


def report(evaluation: Evaluation, faces: Mapping[str, FaceSet], log: Sequence[Epoch] = ()) -> str:
    """One HTML document that needs nothing beside it.

    Args:
        evaluation: the figures.
        faces: split (the data set's word) to the faces that were judged by, for pictures of mistakes; a split that is
            left out has none.
        log: the training's epochs, where they are known.
    """
    model = evaluation.model
    style = resources.files("trainer.report").joinpath("style.css").read_text(encoding="utf-8")
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_NOTHING_FROM_OUTSIDE}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{text(model['name'])}: evaluation</title><style>{style}</style></head>\n"
        f"<body><main>{''.join(_parts(evaluation, faces, log))}</main></body></html>\n"
    )


def _parts(evaluation: Evaluation, faces: Mapping[str, FaceSet], log: Sequence[Epoch]) -> Iterator[str]:
    yield _head(evaluation)
    yield _overview(evaluation)
    first = True
    for split in evaluation.splits:
        for figures in split.figures:
            yield _section(split, figures, faces.get(split.split), first=first)
            first = False
    if log:
        kept = evaluation.model["training"].get("kept_epoch")
        yield f"<section><h2>Training</h2>{training(log, kept)}</section>\n"
    yield f"<section><h2>Where the model comes from</h2>{provenance(evaluation)}</section>\n"
    yield _READING


def _head(evaluation: Evaluation) -> str:
    model = evaluation.model
    spec = model["input"]
    kind = {"tflite": "TFLite, as the device runs it", "keras": "Keras, float32"}[model["kind"]]
    return (
        f'<header><p class="eyebrow">Evaluation of a facial-expression model</p><h1>{text(model["name"])}</h1>'
        f"<p>{kind}. {len(model['labels'])} labels ({text(', '.join(model['labels']))}), grey faces of "
        f"{spec['width']} &times; {spec['height']} pixels.</p>"
        f'<p class="soft">Measured on <code>{text(evaluation.data["path"])}</code></p></header>\n'
    )


def _overview(evaluation: Evaluation) -> str:
    rows = "".join(_overview_row(split, one) for split in evaluation.splits for one in split.figures)
    options = describe_options(evaluation.options)
    said = f"<p>{text(options[0].upper() + options[1:])}.</p>" if options else ""
    notes = "".join(f'<p class="note">{text(note)}</p>' for note in evaluation.notes)
    heads = ("accuracy", "balanced accuracy", "macro F1", "calibration error")
    head = "".join(f'<th scope="col">{name}</th>' for name in heads)
    return (
        f'<section><h2>Overview</h2>{said}{notes}<div class="scroll"><table class="summary"><caption>Splits are never '
        'pooled. Small numbers are 95% intervals.</caption><thead><tr><th scope="col">split</th>'
        f'{head}<th scope="col" class="sum">faces</th></tr></thead><tbody>{rows}</tbody></table></div></section>\n'
    )


def _overview_row(split: SplitFigures, figures: Figures) -> str:
    confusion = figures.confusion
    found = (confusion.accuracy, confusion.balanced_accuracy, confusion.macro_f1, figures.calibration.ece)
    cells = "".join(f"<td><b>{percent(one.value)}</b><small>{span(one)}</small></td>" for one in found)
    short = METRIC_SHORT.get(figures.metric, figures.metric)
    return (
        f'<tr><th scope="row">{text(split.split)}<small>{short}</small></th>{cells}'
        f'<td class="sum">{figures.faces:,}</td></tr>'
    )


def _section(split: SplitFigures, figures: Figures, faces: FaceSet | None, *, first: bool) -> str:
    role = ROLES[split.role]
    shown = f'<span class="role {_ROLE_CLASS[split.role]}">{text(role)}</span>' if role else ""
    return (
        f'<section class="split{" first" if first else ""}"><div class="lead"><h2>{text(split.split)}, by '
        f"{metric_title(figures.metric)}</h2>{shown}</div>{_left_out(split, figures)}"
        f"{''.join(_pictures(figures, faces)) if figures.faces else ''}</section>\n"
    )


def _left_out(split: SplitFigures, figures: Figures) -> str:
    if not figures.left_out:
        return f"<p>All {split.count:,} faces of the split.</p>"
    why = ", ".join(f"{count:,} {text(reason)}" for reason, count in figures.left_out.items())
    return f"<p>{figures.faces:,} of the split&rsquo;s {split.count:,} faces; left out: {why}.</p>"


def _pictures(figures: Figures, faces: FaceSet | None) -> Iterator[str]:
    confusion, calibration = figures.confusion, figures.calibration
    yield (
        '<div class="pair"><div><h3>What was taken for what</h3>'
        f"{matrix(confusion)}</div><div><h3>How sure it is, and how right</h3>{reliability(calibration)}</div></div>"
    )
    yield f"<h3>Each label</h3>{classes(confusion)}"
    if figures.groupings:
        yield f"<h3>Groups</h3>{''.join(groups(one) for one in figures.groupings)}"
    if faces is not None and figures.mistakes:
        count = min(SHOWN, len(figures.mistakes))
        yield f"<h3>The {count} mistakes it was surest of</h3>{mistakes(figures.mistakes, faces.images)}"


_READING = f"""<section class="reading"><h2>How to read it</h2><dl>
<dt>Accuracy</dt><dd>Share of faces named as they are labelled, with Wilson&rsquo;s 95% interval. Which label counts is
said above each part: the data set&rsquo;s own, or the one that more than half of the people who voted agree on.</dd>
<dt>Balanced accuracy, macro F1</dt><dd>The mean over labels of recall and of F1, so that rare labels count as much as
common ones. Intervals are bootstrapped (1,000 tables drawn anew).</dd>
<dt>Calibration error</dt><dd>How far confidence and accuracy lie apart on average, over {BINS} bins of equal width. A
model that is 80% sure should be right 80% of the time. Few faces make it look larger than it is.</dd>
<dt>Groups</dt><dd>Where the data names groups of people, and by whether a face&rsquo;s photograph is among those to
train on. The gap is between the best and the worst group that are large enough; they are picked by the result, so a
small gap may be chance: see whether its interval reaches 0.</dd>
<dt>What these figures do not say</dt><dd>A label is what people saw in a face, not what a person felt. Faces of a data
set differ from those before another camera, and accuracy there has to be measured there.</dd></dl></section>
"""
