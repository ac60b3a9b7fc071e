"""A network made ready to learn: pictures as they are stored in, changed anew each time, and a rule to improve by."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from device.contract.preprocess import InputSpec
from trainer.augment import Augment
from trainer.recipe import Recipe
from trainer.recipe.learning import Adam, Constant, Cosine, InverseTime, Loss, Optimizer, Plateau, Schedule
from trainer.teachers import LearnFromTeachers, Teacher

_SOME = 1024
"""Faces that statistics are measured on."""


def build_learner(
    network: Any,
    recipe: Recipe,
    size: tuple[int, int],
    *,
    seed: int,
    steps: int,
    epochs: int,
    teachers: Sequence[Teacher] = (),
) -> Any:
    """Put what recipes say before and behind ``network``.

    Args:
        network: float32 (n, height, width, 1) in the recipe's real range to probabilities (n, labels).
        recipe: the training.
        size: height and width of the pictures as they are stored; the learner resizes where the network's differ.
        seed: of augmentation.
        steps: batches in an epoch.
        epochs: how many in all.
        teachers: whose answers are learnt beside the targets, by ``recipe.targets.teachers_share``.

    Returns:
        A compiled Keras model that takes uint8 (n, *size, 1).
    """
    pixels, seen, faces = _front(recipe, size, seed)
    answers = network(faces)
    share = recipe.targets.teachers_share if teachers else 0.0
    if teachers:
        answers = LearnFromTeachers(list(teachers), share)(seen, answers)
    learner = keras.Model(pixels, answers)
    learner.compile(
        _optimizer(recipe.optimizer, recipe.schedule, steps, epochs),
        _loss(recipe.loss),
        loss_weights=[1.0 - share],
        weighted_metrics=[],
        metrics=[keras.metrics.CategoricalAccuracy(name="accuracy")],
        # TensorFlow's XLA is no faster on a CPU and takes a minute to compile; JAX has nothing else.
        jit_compile=keras.backend.backend() == "jax",
    )
    return learner


def as_shown(images: NDArray[np.uint8], recipe: Recipe, seed: int) -> NDArray[np.float32]:
    """Some of ``images``, uint8 (n, height, width, 1), as a training shows them to its network."""
    pixels, _, faces = _front(recipe, (images.shape[1], images.shape[2]), seed)
    some = np.random.default_rng(seed).permutation(len(images))[:_SOME]
    shown: NDArray[np.float32] = keras.ops.convert_to_numpy(keras.Model(pixels, faces)(images[some], training=True))
    return shown


def _front(recipe: Recipe, size: tuple[int, int], seed: int) -> tuple[Any, Any, Any]:
    """Pixels as they are stored, the changed faces, and these as the network takes them."""
    spec = recipe.input.spec
    pixels = keras.Input((*size, 1), dtype="uint8")
    seen = faces = Augment(recipe.augmentation, seed)(keras.layers.Rescaling(1.0 / 255.0, dtype="float32")(pixels))
    if size != (spec.height, spec.width):
        faces = keras.layers.Resizing(spec.height, spec.width, dtype="float32")(faces)
    return pixels, seen, _in_real_range(faces, spec)


def _in_real_range(faces: Any, spec: InputSpec) -> Any:
    low, high = spec.real_range
    return faces if (low, high) == (0.0, 1.0) else keras.layers.Rescaling(high - low, low, dtype="float32")(faces)


def _loss(settings: Loss) -> Any:
    if settings.name == "focal":
        return keras.losses.CategoricalFocalCrossentropy(
            alpha=1.0, gamma=settings.focal_gamma, label_smoothing=settings.label_smoothing
        )
    return keras.losses.CategoricalCrossentropy(label_smoothing=settings.label_smoothing)


def _optimizer(settings: Optimizer, schedule: Schedule, steps: int, epochs: int) -> Any:
    rate = _rate(settings.learning_rate, schedule, steps, epochs)
    shared = {
        "weight_decay": settings.weight_decay or None,
        "use_ema": settings.ema_momentum > 0,
        "ema_momentum": settings.ema_momentum or 0.99,
    }
    if isinstance(settings, Adam):
        kind = keras.optimizers.Adam if settings.name == "adam" else keras.optimizers.Nadam
        optimizer = _warming(kind)(rate, **shared)
    else:
        momentum = {"momentum": settings.momentum, "nesterov": settings.momentum > 0}
        optimizer = _warming(keras.optimizers.SGD)(rate, **momentum, **shared)
    if settings.weight_decay:
        optimizer.exclude_from_weight_decay(var_names=["gamma", "beta", "bias"])
    return optimizer


def _warming(kind: Any) -> Any:
    """``kind`` of optimizer, whose average of weights begins short, as TensorFlow's does that counts its updates.

    With the full momentum from the start, the average of a short training is still what its first steps were.
    """

    class Warming(kind):  # type: ignore[misc]
        @property
        def ema_momentum(self) -> Any:
            steps = keras.ops.cast(self.iterations, "float32")
            return keras.ops.minimum(self._highest_momentum, (1.0 + steps) / (10.0 + steps))

        @ema_momentum.setter
        def ema_momentum(self, highest: float) -> None:
            self._highest_momentum = highest

    Warming.__name__ = kind.__name__
    return Warming


def _rate(highest: float, schedule: Schedule, steps: int, epochs: int) -> Any:
    """The learning rate at each step, or a number where it is the same or a callback lowers it."""
    match schedule:
        case Constant() | Plateau():
            return highest
        case InverseTime(decay=decay):
            return keras.optimizers.schedules.InverseTimeDecay(highest, decay_steps=1, decay_rate=decay)
        case Cosine(warmup_epochs=warmup_epochs):
            warmup = round(warmup_epochs * steps)
            return keras.optimizers.schedules.CosineDecay(
                initial_learning_rate=0.0 if warmup else highest,
                decay_steps=max(1, epochs * steps - warmup),
                warmup_target=highest if warmup else None,
                warmup_steps=warmup,
            )
