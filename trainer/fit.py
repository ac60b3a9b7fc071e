"""Training: Keras's own loop over our order of faces, with checkpoints that survive a kill."""

from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from device.errors import DataError
from trainer.batches import Batches, Order, oversampled, shuffled
from trainer.callbacks import BeginEpoch, FollowPlateau, StopEarly, StopOnNaN, TimeEpoch, stands_still, tensorboard
from trainer.checkpoints import MONITOR, LogEpoch, SaveBest, SaveState, TrainingFolder, load_best, load_last, resume
from trainer.confidence import best_temperature, faces_of_each, fold, rare_offsets, shift
from trainer.datasets.faces import FaceSet
from trainer.devices import Devices
from trainer.framework import Precision
from trainer.learner import as_shown, build_learner
from trainer.networks import build_network
from trainer.normalisation import measure, with_fused_normalisation
from trainer.recipe import Recipe
from trainer.recipe.learning import Plateau
from trainer.start import take_weights
from trainer.targets import TrainingSet, reference_labels, training_set, with_answers
from trainer.teachers import Teacher, answers_once, open_teachers
from trainer.terminal import ProgressLine
from trainer.trained import TrainedNetwork
from trainer.views import Shares, in_turn, in_views

_POLICIES = {"float32": "float32", "bfloat16": "mixed_bfloat16"}
_VALIDATION_BATCH = 256
_ONE_DEVICE = Devices()


@dataclass(frozen=True, slots=True)
class FitOptions:
    """What a user decides beside the recipe.

    Attributes:
        files: where checkpoints and the log live; a training that was cut off there goes on.
        seed: of weights, order and augmentation.
        epochs: how many in all.
        precision: of the arithmetic in training; the saved model is float32.
        start: whose weights are the first ones; None for chance.
        teachers: whose answers are learnt beside the data.
        verbose: Keras's: 1 a progress bar, 2 a line an epoch.
        devices: what computes it.
    """

    files: TrainingFolder
    seed: int
    epochs: int
    precision: Precision = "float32"
    start: TrainedNetwork | None = None
    teachers: tuple[TrainedNetwork, ...] = ()
    verbose: int = 1
    devices: Devices = _ONE_DEVICE


@dataclass(frozen=True, slots=True)
class Fitted:
    """A trained network.

    Attributes:
        network: a Keras model, float32.
        kept_epoch: the epoch, from 1, whose weights it holds.
        epochs: how many were trained in all; fewer than asked for when the training ended early.
        temperature: by which its logits were divided in the end; None where the recipe asks for none.
        before_offsets: what was reached without ``logit_adjustment``; None where the recipe asks for none.
    """

    network: Any
    kept_epoch: int
    epochs: int
    temperature: float | None = None
    before_offsets: "Reached | None" = None


@dataclass(frozen=True, slots=True)
class Reached:
    """Shares of right answers, 0 to 1: of all faces, and in the mean over the labels."""

    accuracy: float
    mean_recall: float

    @classmethod
    def of(cls, probabilities: NDArray[np.floating[Any]], truth: NDArray[np.int64]) -> "Reached":
        """Of ``probabilities`` (n, labels) to faces of which ``truth`` (n,) is known."""
        right = probabilities.argmax(axis=1) == truth
        return cls(float(right.mean()), float(np.mean([right[truth == label].mean() for label in np.unique(truth)])))


def fit(recipe: Recipe, train: FaceSet, validation: FaceSet, options: FitOptions) -> Fitted:
    """Train ``recipe`` and keep the epoch that does best on ``validation``, or the last one if it says so.

    Raises:
        DataError: when the data lacks what the recipe learns, the loss is no longer a number, or the network cannot be
            calibrated, started from or taught by what the options say.
        StorageError: when the disk is full; what was saved before is whole.
    """
    keras.utils.set_random_seed(options.seed)
    faces = training_set(train, recipe)
    held_against = _validation_set(validation, recipe)
    spec, classes = recipe.input.spec, len(train.label_names)
    keras.mixed_precision.set_global_policy(_POLICIES[options.precision])
    try:
        with options.devices.scope():
            network = build_network(recipe.network, spec, classes)
            if options.start and (unmeasured := take_weights(network, options.start, train.label_names)):
                measure(network, unmeasured, as_shown(faces.faces, recipe, options.seed))
            trained = with_fused_normalisation(network)
            teachers = open_teachers(options.teachers, train.label_names, mirrored=recipe.targets.teachers_mirrored)
            views = recipe.targets.teachers_views if teachers else 0
            if teachers and (recipe.targets.teachers_once or views):
                faces, recipe = _answered(teachers, faces, recipe, options)
                teachers = []
            temperature, before = _train(
                trained, recipe, faces, held_against, options, teachers=teachers, views=views or 1
            )
            weights = trained.get_weights()
    finally:
        keras.mixed_precision.set_global_policy("float32")
    network = build_network(recipe.network, spec, classes)
    network.set_weights(weights)
    epochs = len(options.files.rows())
    kept = epochs if recipe.keep_epoch == "last" else options.files.best_epoch()
    return Fitted(network, kept, epochs, temperature, before)


