"""The model card: what a model is for, what it can do, and what it must not be used for.

A Markdown file with the metadata in front that Hugging Face reads (https://huggingface.co/docs/hub/model-cards), after
Mitchell et al., "Model Cards for Model Reporting", 2019.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from importlib import resources
from pathlib import Path
from string import Template
from typing import Any

import yaml

from device.contract.files import write_atomically
from device.errors import DataError
from trainer.judging.evaluation import SCHEMA
from trainer.predictor import file_sha256, model_file, model_record

CARD_FILE = "model-card.md"
EVALUATION_FILE = "evaluation.json"
"""Where ``write_card`` looks for figures beside a model."""

_KNOWN_SETS = {
    "fer2013.csv": ("fer2013", "FER-2013"),
    "icml_face_data.csv": ("fer2013", "FER-2013"),
    "fer2013new.csv": ("ferplus", "FER+"),
}
_NOISY_LABELS = """\
- FER-2013's own labels are noisy: people named 65% of its faces as they are labelled, give or take 5
  (Goodfellow et al., 2013). Of the faces that it calls fear, the ten voters of FER+ call 12% fear. A model can be
  right and be counted wrong, and the other way round.
"""
_TEMPLATE = "model-card.md.template"
_LEARNT = {
    "labels": "the data set's labels",
    "majority": "the label that most people voted for",
    "votes": "the share of people who chose each label",
    "mix": "the data set's labels and people's votes together",
}
_METRICS = {
    "label_accuracy": "accuracy against the data set's labels",
    "majority_agreement": "agreement with the majority of people's votes",
}


def write_card(folder: Path, evaluations: Sequence[Mapping[str, Any]] | None = None) -> Path:
    """Write ``model-card.md`` beside the Keras model in ``folder``; returns its path.

    Args:
        folder: a training's, with ``model.keras`` and ``training.json``.
        evaluations: JSON documents of ``affectd-train evaluate`` (``Evaluation.as_dict()``); None reads
            ``evaluation.json`` where there is one of this model, and falls back on what the training measured itself.

    Raises:
        DataError: ``training.json`` or ``evaluation.json`` cannot be used.
    """
    found = evaluations_of(folder, ()) if evaluations is None else evaluations
    path = folder / CARD_FILE
    write_atomically(path, model_card(model_record(folder), found).encode("utf-8"))
    return path


def evaluations_of(model: Path, files: Sequence[Path]) -> list[dict[str, Any]]:
    """The evaluations in ``files``, which are of the model at ``model``; without any, ``evaluation.json`` beside it.

    Raises:
        DataError: one is none, or of another model.
    """
    path = model_file(model)
    digest = file_sha256(path)
    beside = path.with_name(EVALUATION_FILE)
    found = {file: read_evaluation(file) for file in files or ([beside] if beside.is_file() else [])}
    for file, evaluation in found.items():
        if evaluation["model"]["sha256"] != digest and files:
            raise DataError(f"{file} is of another model: {evaluation['model']['file']}", "evaluate this one first")
    return [one for one in found.values() if one["model"]["sha256"] == digest]


def read_evaluation(path: Path) -> dict[str, Any]:
    """A JSON document that ``affectd-train evaluate --json`` wrote.

    Raises:
        DataError: it is none, or of another schema.
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise DataError(f"{path} is not JSON: {error}") from error
    schema = found.get("schema") if isinstance(found, dict) else None
    if schema != SCHEMA or not {"model", "splits"} <= set(found):
        raise DataError(
            f"{path} is no evaluation of schema {SCHEMA}", "write it with affectd-train evaluate MODEL DATA --json FILE"
        )
    return dict(found)


def model_card(record: Mapping[str, Any], evaluations: Sequence[Mapping[str, Any]] = ()) -> str:
    """The card as Markdown.

    Args:
        record: the model's, as ``trainer.predictor.model_record`` gives it.
        evaluations: of this model; without any, the figures are those in the record.
    """
    splits = [split for one in evaluations for split in one["splits"]] or _recorded_splits(record)
    meta = yaml.safe_dump(_metadata(record, splits), sort_keys=False, allow_unicode=True)
    return f"---\n{meta}---\n\n{_body(record, splits)}"


