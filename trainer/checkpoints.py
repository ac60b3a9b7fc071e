"""What a training leaves on disk after each epoch, so that it can be cut off at any time and go on."""

import csv
import math
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np

from device.errors import DataError, StorageError

MONITOR = "val_accuracy"
"""The column of the log that the best epoch is chosen by."""

_STATE = "epoch-*.weights.h5"
_LOST = "to begin anew, name another folder with --out, or remove this one; nothing was changed"
_SPARE_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class TrainingFolder:
    """Where a training's state lives.

    Attributes:
        folder: its own; made when it is first written to.
    """

    folder: Path

    @property
    def log(self) -> Path:
        """A row an epoch; the epoch is counted from 0."""
        return self.folder / "log.csv"

    @property
    def best(self) -> Path:
        """The weights of the epoch that did best."""
        return self.folder / "checkpoints" / "best.weights.h5"

    @property
    def answers(self) -> Path:
        """What teachers that are asked before training answered, a row a picture."""
        return self.folder / "checkpoints" / "answers.npy"

    @property
    def views(self) -> Path:
        """The changed pictures that teachers answered, of each face as many as the recipe says."""
        return self.folder / "checkpoints" / "views.npy"

    def state(self, epoch: int) -> Path:
        """Weights, optimizer and random seeds as they were when ``epoch`` epochs were done."""
        return self.folder / "checkpoints" / f"epoch-{epoch:04d}.weights.h5"

    def states(self) -> list[tuple[int, Path]]:
        """(epochs done, file) of each state there is, the newest first."""
        found = (self.folder / "checkpoints").glob(_STATE)
        return sorted(((int(path.name[6:].partition(".")[0]), path) for path in found), reverse=True)

    def rows(self) -> list[dict[str, float]]:
        """The log. Raises DataError where it is damaged."""
        if not self.log.exists():
            return []
        with self.log.open(newline="", encoding="utf-8", errors="replace") as file:
            reader = csv.DictReader(file)
            try:
                rows = [{name: float(row[name]) for name in (MONITOR, *row)} for row in reader]
            except (TypeError, ValueError, KeyError, csv.Error) as error:
                raise DataError(
                    f"{self.log}:{reader.line_num}: an epoch's figures are expected, and something else is there", _LOST
                ) from error
        return rows

    def best_epoch(self) -> int:
        """The epoch, from 1, that did best; 0 before the first. The first of several that are equal."""
        rows = self.rows()
        return max(range(len(rows)), key=lambda index: (rows[index][MONITOR], -index)) + 1 if rows else 0


def resume(learner: Any, files: TrainingFolder) -> int:
    """Load the newest state that can be read into ``learner`` and cut the log to it; returns the epochs done.

    A state of which only a part was written is passed over.

    Raises:
        DataError: there was a training here, of which too little is left to go on with.
    """
    states, rows = files.states(), len(files.rows())
    for epoch, path in states:
        if epoch > rows:
            raise DataError(f"{files.log} has {rows} epochs, and {path} was saved after {epoch}", _LOST)
        learner.optimizer.build(learner.trainable_variables)
        if not _loaded(learner, path):
            continue
        load_best(learner, files)  # now, and not after hours: it may well stay the best
        _loaded(learner, path)
        _cut_log(files.log, epoch)
        return epoch
    if states or (files.folder / "model.keras").is_file() or rows > 1:
        what = "can be read" if states else "is there"
        raise DataError(f"{files.folder} holds a training of {rows} epochs, and no state of it {what}", _LOST)
    _cut_log(files.log, 0)
    return 0


def load_best(learner: Any, files: TrainingFolder) -> None:
    """Give ``learner`` the weights of the best epoch. Raises DataError where they are gone or damaged."""
    if not files.best.is_file():
        raise DataError(f"the weights of the best epoch are gone: {files.best} is missing", _LOST)
    if not _loaded(learner, files.best):
        raise DataError(f"the weights of the best epoch are damaged: {files.best} cannot be read", _LOST)