def _answered(
    teachers: list[Teacher], faces: TrainingSet, recipe: Recipe, options: FitOptions
) -> tuple[TrainingSet, Recipe]:
    """``faces`` or their views with what teachers answer before training, and what is left of ``recipe`` to be done."""
    if views := recipe.targets.teachers_views:
        shares = Shares.of(recipe.augmentation)
        faces = in_views(faces, shares.once, views, options.seed, options.files.views)
        recipe = recipe.model_copy(update={"augmentation": shares.each_time})
    answers = answers_once(teachers, faces.faces, options.files.answers, ProgressLine("teachers answer"))
    return with_answers(faces, answers, recipe.targets.teachers_share), recipe


def _train(
    network: Any,
    recipe: Recipe,
    faces: TrainingSet,
    held_against: tuple[Any, Any],
    options: FitOptions,
    *,
    teachers: list[Teacher],
    views: int,
) -> tuple[float | None, Reached | None]:
    """Run Keras's loop from where the folder's state stands to the end, and leave the best weights in ``network``.

    Returns what ``_correct`` does.
    """
    files = options.files
    order = _order(recipe, faces, options.seed, views)
    size = (faces.faces.shape[1], faces.faces.shape[2])
    devices = options.devices
    batches = Batches(
        faces.faces, faces.targets, faces.weights, order, batch_size=recipe.batch_size, shared_by=devices.count
    )
    steps = batches.num_batches
    learner = build_learner(
        network, recipe, size, seed=options.seed, steps=steps, epochs=options.epochs, teachers=teachers
    )
    done = resume(learner, files)
    batches.turn_to(done)  # Keras takes its first batches before it tells a callback of the epoch.
    ended = recipe.early_stopping and stands_still(recipe.early_stopping, [row[MONITOR] for row in files.rows()])
    learner.fit(
        batches,
        shuffle=False,  # the order is ours
        initial_epoch=done,
        epochs=done if ended else options.epochs,
        validation_data=held_against,
        validation_batch_size=devices.batch_for(len(held_against[0]), _VALIDATION_BATCH),
        callbacks=_callbacks(recipe, files, batches, options.seed),
        verbose=options.verbose,
    )
    (load_last if recipe.keep_epoch == "last" else load_best)(learner, files)
    return _correct(network, learner, recipe, held_against, devices)


def _order(recipe: Recipe, faces: TrainingSet, seed: int, views: int) -> Order:
    count = len(faces.faces) // views
    if recipe.loss.balance == "oversample":
        return in_turn(oversampled(faces.targets[:count].argmax(axis=1), seed), count, views)
    return in_turn(shuffled(count, seed), count, views)


def _correct(
    network: Any, learner: Any, recipe: Recipe, held_against: tuple[Any, Any], devices: Devices
) -> tuple[float | None, Reached | None]:
    """What the recipe asks to be done to the last layer of ``network`` in the end.

    Returns the temperature, and what was reached before the offsets; None for what the recipe does not ask for.
    """
    images, truth = held_against[0], held_against[1].argmax(axis=1)
    before = None
    batch = devices.batch_for(len(images), _VALIDATION_BATCH)
    if recipe.logit_adjustment:
        probabilities = learner.predict(images, batch_size=batch, verbose=0)
        before = Reached.of(probabilities, truth)
        shift(network, rare_offsets(probabilities, truth, recipe.logit_adjustment))
    if not recipe.temperature_scaling:
        return None, before
    probabilities = learner.predict(images, batch_size=batch, verbose=0)
    temperature = best_temperature(probabilities, truth)
    fold(network, temperature)
    return temperature, before


def _callbacks(recipe: Recipe, files: TrainingFolder, batches: Batches, seed: int) -> list[Any]:
    """In the order in which Keras calls them at the end of an epoch."""
    averaged = [keras.callbacks.SwapEMAWeights(swap_on_epoch=True)] if recipe.optimizer.ema_momentum > 0 else []
    rows = files.rows()
    lowered = [FollowPlateau(recipe.schedule, rows)] if isinstance(recipe.schedule, Plateau) else []
    stopped = [StopEarly(recipe.early_stopping, rows)] if recipe.early_stopping else []
    return [
        StopOnNaN(),
        BeginEpoch(batches, seed),
        TimeEpoch(batches.faces_per_epoch),
        *lowered,
        *stopped,
        *tensorboard(files.folder / "tensorboard"),
        LogEpoch(files),
        SaveState(files),
        *averaged,
        SaveBest(files),
    ]


def _validation_set(faces: FaceSet, recipe: Recipe) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    labels = reference_labels(faces, recipe)
    known = labels >= 0
    if not known.any():
        raise DataError("no face of the validation split has a label that the recipe's choose_by can be held against")
    if recipe.logit_adjustment:
        faces_of_each(labels[known], len(faces.label_names))  # now, and not after hours of training
    return faces.images[known], np.eye(len(faces.label_names), dtype=np.float32)[labels[known]]
