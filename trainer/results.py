"""All that a finished training leaves beside its checkpoints, for its user and for its converter."""

import json
import re
import shutil
import subprocess
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from device.contract.files import write_atomically
from device.contract.preprocess import InputSpec, resize
from device.contract.training_record import (
    RecordedCheck,
    RecordedData,
    RecordedInput,
    RecordedMeasurement,
    RecordedSplit,
    TrainingRecord,
    model_in,
)
from device.contract.versions import library_versions
from device.errors import UnavailableError
from trainer.curves import read_log, say_when_curves_part
from trainer.datasets.faces import DataSet, FaceSet
from trainer.fit import Fitted
from trainer.judging.evaluation import Evaluation, SplitFigures, judge, say_of_one_answer
from trainer.judging.intervals import DECIMALS
from trainer.judging.references import METRIC_NAMES
from trainer.judging.seen import FILE as SEEN_FILE
from trainer.judging.seen import seen_arrays
from trainer.model_card import EVALUATION_FILE, write_card
from trainer.plots import write_curves, write_mistakes
from trainer.predictor import Predictor, answers_of, load_predictor
from trainer.recipe import Recipe
from trainer.targets import reference_labels

CALIBRATION_FACES = 700
_ADDRESS = re.compile(rb'"shared_object_id": \d+')
_VERSIONED = ("affectd", "keras", "numpy", "tensorflow", "jax")


@dataclass(frozen=True, slots=True)
class Results:
    """What is printed at the end.

    Attributes:
        measured: the figures on the validation split.
        remarks: what else there is to say, a sentence each.
    """

    measured: tuple[RecordedMeasurement, ...]
    remarks: list[str]


def write_results(
    folder: Path, fitted: Fitted, recipe: Recipe, data: DataSet, *, training: dict[str, Any], paths: dict[str, Any]
) -> Results:
    """Write the model and its record, faces for its conversion, figures, pictures and a card into ``folder``.

    Args:
        folder: the training's; made when it is not there.
        fitted: the network and the epoch that was kept.
        recipe: what was trained.
        data: what it was trained on.
        training: what else the record tells (the model's name, seed, precision, revision).
        paths: where the data lies, for the evaluation's record.
    """
    faces, spec = data.validation, recipe.input.spec
    split = data.splits["validation"]
    folder.mkdir(parents=True, exist_ok=True)
    _save_network(fitted.network, model_in(folder))
    _write_calibration(folder, data.train, spec, int(training["seed"]))
    labels = reference_labels(faces, recipe)
    _write_arrays(folder / "check.npz", faces=_sized(faces.images, spec), labels=labels)
    _write_arrays(folder / SEEN_FILE, **seen_arrays(data))
    network = Predictor(
        str(training["name"]), model_in(folder), "keras", faces.label_names, spec, answers_of(fitted.network, spec)
    )
    probabilities = network.probabilities(faces.images)
    one_answer = say_of_one_answer(probabilities, faces.label_names)
    figures = judge(probabilities, faces, faces.label_names, split, "chosen on")
    record = TrainingRecord(
        labels=faces.label_names,
        input=RecordedInput.of(spec),
        recipe=recipe.model_dump(mode="json"),
        data=_describe(data),
        epochs=fitted.epochs,
        kept_epoch=fitted.kept_epoch,
        temperature=fitted.temperature,
        versions=library_versions(_VERSIONED),
        check=RecordedCheck(metric=METRIC_NAMES[recipe.choose_by], split=split),
        measured=_measured(figures),
        **training,
    )
    record.write(folder)
    evaluation = Evaluation(
        load_predictor(folder).describe(),
        {**paths, "form": data.form, "files": dict(data.files)},
        {"tta": None, "limit": None},
        (figures,),
        data.notes,
    )
    write_atomically(folder / EVALUATION_FILE, (json.dumps(evaluation.as_dict(), indent=1) + "\n").encode("utf-8"))
    remarks = [
        *(f"{finding}; train it longer, on more faces, or with another learning_rate" for finding in one_answer),
        *_draw(folder, fitted, evaluation, data),
    ]
    write_card(folder)
    return Results(record.measured, remarks)