def load_last(learner: Any, files: TrainingFolder) -> None:
    """Give ``learner`` the weights of the last epoch, averaged if the optimizer averages them.

    Raises:
        DataError: its state is gone or damaged.
    """
    last = files.state(len(files.rows()))
    if not _loaded(learner, last):
        raise DataError(f"the state of the last epoch is gone or damaged: {last} cannot be read", _LOST)
    learner.optimizer.finalize_variable_values(learner.trainable_variables)


def _loaded(learner: Any, path: Path) -> bool:
    try:
        learner.load_weights(path)
    except (OSError, KeyError, ValueError):
        return False
    return True


class LogEpoch(keras.callbacks.CSVLogger):
    """A row an epoch, on the disk when the epoch's state is."""

    def __init__(self, files: TrainingFolder) -> None:
        files.best.parent.mkdir(parents=True, exist_ok=True)
        super().__init__(files.log, append=True)

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Write the row."""
        with saving(epoch, self.filename):
            super().on_epoch_end(epoch, logs)


class SaveState(keras.callbacks.Callback):
    """Writes the state beside its place; ``SaveBest``, which comes last, moves it there.

    It comes before averaged weights are swapped in: what goes on later are the raw ones.
    """

    def __init__(self, files: TrainingFolder) -> None:
        super().__init__()
        self._files = files

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:  # noqa: ARG002
        """Write what would be lost."""
        size = _saved_bytes(self.model)
        _save(partial_of(self._files.state(epoch + 1)), self.model.save_weights, epoch, size)


class SaveBest(keras.callbacks.Callback):
    """Keeps the weights of the best epoch, then calls the epoch done and clears away states older than the last two."""

    def __init__(self, files: TrainingFolder) -> None:
        super().__init__()
        self._files = files

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:  # noqa: ARG002
        """Write the weights if they are the best, and close the epoch."""
        files = self._files
        if files.best_epoch() == epoch + 1:
            size = _saved_bytes(self.model)
            _save(partial_of(files.best), self.model.save_weights, epoch, size)
            partial_of(files.best).replace(files.best)
        partial_of(files.state(epoch + 1)).replace(files.state(epoch + 1))
        for _, old in files.states()[2:]:
            old.unlink()


def partial_of(path: Path) -> Path:
    """Where a file stands while it is written; an end of its own, for Keras goes by it."""
    return path.with_name(f".{path.name.removesuffix('.weights.h5')}.partial.weights.h5")


@contextmanager
def saving(epoch: int, path: Path | str) -> Iterator[None]:
    """Say in one line that ``epoch``, counted from 0, could not be saved at ``path``.

    Raises:
        StorageError: whatever goes wrong within; writers have errors of their own for a disk that is full.
    """
    try:
        yield
    except Exception as error:
        raise StorageError(
            f"epoch {epoch + 1} could not be saved at {path}: {error}",
            "what was saved before it is whole: make room and give the same command again",
        ) from error


def _save(path: Path, write: Callable[[Path], object], epoch: int, size: int) -> None:
    try:
        with saving(epoch, path):
            _reserve(path, size)
            write(path)
    except StorageError:
        path.unlink(missing_ok=True)
        raise


def _reserve(path: Path, size: int) -> None:
    """Find out that a disk is full before HDF5 does, which then may end the process. Raises OSError."""
    with path.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, size + size // 20 + _SPARE_BYTES)
    path.unlink()


def _saved_bytes(learner: Any) -> int:
    variables = [*learner.variables, *learner.optimizer.variables]
    return sum(math.prod(one.shape) * np.dtype(one.dtype).itemsize for one in variables)


def _cut_log(log: Path, rows: int) -> None:
    if log.exists():
        lines = log.read_text(encoding="utf-8").splitlines(keepends=True)
        if len(lines) > rows + 1:
            temporary = log.with_name(".log.partial.csv")
            temporary.write_text("".join(lines[: rows + 1]), encoding="utf-8")
            temporary.replace(log)