def _metadata(record: Mapping[str, Any], splits: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    names = _data_sets(record)
    results = [
        {
            "task": {"type": "image-classification", "name": "Facial expression recognition"},
            "dataset": {
                "type": next(iter(names), "unknown"),
                "name": ", ".join(names.values()) or "unknown",
                "split": split["split"],
            },
            "metrics": [
                {"type": kind, "name": name, "value": round(value, 4), "verified": False}
                for kind, name, value in _scores(one)
            ],
        }
        for split in splits
        for one in split["references"]
    ]
    return {
        "license": "mit",
        "pipeline_tag": "image-classification",
        "tags": ["facial-expression-recognition", "emotion", "edge", "tflite" if "conversion" in record else "keras"],
        "datasets": list(names),
        "metrics": ["accuracy", "f1"],
        "model-index": [{"name": record["name"], "results": results}],
    }


def _scores(one: Mapping[str, Any]) -> Iterator[tuple[str, str, float]]:
    yield "accuracy", _METRICS.get(one["metric"], one["metric"]), one["accuracy"]["value"]
    if "macro" in one:
        yield "f1", "macro F1", one["macro"]["f1"]["value"]


def _body(record: Mapping[str, Any], splits: Sequence[Mapping[str, Any]]) -> str:
    spec = record["input"]
    template = resources.files("trainer").joinpath(_TEMPLATE).read_text(encoding="utf-8")
    return Template(template).substitute(
        name=record["name"],
        summary=f"Names the expression of a face: {', '.join(record['labels'])}. It takes a grey crop of "
        f"{spec['width']} x {spec['height']} pixels and gives {len(record['labels'])} probabilities. It is made for "
        "affectd, which runs it on the device that the camera is attached to.",
        data="\n".join(_data(record)),
        training="\n".join(_training(record)),
        figures="\n".join(_figures(splits)),
        noisy_labels=_NOISY_LABELS if "fer2013" in _data_sets(record) else "",
    )


def _data(record: Mapping[str, Any]) -> Iterator[str]:
    data = record.get("data", {})
    for split, word in (("train", "Trained on"), ("validation", "Chosen on")):
        found = data.get(split)
        if isinstance(found, Mapping):
            yield f"- {word} {found.get('faces', 'unknown')} faces, the split `{found.get('split', split)}`."
    for file, digest in (data.get("files") or {}).items():
        name = _KNOWN_SETS.get(file, ("", ""))[1]
        yield f"- `{file}`{f' ({name})' if name else ''}, SHA-256 `{digest}`."
    if "fer2013" in _data_sets(record):
        yield '- FER-2013: Goodfellow et al., "Challenges in Representation Learning", 2013; for research use.'
    if "ferplus" in _data_sets(record):
        yield (
            '- FER+: Barsoum et al., "Training Deep Networks for Facial Expression Recognition with Crowd-Sourced '
            "Label Distribution\", 2016; ten people's votes on each face."
        )


def _training(record: Mapping[str, Any]) -> Iterator[str]:
    recipe = record.get("recipe", {})
    if recipe.get("name"):
        yield f"- Recipe `{recipe['name']}`{': ' + str(recipe['about']) if recipe.get('about') else ''}."
    targets = recipe.get("targets")
    learn = targets.get("learn") if isinstance(targets, Mapping) else targets  # a word alone before 0.2
    if learn:
        yield f"- It learns {_LEARNT.get(learn, learn)}."
    if record.get("epochs"):
        kept = f", of which epoch {record['kept_epoch']} was kept" if record.get("kept_epoch") else ""
        how = f"with seed {record.get('seed')} in {record.get('precision', 'float32')}"
        yield f"- {record['epochs']} epochs{kept}, {how}."
    if record.get("start"):
        yield f"- It started from the weights of `{record['start']['name']}`, SHA-256 `{record['start']['sha256']}`."
    for teacher in record.get("teachers", ()):
        yield f"- It learnt from the answers of `{teacher['name']}`, SHA-256 `{teacher['sha256']}`."
    if record.get("conversion"):
        found = record["conversion"]
        calibration = found.get("calibration")
        faces = f", calibrated on {calibration['faces']} faces" if calibration else ""
        yield f"- Converted: {found['method']}{faces}."
    if record.get("cost"):
        cost = record["cost"]
        yield (
            f"- {cost['parameters']:,} parameters, {cost['multiply_adds']:,} multiply-adds a face, "
            f"{cost['flatbuffer_bytes']:,} bytes."
        )
    versions = ", ".join(f"{name} {version}" for name, version in (record.get("versions") or {}).items())
    yield f"- Source revision `{record.get('git_revision') or 'unknown'}`{'; ' + versions if versions else ''}."


def _figures(splits: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    if not splits:
        yield "Not measured."
        return
    yield "Intervals are 95%. Splits are never pooled."
    for split in splits:
        for one in split["references"]:
            yield from _split_figures(split, one)


def _split_figures(split: Mapping[str, Any], one: Mapping[str, Any]) -> Iterator[str]:
    role = {"blind": ", blind", "chosen on": ", which the model was chosen on"}.get(split["role"], "")
    yield from ("", f"### {split['split']}{role}: {_METRICS.get(one['metric'], one['metric'])}", "")
    accuracy = _with_interval(one["accuracy"])
    if "macro" not in one:
        yield f"{accuracy} of {one['faces']:,} faces."
        yield from ("", f"| label | {one['recall_title']} |", "| --- | ---: |")
        yield from (f"| {label} | {share:.1%} |" for label, share in one["recall"].items())
        return
    yield (
        f"Accuracy {accuracy} of {one['faces']:,} faces. Balanced accuracy {_with_interval(one['balanced_accuracy'])}, "
        f"macro F1 {_with_interval(one['macro']['f1'])}. Expected calibration error "
        f"{_with_interval(one['calibration']['ece'])}."
    )
    yield from ("", "| label | precision | recall | F1 | faces |", "| --- | ---: | ---: | ---: | ---: |")
    for label in one["per_class"]:
        precision = "-" if label["precision"] is None else f"{label['precision']:.1%}"
        recall = _with_interval(label["recall"])
        yield f"| {label['label']} | {precision} | {recall} | {label['f1']:.1%} | {label['support']:,} |"
    for grouping in one["groups"]:
        yield from _group_figures(grouping)


def _group_figures(grouping: Mapping[str, Any]) -> Iterator[str]:
    yield from ("", f"| {grouping['attribute']} | accuracy | faces |", "| --- | ---: | ---: |")
    for group in grouping["groups"]:
        yield f"| {group['group']} | {_with_interval(group['accuracy'])} | {group['faces']:,} |"
    gap = grouping["gap"]
    if gap:
        yield ""
        yield (
            f"{gap['best']} over {gap['worst']}: {gap['value'] * 100:.1f} points "
            f"({gap['low'] * 100:.1f} to {gap['high'] * 100:.1f})."
        )
    if grouping["warning"]:
        yield from ("", f"{grouping['warning'].capitalize()}.")


def _with_interval(figure: Mapping[str, float]) -> str:
    if "low" not in figure:
        return f"{figure['value']:.1%}"
    return f"{figure['value']:.1%} ({figure['low'] * 100:.1f} to {figure['high'] * 100:.1f})"


def _data_sets(record: Mapping[str, Any]) -> dict[str, str]:
    """Identifier to name of the data sets that the training's files are."""
    files = (record.get("data") or {}).get("files") or {}
    return dict(_KNOWN_SETS.get(name, (Path(name).stem, Path(name).stem)) for name in files)


def _recorded_splits(record: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What the training measured itself, in the form of an evaluation's splits."""
    return [
        {
            "split": one["split"],
            "role": "chosen on",
            "references": [
                {
                    "metric": one["metric"],
                    "faces": one["count"],
                    "accuracy": {"value": one["value"]},
                    "recall": one["recall"],
                    # A model file's card has the float network's alone.
                    "recall_title": "recall before conversion" if "conversion" in record else "recall",
                }
            ],
        }
        for one in record.get("measured", ())
        if one["metric"] in _METRICS
    ]
