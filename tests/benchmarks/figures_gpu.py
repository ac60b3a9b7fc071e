"""Figures of all recipes in one run on one large GPU: ``python -m tests.benchmarks.figures_gpu DATA FERPLUS OUT``.

For JAX. Faces are on the device once, and an epoch, with its augmentation, is one compiled call. The most valuable
trainings come first; each writes ``OUT/NAME/model.keras`` with its record and a line of ``OUT/results.jsonl`` as it
ends, is passed over when that line is there, and goes on from its last state when it was cut off. What cannot end in
the time that is left is put off: its state is kept.
"""

import argparse
import json
import os
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

os.environ.setdefault("KERAS_BACKEND", "jax")

import jax
import keras
import numpy as np
from numpy.typing import NDArray

from device.errors import AffectdError
from trainer.batches import shuffled
from trainer.callbacks import FollowPlateau, stands_still
from trainer.checkpoints import MONITOR
from trainer.datasets.faces import DataSet
from trainer.datasets.folds import Fold, hold_out
from trainer.datasets.load import load
from trainer.fit import Fitted
from trainer.learner import build_learner
from trainer.networks import build_network
from trainer.recipe import Recipe, load_recipe
from trainer.recipe.learning import Plateau
from trainer.results import git_revision, write_results
from trainer.start import take_weights
from trainer.targets import reference_labels, training_set, with_answers
from trainer.teachers import answers_once, open_teachers
from trainer.trained import find_trained

SECONDS = 600
SAVE_EVERY_S = 45
JUDGED_AT_ONCE = 256


@dataclass(frozen=True, slots=True)
class Job:
    """One training.

    Attributes:
        name: its folder; that of its seed is added.
        recipe: a bundled one.
        changes: over it, ``key=value``.
        seeds: one training each.
        fold: that is held out and judged on; None for the data's own validation split.
        start: the job whose weights are the first ones.
        teachers: the jobs whose answers are learnt, those of them that are done.
    """

    name: str
    recipe: str
    changes: tuple[str, ...] = ()
    seeds: tuple[int, ...] = (1,)
    fold: Fold | None = None
    start: str = ""
    teachers: tuple[str, ...] = ()


FOLD = Fold(1, 10)
LABELS = ("targets.learn=labels", "choose_by=labels", "loss.label_smoothing=0.1")
VOTES_TEACHERS = tuple(f"teacher-votes-{seed}" for seed in (1, 2, 3))
LABELS_TEACHERS = tuple(f"teacher-labels-{seed}" for seed in (1, 2, 3))
TAUGHT = ("targets.teachers_once=true", "targets.teachers_share=0.6", "targets.teachers_mirrored=true")
JOBS = (
    Job("teacher-votes", "dlib-votes", ("epochs=25",), (1, 2, 3), FOLD),
    Job("teacher-labels", "dlib-votes", ("epochs=25", *LABELS), (1, 2, 3), FOLD),
    Job("student", "edge-deeper", ("epochs=60", *TAUGHT), (1,), FOLD, "", VOTES_TEACHERS),
    Job("student-labels", "edge-deeper", ("epochs=30", *LABELS, *TAUGHT), (1,), FOLD, "student-1", LABELS_TEACHERS),
    Job("cnn-plain-50", "cnn-plain"),
    Job("vgg-elu", "vgg-elu"),
    Job("cnn-plain-100", "cnn-plain", ("epochs=100",)),
    Job("resnet18", "resnet18", ("epochs=30",)),
    Job("student-more", "edge-deeper", ("epochs=60", *TAUGHT), (2, 3), FOLD, "", VOTES_TEACHERS),
    Job("resnet50-5", "resnet50-5", ("network.weights=none", "epochs=12")),
)
"""By value; a recipe's own number of epochs where that ends in time."""


@dataclass(slots=True)
class Clock:
    """The time that is left."""

    seconds: float
    began: float = field(default_factory=time.monotonic)

    @property
    def left_s(self) -> float:
        """Until the machine is to be handed back."""
        return self.seconds - (time.monotonic() - self.began)


@dataclass(frozen=True, slots=True)
class Source:
    """Where faces come from; ``limit`` takes the first of each split, for a trial."""

    data: Path
    ferplus: Path
    limit: int | None

    def read(self, recipe: Recipe, fold: Fold | None) -> DataSet:
        """The faces as ``recipe`` takes them."""
        found = load(self.data, recipe.data, ferplus=self.ferplus)
        if self.limit:
            first = np.arange(self.limit)
            found = DataSet(
                found.form, found.train.take(first), found.validation.take(first), found.test, found.splits, found.notes
            )
        return hold_out(found, fold) if fold else found


