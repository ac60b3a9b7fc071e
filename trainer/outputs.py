"""The files a training leaves for its converter: the model, faces for calibration and for parity, and what was done."""

import json
import subprocess
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from device.contract.preprocess import InputSpec, resize
from device.contract.versions import library_versions
from trainer.datasets.faces import FaceSet
from trainer.evaluate import METRIC_NAMES, Measurement
from trainer.recipe import Recipe

CALIBRATION_FACES = 700
_VERSIONED = ("affectd", "keras", "numpy", "tensorflow", "jax")


def write_calibration(folder: Path, train: FaceSet, spec: InputSpec, seed: int) -> None:
    """``calibration.npz``: faces uint8 (n, *spec) and labels of the training split, balanced by the seed."""
    random = np.random.default_rng(seed)
    each = CALIBRATION_FACES // len(train.label_names)
    picks = [
        random.choice(positions, min(each, len(positions)), replace=False)
        for positions in (np.flatnonzero(train.labels == label) for label in range(len(train.label_names)))
    ]
    chosen = train.take(np.concatenate(picks))
    _write_arrays(folder / "calibration.npz", faces=_sized(chosen.images, spec), labels=chosen.labels)


def write_check(folder: Path, validation: FaceSet, spec: InputSpec, labels: NDArray[np.int64]) -> None:
    """``check.npz``: the validation faces uint8 (n, *spec) and the label each is held against, -1 where it has none."""
    _write_arrays(folder / "check.npz", faces=_sized(validation.images, spec), labels=labels)


def write_model(folder: Path, network: Any) -> None:
    """``model.keras``, float32."""
    _replace(folder / "model.keras", network.save)


def write_training(
    folder: Path,
    *,
    recipe: Recipe,
    labels: tuple[str, ...],
    data: dict[str, Any],
    training: dict[str, Any],
    measured: list[Measurement],
) -> None:
    """``training.json``: the provenance that the converter puts into the model file."""
    record = {
        "schema": 1,
        "name": recipe.name,
        "labels": list(labels),
        "input": asdict(recipe.input.spec),
        "recipe": recipe.model_dump(mode="json"),
        "data": data,
        **training,
        "versions": library_versions(_VERSIONED),
        "check": {"metric": METRIC_NAMES[recipe.choose_by], "split": data["validation"]["split"]},
        "measured": [one.as_dict() for one in measured],
    }
    text = json.dumps(record, indent=2, ensure_ascii=False)
    _replace(folder / "training.json", lambda temporary: temporary.write_text(text + "\n", encoding="utf-8"))


def git_revision() -> str:
    """The revision of the source tree this runs from, ``-dirty`` when it was changed, or ``unknown``."""
    command = ["git", "-C", str(Path(__file__).parent), "describe", "--always", "--dirty", "--abbrev=12", "--exclude=*"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=10).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return "unknown"


def _sized(faces: NDArray[np.uint8], spec: InputSpec) -> NDArray[np.uint8]:
    if faces.shape[1:3] == (spec.height, spec.width):
        return faces
    return np.stack([resize(face[..., 0], spec) for face in faces])


def _write_arrays(path: Path, **arrays: NDArray[Any]) -> None:
    _replace(path, lambda temporary: np.savez_compressed(temporary, allow_pickle=False, **arrays))


def _replace(path: Path, write: Callable[[Path], object]) -> None:
    """Write beside ``path`` and move over it, so that an interrupted run leaves the old file or the new one."""
    temporary = path.with_name(f".{path.stem}.partial{path.suffix}")
    try:
        write(temporary)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
