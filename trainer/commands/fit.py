"""``affectd-train fit``: train a recipe on faces."""

import argparse
import hashlib
import sys
from pathlib import Path
from typing import Any

from device.errors import EXIT_OK, DataError
from trainer.datasets.faces import FaceSet
from trainer.framework import load_keras
from trainer.recipe import Recipe, load_recipe


def register(verbs: Any) -> None:
    """Add this verb to the command line."""
    parser = verbs.add_parser(
        "fit",
        help="train a recipe",
        description="Train a recipe; a run that was cut off goes on when the same command is given again.",
    )
    parser.add_argument("recipe", help="a bundled recipe's name (see `affectd-train recipes`) or a YAML file")
    parser.add_argument("--data", type=Path, required=True, metavar="CSV", help="Kaggle's fer2013.csv")
    parser.add_argument(
        "--ferplus", type=Path, metavar="CSV", help="FER+'s fer2013new.csv, for recipes that learn votes"
    )
    parser.add_argument("--out", type=Path, metavar="DIR", help="where results go (default: runs/RECIPE)")
    parser.add_argument("--seed", type=int, default=1, help="of weights, order and augmentation (default: 1)")
    parser.add_argument("--epochs", type=int, help="instead of the recipe's")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="instead of the recipe's, as in optimizer.learning_rate=0.05; may be given again",
    )
    parser.add_argument("--precision", choices=("float32", "bfloat16"), default="float32", help="of the arithmetic")
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    recipe = load_recipe(options.recipe, [*options.set, *_epochs(options)])
    folder: Path = options.out or Path("runs") / recipe.name
    faces, splits = _read(recipe, options.data, options.ferplus)
    train, validation = faces.take(splits == "train"), faces.take(splits == "validation")
    if not len(train) or not len(validation):
        raise DataError(
            f"{options.data} has {len(train)} Training and {len(validation)} PublicTest rows; both are needed"
        )
    print(f"{recipe.name}: {len(train)} faces to train on, {len(validation)} to choose by; results go to {folder}")
    _train(recipe, train, validation, folder, options)
    return EXIT_OK


def _epochs(options: argparse.Namespace) -> list[str]:
    return [] if options.epochs is None else [f"epochs={options.epochs}"]


def _read(recipe: Recipe, data: Path, ferplus: Path | None) -> tuple[FaceSet, Any]:
    from trainer.datasets.fer2013 import read_fer2013
    from trainer.datasets.ferplus import read_ferplus

    if recipe.wants_votes and ferplus is None:
        raise DataError(f"the recipe {recipe.name} learns people's votes", "give FER+'s fer2013new.csv with --ferplus")
    print(f"reading {data}", flush=True)
    faces, splits = read_fer2013(data)
    if ferplus is not None:
        votes = read_ferplus(ferplus, faces.label_names, splits)
        faces = FaceSet(faces.images, faces.label_names, faces.labels, votes)
    return faces, splits


def _train(recipe: Recipe, train: FaceSet, validation: FaceSet, folder: Path, options: argparse.Namespace) -> None:
    load_keras()
    from trainer.checkpoints import TrainingFolder
    from trainer.evaluate import measure
    from trainer.fit import FitOptions, fit, predict
    from trainer.outputs import git_revision, write_calibration, write_check, write_model, write_training
    from trainer.targets import reference_labels

    revision = git_revision()  # before hours pass in which the source tree may move on
    verbose = 1 if sys.stdout.isatty() else 2
    settings = FitOptions(TrainingFolder(folder), options.seed, recipe.epochs, options.precision, verbose)
    fitted = fit(recipe, train, validation, settings)
    measured = measure(predict(fitted.network, validation.images, recipe), validation, "PublicTest")
    write_model(folder, fitted.network)
    write_calibration(folder, train, recipe.input.spec, options.seed)
    write_check(folder, validation, recipe.input.spec, reference_labels(validation, recipe))
    training = {
        "seed": options.seed,
        "epochs": fitted.epochs,
        "kept_epoch": fitted.kept_epoch,
        "precision": options.precision,
        "git_revision": revision,
    }
    write_training(
        folder,
        recipe=recipe,
        labels=train.label_names,
        data=_describe_data(options, train, validation),
        training=training,
        measured=measured,
    )
    print(f"kept epoch {fitted.kept_epoch} of {fitted.epochs}; wrote {folder / 'model.keras'}")
    for one in measured:
        recall = ", ".join(f"{label} {share:.0%}" for label, share in one.recall.items())
        print(f"{one.split} {one.metric}: {one.value:.2%} of {one.count} faces; recall: {recall}")
    print(f"next: affectd-convert tflite {folder / 'model.keras'}")


def _describe_data(options: argparse.Namespace, train: FaceSet, validation: FaceSet) -> dict[str, Any]:
    files = [path for path in (options.data, options.ferplus) if path is not None]
    return {
        "files": {path.name: _sha256(path) for path in files},
        "train": {"split": "Training", "faces": len(train)},
        "validation": {"split": "PublicTest", "faces": len(validation)},
    }


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
