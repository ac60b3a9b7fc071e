"""The report's page: figures, faces and facts, put into the templates beside it."""

import base64
from collections.abc import Iterator, Mapping, Sequence
from importlib import resources
from typing import Any

import cv2
import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined
from numpy.typing import NDArray

from trainer.curves import Epoch, say_when_curves_part
from trainer.datasets.faces import FaceSet
from trainer.judging.calibration import BINS
from trainer.judging.evaluation import Evaluation, Figures, Role, SplitFigures
from trainer.judging.table import ROLES, describe_options
from trainer.report.plots import reliability, training_curves

SHOWN = 24
"""Mistakes of a split that are shown at most."""
_LARGEST_PX = 96
_ROLE_CLASSES: dict[Role, str] = {"blind": "blind", "chosen on": "chosen", "trained on": "trained", "unknown": ""}
_METRICS = {
    "label_accuracy": "the data set\N{RIGHT SINGLE QUOTATION MARK}s own labels",
    "majority_agreement": "the majority of people\N{RIGHT SINGLE QUOTATION MARK}s votes (FER+)",
}
_METRICS_SHORT = {
    "label_accuracy": "by the labels",
    "majority_agreement": "by people\N{RIGHT SINGLE QUOTATION MARK}s majority",
}
_KINDS = {"tflite": "TFLite, as the device runs it", "keras": "Keras, float32", "onnx": "ONNX"}


def report(evaluation: Evaluation, faces: Mapping[str, FaceSet], log: Sequence[Epoch] = ()) -> str:
    """One HTML document that needs nothing beside it.

    Args:
        evaluation: the figures.
        faces: split (the data set's word) to the faces that were judged by, for pictures of mistakes; a split that is
            left out has none.
        log: the training's epochs, where they are known.
    """

    def pictures(split: SplitFigures, figures: Figures) -> list[str]:
        shown = faces.get(split.split)
        return [] if shown is None else [_png(shown.images[one.position]) for one in figures.mistakes[:SHOWN]]

    kept_epoch = evaluation.model["training"].get("kept_epoch")
    said = (log and say_when_curves_part(log)) or "validation loss does not rise while training loss falls"
    page = _environment().get_template("report.html.j2")
    return page.render(
        evaluation=evaluation,
        style=resources.files("trainer.report").joinpath("style.css").read_text(encoding="utf-8"),
        options=describe_options(evaluation.options),
        metrics=_METRICS,
        metrics_short=_METRICS_SHORT,
        kinds=_KINDS,
        roles=ROLES,
        role_classes=_ROLE_CLASSES,
        reliability=reliability,
        pictures=pictures,
        log=log,
        kept_epoch=kept_epoch,
        curves=training_curves(log, kept_epoch) if log else [],
        curves_said=f"{said[0].upper()}{said[1:]}.",
        facts=list(_facts(evaluation)),
        bins=BINS,
    ).lstrip()


def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("trainer.report", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _png(image: NDArray[np.uint8]) -> str:
    height, width = image.shape[:2]
    share = _LARGEST_PX / max(height, width)
    if share < 1:
        size = max(1, round(width * share)), max(1, round(height * share))
        image = cv2.resize(image, size, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
    _, encoded = cv2.imencode(".png", image)
    return base64.b64encode(encoded.tobytes()).decode("ascii")


def _facts(evaluation: Evaluation) -> Iterator[tuple[str, Any]]:
    """What the model's record says of its training; what it does not say is left out."""
    model, record = evaluation.model, evaluation.model["training"]
    yield from (("file", model["file"]), ("SHA-256", model["sha256"]))
    recipe = record.get("recipe") or {}
    if recipe.get("name"):
        yield "recipe", f"{recipe['name']}: {recipe['about']}" if recipe.get("about") else recipe["name"]
    data = record.get("data") or {}
    for split, name in (("train", "trained on"), ("validation", "chosen on")):
        found = data.get(split) or {}
        if "faces" in found:
            yield name, f"{found.get('split', split)}, {found['faces']:,} faces"
    yield from (("data file", f"{file} {digest[:16]}…") for file, digest in (data.get("files") or {}).items())
    if record.get("epochs"):
        kept = f", of which epoch {record['kept_epoch']} was kept" if record.get("kept_epoch") else ""
        yield "epochs", f"{record['epochs']}{kept}"
    origins = [("started from", record.get("start")), *(("learnt from", one) for one in record.get("teachers") or ())]
    yield from ((name, f"{one['name']} {one['sha256'][:16]}…") for name, one in origins if one)
    for key, name in (("seed", "seed"), ("precision", "precision"), ("git_revision", "source revision")):
        if record.get(key) is not None:
            yield name, record[key]
    if record.get("versions"):
        yield "trained with", _versions(record["versions"])
    if record.get("conversion"):
        yield "converted by", f"{record['conversion']['method']}; {_versions(record['conversion']['versions'])}"


def _versions(found: Mapping[str, str]) -> str:
    return ", ".join(f"{package} {version}" for package, version in found.items())
