"""``affectd-train fit``: train a recipe on faces."""

import argparse
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from device.cli import drawing, seed
from device.errors import EXIT_OK, DataError, UsageError
from trainer.claim import Claim, begun_precision, begun_threads, claimed
from trainer.commands.options import add_changes, add_person, add_reading, codes_of
from trainer.datasets.faces import DataSet
from trainer.datasets.folds import Fold, hold_out
from trainer.datasets.listing import printable
from trainer.devices import open_devices, wanted_devices
from trainer.framework import free_cores, load_keras, quick_precision, use_quick_kernels, use_threads
from trainer.recipe import Recipe, bundled_recipes, load_recipe
from trainer.recipe.scaling import with_larger_batches
from trainer.terminal import ProgressLine
from trainer.trained import TrainedNetwork, find_trained

if TYPE_CHECKING:
    from trainer.fit import Fitted
    from trainer.results import Results

_FEW = 1_000_000_000
"""Bytes or pictures, for which a log wants no lines."""


@dataclass(frozen=True, slots=True)
class _Origins:
    """Earlier trainings that this one builds on."""

    start: TrainedNetwork | None
    teachers: tuple[TrainedNetwork, ...]

    def as_dict(self) -> dict[str, Any]:
        """For a training's record; a key without a model is left out."""
        found = {"start": self.start and self.start.as_dict(), "teachers": [one.as_dict() for one in self.teachers]}
        return {key: origin for key, origin in found.items() if origin}


def register(verbs: Any) -> None:
    """Add this verb to the command line."""
    parser = verbs.add_parser(
        "fit",
        help="train a recipe",
        description="Train a recipe. If a training was interrupted, the same command continues it.",
    )
    parser.add_argument("recipe", help="a bundled recipe's name (see `affectd-train recipes`) or a YAML file")
    parser.add_argument(
        "--data", type=Path, required=True, metavar="PATH", help="a CSV or a folder of faces, see docs/data.md"
    )
    add_reading(parser)
    add_person(parser)
    _add_origins(parser)
    _add_arithmetic(parser)
    parser.add_argument("--out", type=Path, metavar="DIR", help="where results go (default: runs/RECIPE)")
    parser.add_argument("--name", help="of the model (default: the recipe's; for a bundled recipe, --out's)")
    parser.add_argument("--seed", type=seed, default=1, help="of weights, order and augmentation (default: 1)")
    parser.add_argument("--epochs", type=int, help="instead of the recipe's")
    add_changes(parser)
    parser.add_argument(
        "--fold",
        type=Fold.parse,
        metavar="K/N",
        help="cross-validation: train without the K-th of N parts of the training "
        "split, and choose the epoch by that part",
    )
    parser.set_defaults(run=_run)


def _add_origins(parser: Any) -> None:
    parser.add_argument(
        "--from",
        type=Path,
        dest="start",
        metavar="MODEL",
        help="start from the weights of a model with the same network: its .keras file or its training's folder",
    )
    parser.add_argument(
        "--teacher",
        type=Path,
        action="append",
        default=[],
        dest="teachers",
        metavar="MODEL",
        help="a teacher, for recipes that learn from teachers: a .keras file or its "
        "training's folder; may be given again",
    )


def _add_arithmetic(parser: Any) -> None:
    parser.add_argument(
        "--threads",
        type=int,
        metavar="N",
        help="for TensorFlow (default: the number of cores that are idle)",
    )
    parser.add_argument(
        "--devices",
        type=wanted_devices,
        default=1,
        metavar="N",
        help="how many GPUs or other devices share each batch, or all; more than 1 needs JAX (default: 1)",
    )
    parser.add_argument(
        "--larger-batches",
        type=int,
        default=1,
        metavar="TIMES",
        help="batches this many times as large as the recipe's, and a learning rate that goes with them",
    )
    parser.add_argument(
        "--precision",
        choices=("float32", "bfloat16"),
        help="of the arithmetic (default: bfloat16 if the processor has instructions for it, else float32)",
    )


def _run(options: argparse.Namespace) -> int:
    if options.threads is not None and options.threads < 1:
        raise UsageError(f"--threads wants at least 1, not {options.threads}")
    if options.larger_batches < 1:
        raise UsageError(f"--larger-batches wants at least 1, not {options.larger_batches}")
    recipe = load_recipe(options.recipe, [*options.changes, *_changes(options)])
    recipe = with_larger_batches(recipe, options.larger_batches)
    origins = _origins(recipe, options)
    folder: Path = options.out or Path("runs") / recipe.name
    data = _read(recipe, options)
    print(
        f"{recipe.name}: {len(data.train):,} faces to train on ({data.splits['train']}), {len(data.validation):,} to "
        f"choose by ({data.splits['validation']}); results go to {folder}"
    )
    for note in (*data.notes, *data.skipped[:5]):
        print(f"note: {note}")
    _train(recipe, data, folder, origins, options)
    return EXIT_OK


