"""What happens beside the learning, epoch by epoch."""

import math
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np

from device.errors import DataError
from trainer.checkpoints import MONITOR, saving
from trainer.recipe.learning import EarlyStopping, Plateau
from trainer.showings import Showings

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

    def __init__(self, showings: Showings, seed: int) -> None:
        super().__init__()
        self._showings, self._seed = showings, seed

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:  # noqa: ARG002
        """Set the order and every layer's generator."""
        self._showings.turn_to(epoch)
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


class StopEarly(keras.callbacks.EarlyStopping):
    """Ends a training in which validation stands still; goes on from the log of one that was cut off."""

    def __init__(self, settings: EarlyStopping, rows: list[Logs]) -> None:
        super().__init__(MONITOR, mode="max", min_delta=settings.min_delta, patience=settings.patience)
        self._rows = rows

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Live through the epochs before."""
        super().on_train_begin(logs)
        for epoch, row in enumerate(self._rows):
            self.on_epoch_end(epoch, dict(row))


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
