"""All that a finished training leaves beside its checkpoints."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from device.contract.files import write_atomically
from device.errors import UnavailableError
from trainer.curves import read_log, say_when_curves_part
from trainer.datasets.dataset import DataSet
from trainer.evaluate import Measurement, measure
from trainer.fit import Fitted
from trainer.judging.evaluation import Evaluation, judge
from trainer.model_card import EVALUATION_FILE, write_card
from trainer.outputs import write_calibration, write_check, write_model, write_training
from trainer.plots import write_curves, write_mistakes
from trainer.predictor import MODEL_NAME, Predictor, answers_of, load_predictor
from trainer.recipe import Recipe
from trainer.targets import reference_labels


@dataclass(frozen=True, slots=True)
class Results:
    """What a user is told at the end.

    Attributes:
        measured: the figures on the validation split.
        remarks: what else there is to say, a sentence each.
    """

    measured: list[Measurement]
    remarks: list[str]


def write_results(
    folder: Path, fitted: Fitted, recipe: Recipe, data: DataSet, *, training: dict[str, Any], paths: dict[str, Any]
) -> Results:
    """Write the model and its record, faces for its conversion, figures, pictures and a card into ``folder``.

    Args:
        folder: the training's.
        fitted: the network and the epoch that was kept.
        recipe: what was trained.
        data: what it was trained on.
        training: what else the record tells (seed, precision, revision).
        paths: where the data lies, for the evaluation's record.
    """
    faces, spec = data.validation, recipe.input.spec
    split = data.splits["validation"]
    write_model(folder, fitted.network)
    write_calibration(folder, data.train, spec, int(training["seed"]))
    write_check(folder, faces, spec, reference_labels(faces, recipe))
    network = Predictor(
        recipe.name, folder / MODEL_NAME, "keras", faces.label_names, spec, answers_of(fitted.network, spec)
    )
    probabilities = network.probabilities(faces.images)
    measured = measure(probabilities, faces, split)
    write_training(
        folder,
        recipe=recipe,
        labels=faces.label_names,
        data=_describe(data),
        training={
            "epochs": fitted.epochs,
            "kept_epoch": fitted.kept_epoch,
            "temperature": fitted.temperature,
            **training,
        },
        measured=measured,
    )
    figures = judge(probabilities, faces, faces.label_names, split, "chosen on")
    written = load_predictor(folder)
    evaluation = Evaluation(
        written.describe(),
        {**paths, "form": data.form, "files": dict(data.files)},
        {"tta": None, "limit": None},
        (figures,),
        data.notes,
    )
    write_atomically(folder / EVALUATION_FILE, (json.dumps(evaluation.as_dict(), indent=1) + "\n").encode("utf-8"))
    remarks = _draw(folder, fitted, evaluation, data)
    write_card(folder)
    return Results(measured, remarks)


def _draw(folder: Path, fitted: Fitted, evaluation: Evaluation, data: DataSet) -> list[str]:
    rows = read_log(folder / "log.csv")
    parted = say_when_curves_part(rows)
    remarks = [parted] if parted else []
    try:
        write_curves(folder / "curves.png", rows, fitted.kept_epoch)
        write_mistakes(folder / "mistakes.png", evaluation.splits[0].figures[-1], data.validation.images)
    except UnavailableError as error:
        remarks.append(f"no pictures were drawn: {error}")
    return remarks


def _describe(data: DataSet) -> dict[str, Any]:
    splits: dict[str, Any] = {
        split: {"split": name, "faces": len(data.faces_of(split))} for split, name in data.splits.items()
    }
    return {
        "form": data.form,
        "files": dict(data.files),
        **splits,
        "notes": list(data.notes),
        "unreadable": len(data.skipped),
    }
