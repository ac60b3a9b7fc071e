"""Where a model comes from, as a list of facts."""

from collections.abc import Iterator, Mapping
from typing import Any

from trainer.judging.evaluation import Evaluation
from trainer.report.text import text


def provenance(evaluation: Evaluation) -> str:
    """What the model's record says of its training; what it does not say is left out."""
    facts = "".join(f"<dt>{text(name)}</dt><dd>{value}</dd>" for name, value in _facts(evaluation))
    return f'<dl class="facts">{facts}</dl>'


def _facts(evaluation: Evaluation) -> Iterator[tuple[str, str]]:
    model, record = evaluation.model, evaluation.model["training"]
    yield "file", f"<code>{text(model['file'])}</code>"
    yield "SHA-256", f"<code>{text(model['sha256'])}</code>"
    recipe = record.get("recipe")
    if isinstance(recipe, Mapping) and recipe.get("name"):
        about = f": {text(recipe['about'])}" if recipe.get("about") else ""
        yield "recipe", f"{text(recipe['name'])}{about}"
    yield from _splits(record.get("data"))
    if record.get("epochs"):
        kept = f", of which epoch {record['kept_epoch']} was kept" if record.get("kept_epoch") else ""
        yield "epochs", f"{text(record['epochs'])}{text(kept)}"
    start = record.get("start")
    if isinstance(start, Mapping):
        yield "started from", f"{text(start.get('name'))} <code>{text(str(start.get('sha256'))[:16])}…</code>"
    for teacher in record.get("teachers", ()):
        yield "learnt from", f"{text(teacher['name'])} <code>{text(teacher['sha256'][:16])}…</code>"
    for key, name in (("seed", "seed"), ("precision", "precision"), ("git_revision", "source revision")):
        if record.get(key) is not None:
            yield name, text(record[key])
    for key, name in (("versions", "trained with"), ("conversion", "converted by")):
        yield from _versions(name, record.get(key))


def _splits(data: Any) -> Iterator[tuple[str, str]]:
    if not isinstance(data, Mapping):
        return
    for split, name in (("train", "trained on"), ("validation", "chosen on")):
        found = data.get(split)
        if isinstance(found, Mapping) and isinstance(found.get("faces"), int):
            yield name, f"{text(found.get('split', split))}, {found['faces']:,} faces"
    files = data.get("files")
    if isinstance(files, Mapping):
        for file, digest in files.items():
            yield "data file", f"{text(file)} <code>{text(str(digest)[:16])}…</code>"


def _versions(name: str, found: Any) -> Iterator[tuple[str, str]]:
    if not isinstance(found, Mapping):
        return
    method = f"{text(found['method'])}; " if found.get("method") else ""
    versions = found.get("versions", found)
    if isinstance(versions, Mapping):
        yield name, method + ", ".join(f"{text(package)} {text(version)}" for package, version in versions.items())