def _changes(options: argparse.Namespace) -> list[str]:
    """What options of their own say in the place of the recipe, as ``--set`` would."""
    codes = codes_of(options)
    said = {
        "epochs": options.epochs,
        "data.codes": codes and f"[{', '.join(map(json.dumps, codes))}]",
        "data.person": options.person and json.dumps(options.person),
        "data.find_faces": "true" if options.find_faces else None,
    }
    return [f"{key}={value}" for key, value in said.items() if value is not None]


def _model_name(recipe: Recipe, options: argparse.Namespace) -> str:
    """What is given, the recipe's, or, as a bundled recipe's name is that of many models, the run's own."""
    run = printable(options.out.resolve().name) if options.out and options.recipe in bundled_recipes() else ""
    return str(options.name or run or recipe.name)[:200]


def _origins(recipe: Recipe, options: argparse.Namespace) -> _Origins:
    if options.teachers and not recipe.targets.teachers_share:
        raise UsageError(
            f"the recipe {recipe.name} learns from no teacher; say how much, as in --set targets.teachers_share=0.7"
        )
    if recipe.targets.teachers_share and not options.teachers:
        raise DataError(f"the recipe {recipe.name} learns from teachers", "name trained models with --teacher")
    start = find_trained(options.start) if options.start else None
    return _Origins(start, tuple(map(find_trained, options.teachers)))


def _read(recipe: Recipe, options: argparse.Namespace) -> DataSet:
    from trainer.datasets.load import load

    if recipe.wants_votes and options.ferplus is None:
        raise DataError(f"the recipe {recipe.name} learns people's votes", "give FER+'s fer2013new.csv with --ferplus")
    print(f"reading {options.data}", flush=True)
    data = load(
        options.data,
        recipe.data,
        spec=recipe.input.spec,
        ferplus=options.ferplus,
        seed=options.seed,
        progress=ProgressLine(f"reading {options.data}", _FEW),
    )
    return hold_out(data, options.fold) if options.fold else data


def _train(recipe: Recipe, data: DataSet, folder: Path, origins: _Origins, options: argparse.Namespace) -> None:
    threads = options.threads or begun_threads(folder) or free_cores()
    precision = options.precision or begun_precision(folder) or quick_precision()
    use_threads(threads)
    use_quick_kernels()
    devices = open_devices(load_keras(), options.devices, recipe.batch_size)
    if devices.count > 1:
        print(f"{devices.count} devices share each batch of {recipe.batch_size}")
    from trainer.checkpoints import TrainingFolder
    from trainer.fit import FitOptions, fit
    from trainer.results import git_revision, write_results

    revision = git_revision()  # before hours pass in which the source tree may move on
    fold = {"fold": str(options.fold)} if options.fold else {}
    claim = Claim(recipe, options.seed, precision, data.files, {**origins.as_dict(), **fold}, threads)
    with claimed(folder, claim):
        settings = FitOptions(
            TrainingFolder(folder),
            options.seed,
            recipe.epochs,
            precision,
            origins.start,
            origins.teachers,
            verbose=1 if sys.stdout.isatty() else 2,
            devices=devices,
        )
        before = len(settings.files.rows())
        with drawing():  # Keras's progress bar
            fitted = fit(recipe, data.train, data.validation, settings)
        if fitted.epochs == before:
            print(f"the training was finished already, and its results are written anew; --epochs {before + 1} goes on")
        training = {
            "name": _model_name(recipe, options),
            "seed": options.seed,
            "precision": precision,
            "git_revision": revision,
            **origins.as_dict(),
        }
        paths = {
            "path": printable(str(options.data)),
            "ferplus": options.ferplus and printable(str(options.ferplus)),
        }
        results = write_results(folder, fitted, recipe, data, training=training, paths=paths)
    print(f"kept epoch {fitted.kept_epoch} of {fitted.epochs}; wrote {folder / 'model.keras'} and model-card.md")
    _print_results(fitted, results)
    print(f"next: affectd-convert tflite {folder}")


def _print_results(fitted: "Fitted", results: "Results") -> None:
    for one in results.measured:
        recall = ", ".join(f"{label} {share:.0%}" for label, share in one.recall.items())
        print(f"{one.split} {one.metric}: {one.value:.2%} of {one.count} faces; recall: {recall}")
    if before := fitted.before_offsets:
        print(f"without logit_adjustment: {before.accuracy:.2%}, in the mean over the labels {before.mean_recall:.2%}")
    for remark in results.remarks:
        print(f"note: {remark}")
