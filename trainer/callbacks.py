"""What happens beside the learning, epoch by epoch."""

import math
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np

from device.errors import DataError
from trainer.batches import Batches
from trainer.checkpoints import MONITOR, saving
from trainer.recipe.learning import EarlyStopping, Plateau

Logs = dict[str, float]


class StopOnNaN(keras.callbacks.Callback):
    """Ends a training whose loss is no longer a number, before that is saved."""

    def __init__(self) -> None:
        super().__init__()
        self._epoch = 0

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:  # noqa: ARG002
        """Note where we are."""
        self._epoch = epoch

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Look at the mean loss so far."""
        if logs and not math.isfinite(logs["loss"]):
            raise DataError(
                f"the loss was no longer a number in epoch {self._epoch + 1}, batch {batch + 1}",
                "lower the recipe's learning_rate; the epochs before it are kept",
            )


class BeginEpoch(keras.callbacks.Callback):
    """Begins each epoch's chance (order, augmentation, dropout) from the seed and the epoch, whatever went before.

    So a training that goes on draws what it would have drawn.
    """

    def __init__(self, batches: Batches, seed: int) -> None:
        super().__init__()
        self._batches, self._seed = batches, seed

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:  # noqa: ARG002
        """Set the order and every layer's generator."""
        self._batches.turn_to(epoch)
        for number, generator in enumerate(_generators(self.model)):
            generator.state.assign(np.random.SeedSequence((self._seed, epoch, number)).generate_state(2))


def _generators(layer: Any) -> Iterator[Any]:
    if hasattr(layer, "layers"):
        for part in layer.layers:
            yield from _generators(part)
    elif getattr(layer, "seed_generator", None) is not None:
        yield layer.seed_generator


class TimeEpoch(keras.callbacks.Callback):
    """Adds ``seconds`` and ``faces_per_s`` of the training proper, without validation, to the log."""

    def __init__(self, faces_per_epoch: int) -> None:
        super().__init__()
        self._faces = faces_per_epoch
        self._began = self._ended = 0.0

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:  # noqa: ARG002
        """Start the clock."""
        self._began = time.perf_counter()

    def on_test_begin(self, logs: Logs | None = None) -> None:  # noqa: ARG002
        """Stop it: validation begins."""
        self._ended = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:  # noqa: ARG002
        """Write down."""
        if logs is not None:
            seconds = self._ended - self._began
            logs["seconds"] = round(seconds, 2)
            logs["faces_per_s"] = round(self._faces / seconds, 1)


class FollowPlateau(keras.callbacks.ReduceLROnPlateau):
    """Lowers the learning rate when validation stands still; goes on from the log of a training that was cut off."""

    def __init__(self, schedule: Plateau, rows: list[Logs]) -> None:
        super().__init__(
            MONITOR, mode="max", factor=schedule.factor, patience=schedule.patience, min_lr=schedule.lowest
        )
        self._rows = rows

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Live through the epochs before; the rate comes with the state, and is put back at the end."""
        super().on_train_begin(logs)
        rate = float(self.model.optimizer.learning_rate)
        for epoch, row in enumerate(self._rows):
            self.on_epoch_end(epoch, dict(row))
        self.model.optimizer.learning_rate = rate


class StopEarly(keras.callbacks.Callback):
    """Ends a training in which validation stands still; goes on from the log of one that was cut off."""

    def __init__(self, settings: EarlyStopping, rows: list[Logs]) -> None:
        super().__init__()
        self._settings = settings
        self._figures = [row[MONITOR] for row in rows]

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:  # noqa: ARG002
        """Look at all epochs so far."""
        if logs:
            self._figures.append(logs[MONITOR])
        if stands_still(self._settings, self._figures):
            self.model.stop_training = True


def stands_still(settings: EarlyStopping, figures: Sequence[float]) -> bool:
    """Whether the validation figures of the epochs so far have not improved for as long as is waited."""
    best, waited = -math.inf, 0
    for figure in figures:
        if figure - settings.min_delta > best:
            best, waited = figure, 0
        else:
            waited += 1
        if waited >= settings.patience:
            return True
    return False


class WriteEvents(keras.callbacks.Callback):
    """The log as TensorBoard's event files, ``train`` and ``validation`` apart."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        from tensorboard.summary import Writer

        self._folder, self._open = folder, Writer
        self._writers: dict[str, Any] = {}

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Write every figure of the epoch."""
        with saving(epoch, self._folder):
            if not self._writers:
                self._writers = {split: self._open(str(self._folder / split)) for split in ("train", "validation")}
            for name, value in (logs or {}).items():
                split = "validation" if name.startswith("val_") else "train"
                self._writers[split].add_scalar(name.removeprefix("val_"), float(value), epoch + 1)
            for writer in self._writers.values():
                writer.flush()

    def on_train_end(self, logs: Logs | None = None) -> None:  # noqa: ARG002
        """Close the files."""
        for writer in self._writers.values():
            writer.close()


def tensorboard(folder: Path) -> list[Any]:
    """The callback that writes TensorBoard's files into ``folder``; none, with a line, where its package is missing."""
    try:
        return [WriteEvents(folder)]
    except ImportError:
        print("no TensorBoard logs: pip install tensorboard")
        return []
