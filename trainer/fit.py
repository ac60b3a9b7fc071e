"""Training: Keras's own loop, with checkpoints that survive a kill."""

import csv
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar

import keras
import numpy as np
from numpy.typing import NDArray

from device.contract.preprocess import InputSpec
from device.errors import DataError
from trainer.augment import Augment
from trainer.datasets.faces import FaceSet
from trainer.networks import build_network
from trainer.recipe import Recipe
from trainer.targets import reference_labels, training_set

Precision = Literal["float32", "bfloat16"]
_MONITOR = "val_accuracy"
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class FitOptions:
    """What a user decides beside the recipe.

    Attributes:
        folder: where checkpoints and the log live; a training that was cut off there goes on.
        seed: of weights, order and augmentation.
        epochs: how many in all.
        precision: of the arithmetic in training; the saved model is float32.
        verbose: Keras's: 1 a progress bar, 2 a line an epoch.
    """

    folder: Path
    seed: int
    epochs: int
    precision: Precision = "float32"
    verbose: int = 1

    @property
    def checkpoints(self) -> Path:
        """Folder of the last and the best weights."""
        return self.folder / "checkpoints"

    @property
    def log(self) -> Path:
        """A row an epoch."""
        return self.folder / "log.csv"


@dataclass(frozen=True, slots=True)
class Fitted:
    """A trained network (a Keras model) and the epoch, from 1, whose weights it holds."""

    network: Any
    kept_epoch: int


def fit(recipe: Recipe, train: FaceSet, validation: FaceSet, options: FitOptions) -> Fitted:
    """Train ``recipe`` and keep the epoch that does best on ``validation``.

    Raises:
        DataError: when the data lacks what the recipe learns, or the loss is no longer a number.
    """
    keras.utils.set_random_seed(options.seed)
    keras.mixed_precision.set_global_policy("mixed_bfloat16" if options.precision == "bfloat16" else "float32")
    faces, targets = training_set(train, recipe)
    steps = -(-len(faces) // recipe.batch_size)
    height, width = faces.shape[1:3]
    classes = targets.shape[1]
    network = build_network(recipe.network, height, width, classes)
    learner = _learner(network, recipe, options, steps)
    learner.fit(
        faces,
        targets,
        batch_size=recipe.batch_size,
        epochs=options.epochs,
        validation_data=_validation_set(validation, recipe),
        callbacks=_callbacks(recipe, options),
        verbose=options.verbose,
    )
    _require_finite(options.log)
    learner.load_weights(_best_weights(options))
    keras.mixed_precision.set_global_policy("float32")
    plain = build_network(recipe.network, height, width, classes)
    plain.set_weights(network.get_weights())
    return Fitted(plain, _best_epoch(options.log)[0])


def predict(network: Any, faces: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Probabilities float32 (n, labels) for uint8 (n, height, width, 1)."""
    probabilities: NDArray[np.float32] = network.predict(faces.astype(np.float32) / 255.0, batch_size=256, verbose=0)
    return probabilities


def input_spec(recipe: Recipe, faces: FaceSet) -> InputSpec:
    """What the device must feed a model that was trained so."""
    height, width = faces.images.shape[1:3]
    return InputSpec(height, width, (0.0, 1.0), recipe.crop_margin)


def _learner(network: Any, recipe: Recipe, options: FitOptions, steps: int) -> Any:
    """The network with augmentation before it, compiled; it takes uint8 faces."""
    pixels = keras.Input(network.input_shape[1:], dtype="uint8")
    real = keras.layers.Rescaling(1.0 / 255.0, dtype="float32")(pixels)
    learner = keras.Model(pixels, network(Augment(recipe.augmentation, options.seed)(real)))
    warmup = round(recipe.warmup_epochs * steps)
    rate = keras.optimizers.schedules.CosineDecay(
        initial_learning_rate=0.0,
        decay_steps=max(1, options.epochs * steps - warmup),
        warmup_target=recipe.learning_rate,
        warmup_steps=warmup,
    )
    optimizer = keras.optimizers.SGD(
        rate,
        momentum=recipe.momentum,
        nesterov=True,
        weight_decay=recipe.weight_decay,
        use_ema=recipe.ema_momentum > 0,
        ema_momentum=recipe.ema_momentum or 0.99,
    )
    optimizer.exclude_from_weight_decay(var_names=["gamma", "beta", "bias"])
    learner.compile(
        optimizer,
        keras.losses.CategoricalCrossentropy(label_smoothing=recipe.label_smoothing),
        metrics=[keras.metrics.CategoricalAccuracy(name="accuracy")],
        # TensorFlow's XLA is no faster on a CPU and takes a minute to compile; JAX has nothing else.
        jit_compile=keras.backend.backend() == "jax",
    )
    return learner


def _validation_set(faces: FaceSet, recipe: Recipe) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    labels = reference_labels(faces, recipe)
    known = labels >= 0
    if not known.any():
        raise DataError("no face of the validation split has a label that the recipe's metric can be held against")
    return faces.images[known], np.eye(len(faces.label_names), dtype=np.float32)[labels[known]]


def _callbacks(recipe: Recipe, options: FitOptions) -> list[Any]:
    options.checkpoints.mkdir(parents=True, exist_ok=True)
    averaged = [keras.callbacks.SwapEMAWeights(swap_on_epoch=True)] if recipe.ema_momentum > 0 else []
    return [
        keras.callbacks.TerminateOnNaN(),
        # Before the averaged weights are swapped in: what goes on later are the raw ones.
        keras.callbacks.BackupAndRestore(options.checkpoints / "last", double_checkpoint=True, delete_checkpoint=False),
        *averaged,
        keras.callbacks.ModelCheckpoint(
            _best_weights(options),
            monitor=_MONITOR,
            mode="max",
            save_best_only=True,
            save_weights_only=True,
            initial_value_threshold=_best_epoch(options.log)[1],
        ),
        keras.callbacks.CSVLogger(options.log, append=True),
    ]


def _best_weights(options: FitOptions) -> Path:
    return options.checkpoints / "best.weights.h5"


def _best_epoch(log: Path) -> tuple[int, float | None]:
    """The epoch, from 1, that did best so far and its figure; (0, None) before the first."""
    rows = _read_log(log, lambda row: (int(row["epoch"]) + 1, float(row[_MONITOR])))
    return max(rows, key=lambda row: row[1], default=(0, None))


def _require_finite(log: Path) -> None:
    losses = _read_log(log, lambda row: float(row["loss"]))
    if losses and not np.isfinite(losses[-1]):
        raise DataError(
            f"the loss was no longer a number in epoch {len(losses)}", "lower the recipe's learning_rate and start anew"
        )


def _read_log(log: Path, read: Callable[[dict[str, str]], _T]) -> list[_T]:
    if not log.exists():
        return []
    with log.open(newline="", encoding="utf-8") as file:
        return [read(row) for row in csv.DictReader(file)]