class Training:
    """A job's learner with its state, epoch by epoch on the device."""

    def __init__(
        self, recipe: Recipe, data: DataSet, seed: int, folder: Path, start: Path | None, teachers: list[Path]
    ):
        keras.utils.set_random_seed(seed)
        self.recipe, self.data, self.seed, self.folder = recipe, data, seed, folder
        names = data.train.label_names
        faces = training_set(data.train, recipe)
        if teachers:
            asked = open_teachers(map(find_trained, teachers), names, mirrored=recipe.targets.teachers_mirrored)
            answers = answers_once(asked, faces.faces, folder / "answers.npy")
            faces = with_answers(faces, answers, recipe.targets.teachers_share)
        self.order = shuffled(len(faces.faces), seed)
        self.steps = max(1, len(faces.faces) // recipe.batch_size)
        self.network = build_network(recipe.network, recipe.input.spec, len(names))
        if start:
            take_weights(self.network, find_trained(start), names)
        self.learner = build_learner(self.network, recipe, (48, 48), seed=seed, steps=self.steps, epochs=recipe.epochs)
        self.learner.optimizer.build(self.learner.trainable_variables)
        self.learner.evaluate(faces.faces[:1], faces.targets[:1], verbose=0)  # makes the variables of the metrics
        self.shown = tuple(map(jax.device_put, (faces.faces, faces.targets, faces.weights)))
        self.epoch, self.figures = 0, list[float]()
        self._restore()
        self._step = jax.jit(self._one_epoch)
        # Keras's own ``predict`` gives the variables' memory away.
        self._answer = jax.jit(lambda *state_and_faces: self.learner.stateless_call(*state_and_faces)[0])

    def _one_epoch(self, state: Any, shown: Any, order: Any) -> Any:
        def step(state: Any, batch: Any) -> Any:
            logs, state = self.learner.train_step(state, tuple(array[batch] for array in shown))
            return state, logs["loss"]

        return jax.lax.scan(step, state, order)

    def _variables(self) -> list[list[Any]]:
        learner = self.learner
        return [
            learner.trainable_variables,
            learner.non_trainable_variables,
            learner.optimizer.variables,
            learner.metrics_variables,
        ]

    def run_epoch(self) -> float:
        """Show every face once; gives the mean loss."""
        size = self.recipe.batch_size
        order = np.resize(self.order(self.epoch), self.steps * size).reshape(self.steps, size).astype(np.int32)
        state = tuple([variable.value for variable in group] for group in self._variables())
        state, losses = self._step(state, self.shown, order)
        for group, values in zip(self._variables(), state, strict=True):
            for variable, value in zip(group, values, strict=True):
                variable.assign(value)
        self.epoch += 1
        return float(np.mean(losses))

    def probabilities(self) -> NDArray[np.float32]:
        """Answers to the held-out faces, of the averaged weights where the recipe averages."""
        optimizer, weights = self.learner.optimizer, self.learner.trainable_variables
        raw = [np.array(variable) for variable in weights]
        optimizer.finalize_variable_values(weights)
        images = self.data.validation.images
        state = [[variable.value for variable in group] for group in self._variables()[:2]]
        batches = range(0, len(images), JUDGED_AT_ONCE)
        answers = np.concatenate([self._answer(*state, images[at : at + JUDGED_AT_ONCE]) for at in batches])
        self.averaged = [np.array(variable) for variable in self.network.weights]
        for variable, value in zip(weights, raw, strict=True):
            variable.assign(value)
        return answers.astype(np.float32)

    def save(self) -> None:
        """Write the state, so that a training that is cut off goes on."""
        arrays: dict[str, Any] = {
            f"{group}.{place}": np.asarray(variable)
            for group, variables in enumerate(self._variables())
            for place, variable in enumerate(variables)
        }
        self.folder.mkdir(parents=True, exist_ok=True)
        temporary = self.folder / ".state.partial.npz"
        np.savez(temporary, epoch=self.epoch, figures=self.figures, **arrays)
        temporary.replace(self.folder / "state.npz")

    def _restore(self) -> None:
        path = self.folder / "state.npz"
        if not path.exists():
            return
        with np.load(path) as held:
            self.epoch, self.figures = int(held["epoch"]), held["figures"].tolist()
            for group, variables in enumerate(self._variables()):
                for place, variable in enumerate(variables):
                    variable.assign(held[f"{group}.{place}"])

    def write(self, source: "Source", teachers: list[Path]) -> list[dict[str, Any]]:
        """Leave all that a training leaves, and give its figures."""
        policy = keras.mixed_precision.global_policy()
        keras.mixed_precision.set_global_policy("float32")
        network = build_network(self.recipe.network, self.recipe.input.spec, len(self.data.train.label_names))
        network.set_weights(self.averaged)
        training = {
            "name": self.recipe.name,
            "seed": self.seed,
            "precision": policy.name,
            "git_revision": git_revision(),
            "teachers": tuple(find_trained(one).as_dict() for one in teachers),
        }
        paths = {"path": str(source.data), "ferplus": str(source.ferplus)}
        fitted = Fitted(network, self.epoch, self.epoch)
        results = write_results(self.folder, fitted, self.recipe, self.data, training=training, paths=paths)
        keras.mixed_precision.set_global_policy(policy)
        (self.folder / "state.npz").unlink(missing_ok=True)
        return [one.model_dump(mode="json") for one in results.measured]


def _figure(training: Training, probabilities: NDArray[np.float32]) -> float:
    truth = reference_labels(training.data.validation, training.recipe)
    known = truth >= 0
    return float((probabilities[known].argmax(axis=1) == truth[known]).mean())


def train(training: Training, clock: Clock) -> NDArray[np.float32] | None:
    """Train to the end; None, with the state saved, where the time is too short for that."""
    recipe, schedule = training.recipe, training.recipe.schedule
    plateau = (
        FollowPlateau(schedule, [{MONITOR: one} for one in training.figures]) if isinstance(schedule, Plateau) else None
    )
    if plateau:
        plateau.set_model(training.learner)
        plateau.on_train_begin()
    watched = plateau is not None or recipe.early_stopping is not None
    saved, slowest = time.monotonic(), 0.0
    while training.epoch < recipe.epochs:
        began = time.monotonic()
        loss = training.run_epoch()
        if watched:
            training.figures.append(_figure(training, training.probabilities()))
            if plateau:
                plateau.on_epoch_end(training.epoch - 1, {MONITOR: training.figures[-1]})
            if recipe.early_stopping and stands_still(recipe.early_stopping, training.figures):
                break
        if not np.isfinite(loss):
            raise FloatingPointError(f"the loss was no longer a number in epoch {training.epoch}")
        took = time.monotonic() - began
        slowest = took if training.epoch > 1 else 0.0  # the first compiles
        print(f"  epoch {training.epoch}/{recipe.epochs}: loss {loss:.4f}, {took:.1f} s", flush=True)
        if slowest * (recipe.epochs - training.epoch) > max(0.0, clock.left_s):
            training.save()
            return None
        if time.monotonic() - saved > SAVE_EVERY_S:
            training.save()
            saved = time.monotonic()
    return training.probabilities()


def run(job: Job, seed: int, source: Source, out: Path, clock: Clock, changes: list[str]) -> dict[str, Any]:
    """Train ``job`` and give the line of results."""
    began, name = time.monotonic(), f"{job.name}-{seed}"
    try:
        recipe = load_recipe(job.recipe, [*job.changes, *changes])
        data = source.read(recipe, job.fold)
        start = out / job.start if job.start and (out / job.start / "model.keras").exists() else None
        teachers = [out / one for one in job.teachers if (out / one / "model.keras").exists()]
        training = Training(recipe, data, seed, out / name, start, teachers)
        probabilities = train(training, clock)
        if probabilities is None:
            return {"name": name, "unfinished": f"{training.epoch} of {recipe.epochs} epochs"}
        measured = training.write(source, teachers)
    except (AffectdError, FloatingPointError, ValueError) as error:
        return {"name": name, "failed": str(error)}
    return {
        "name": name,
        "recipe": recipe.name,
        "epochs": training.epoch,
        "seed": seed,
        "teachers": [one.name for one in teachers],
        "seconds": round(time.monotonic() - began, 1),
        "figures": measured,
    }


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Figures of all recipes in one run on one large GPU.")
    parser.add_argument("data", type=Path)
    parser.add_argument("ferplus", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument(
        "--dlib", metavar="MANIFEST", default="none", help="weights that know faces, see docs/recipes.md"
    )
    parser.add_argument("--seconds", type=float, default=SECONDS)
    parser.add_argument("--only", nargs="*", help="these jobs alone")
    parser.add_argument("--limit", type=int, help="faces of each split and one seed, for a trial")
    parser.add_argument("--epochs", type=int, help="instead of each job's, for a trial")
    parser.add_argument("--float32", action="store_true", help="instead of bfloat16")
    return parser.parse_args()


def main() -> None:
    options = _options()
    clock = Clock(options.seconds)
    jax.config.update("jax_compilation_cache_dir", tempfile.mkdtemp())  # another seed is the same program
    keras.mixed_precision.set_global_policy("float32" if options.float32 else "mixed_bfloat16")
    source = Source(options.data, options.ferplus, options.limit)
    options.out.mkdir(parents=True, exist_ok=True)
    results = options.out / "results.jsonl"
    lines = results.read_text().splitlines() if results.exists() else []
    done = {line["name"] for line in map(json.loads, lines) if "figures" in line}
    for job in JOBS:
        for seed in job.seeds[: 1 if options.limit else None]:
            if f"{job.name}-{seed}" in done or (options.only and job.name not in options.only) or clock.left_s <= 0:
                continue
            print(f"{job.name}-{seed}, {clock.left_s:.0f} s left", flush=True)
            changes = [f"epochs={options.epochs}"] if options.epochs else []
            changes += [f"network.weights={options.dlib}"] if job.recipe.startswith("dlib") else []
            line = run(job, seed, source, options.out, clock, changes)
            print(json.dumps(line), flush=True)
            with results.open("a") as file:
                file.write(json.dumps(line) + "\n")


if __name__ == "__main__":
    main()