def git_revision() -> str:
    """The revision of the source tree this runs from, ``-dirty`` when it was changed, or ``unknown``."""
    command = ["git", "-C", str(Path(__file__).parent), "describe", "--always", "--dirty", "--abbrev=12", "--exclude=*"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=10).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return "unknown"


def _draw(folder: Path, fitted: Fitted, evaluation: Evaluation, data: DataSet) -> list[str]:
    rows = read_log(folder / "log.csv")
    parted = say_when_curves_part(rows)
    remarks = [parted] if parted else []
    try:
        if rows:
            write_curves(folder / "curves.png", rows, fitted.kept_epoch)
        write_mistakes(folder / "mistakes.png", evaluation.splits[0].figures[-1], data.validation.images)
    except UnavailableError as error:
        remarks.append(f"no pictures were drawn: {error}")
    return remarks


def _describe(data: DataSet) -> RecordedData:
    splits = {
        str(split): RecordedSplit(split=name, faces=len(data.faces_of(split))) for split, name in data.splits.items()
    }
    return RecordedData(
        form=data.form, files=dict(data.files), notes=data.notes, unreadable=len(data.skipped), **splits
    )


def _measured(figures: SplitFigures) -> tuple[RecordedMeasurement, ...]:
    return tuple(
        RecordedMeasurement(
            metric=one.metric,
            split=figures.split,
            value=round(one.confusion.accuracy.value, DECIMALS),
            count=one.faces,
            recall={
                label.label: round(label.recall.value, DECIMALS) for label in one.confusion.classes if label.support
            },
        )
        for one in figures.figures
    )


def _write_calibration(folder: Path, train: FaceSet, spec: InputSpec, seed: int) -> None:
    """``calibration.npz``: faces uint8 (n, *spec) and labels of the training split, balanced by the seed."""
    random = np.random.default_rng(seed)
    each = CALIBRATION_FACES // len(train.label_names)
    picks = [
        random.choice(positions, min(each, len(positions)), replace=False)
        for positions in (np.flatnonzero(train.labels == label) for label in range(len(train.label_names)))
    ]
    chosen = train.take(np.concatenate(picks))
    _write_arrays(folder / "calibration.npz", faces=_sized(chosen.images, spec), labels=chosen.labels)


def _sized(faces: NDArray[np.uint8], spec: InputSpec) -> NDArray[np.uint8]:
    if faces.shape[1:3] == (spec.height, spec.width):
        return faces
    return np.stack([resize(face[..., 0], spec) for face in faces])


def _write_arrays(path: Path, **arrays: NDArray[Any]) -> None:
    _replace(path, lambda temporary: np.savez_compressed(temporary, allow_pickle=False, **arrays))


def _save_network(network: Any, path: Path) -> None:
    """Write ``network`` to ``path``, and keep to the byte a file that holds it already.

    Keras writes the time and addresses in memory into the file. Trainings that start from it or learn from it know it
    by its digest, and with another one they would not go on.
    """

    def write(temporary: Path) -> None:
        network.save(temporary)
        if path.exists() and _parts(path) == _parts(temporary):
            shutil.copyfile(path, temporary)

    _replace(path, write)


def _parts(path: Path) -> dict[str, bytes] | None:
    """What a .keras file says of the network, and its weights; None where it is damaged."""
    try:
        with zipfile.ZipFile(path) as archive:
            parts = {name: archive.read(name) for name in archive.namelist() if name != "metadata.json"}
    except (OSError, zipfile.BadZipFile):
        return None
    return parts | {"config.json": _ADDRESS.sub(b"", parts.get("config.json", b""))}


def _replace(path: Path, write: Callable[[Path], object]) -> None:
    """Write beside ``path`` and move over it, so that an interrupted run leaves the old file or the new one."""
    temporary = path.with_name(f".{path.stem}.partial{path.suffix}")
    try:
        write(temporary)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
