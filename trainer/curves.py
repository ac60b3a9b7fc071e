"""A training's log, an epoch a row, and what its curves say."""

import csv
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from device.errors import DataError

_WINDOW = 3
_LEAST_AFTER = 4
_LEAST_RISE = 0.03
_NOISE_FACTOR = 5.0
_MAD_TO_SIGMA = 1.4826


@dataclass(frozen=True, slots=True)
class Epoch:
    """One row of ``log.csv``.

    Attributes:
        number: from 1.
        loss, accuracy: on the training faces as they were shown, changed at random.
        val_loss, val_accuracy: on the validation faces.
    """

    number: int
    loss: float
    accuracy: float
    val_loss: float
    val_accuracy: float


def read_log(path: Path) -> tuple[Epoch, ...]:
    """The epochs in ``log.csv``; none where there is no such file.

    Raises:
        DataError: a row lacks a column or holds no number.
    """
    if not path.is_file():
        return ()
    with path.open(newline="", encoding="utf-8", errors="replace") as file:
        reader = csv.DictReader(file)
        try:
            return tuple(_epoch(row) for row in reader)
        except (KeyError, TypeError, ValueError, csv.Error) as error:
            raise DataError(
                f"{path}:{reader.line_num}: an epoch's loss and accuracy are expected, and something else is there",
                "remove the file, or train again",
            ) from error


def say_when_curves_part(rows: Sequence[Epoch]) -> str | None:
    """From which epoch validation loss rises while training loss falls, a sentence; None where they do not part.

    Both are smoothed over three epochs. A rise counts from the lowest validation loss on, when it reaches 3% of it, is
    five times what the smoothed loss jitters by (the lowest of many is low by chance), and lasts for four epochs.
    """
    rows = [row for row in rows if math.isfinite(row.loss) and math.isfinite(row.val_loss)]
    if len(rows) < _LEAST_AFTER + _WINDOW:
        return None
    validation = _smooth(np.array([row.val_loss for row in rows]))
    training = _smooth(np.array([row.loss for row in rows]))
    lowest = int(validation.argmin())
    rise, fall = validation[-1] - validation[lowest], training[lowest] - training[-1]
    jitter = _jitter(np.array([row.val_loss for row in rows]))
    if len(rows) - 1 - lowest < _LEAST_AFTER or fall <= 0:
        return None
    if rise < max(_LEAST_RISE * abs(validation[lowest]), _NOISE_FACTOR * jitter):
        return None
    return (
        f"the curves part after epoch {rows[lowest].number}: validation loss rises from {validation[lowest]:.2f} to "
        f"{validation[-1]:.2f} while training loss falls from {training[lowest]:.2f} to {training[-1]:.2f}; "
        "what is learnt from there on is of the training faces alone"
    )


def _epoch(row: dict[str, str]) -> Epoch:
    return Epoch(
        int(row["epoch"]) + 1,
        *(float(row[name]) for name in ("loss", "accuracy", "val_loss", "val_accuracy")),
    )


def _smooth(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The mean of each value and its neighbours; fewer at the ends."""
    half = _WINDOW // 2
    return np.array([values[max(0, at - half) : at + half + 1].mean() for at in range(len(values))])


def _jitter(values: NDArray[np.float64]) -> float:
    """How much one value of a trend differs by chance: sigma of second differences, which a trend leaves alone."""
    if len(values) < 3:
        return 0.0
    bends = np.diff(values, 2)
    # A second difference adds up six variances; a mean of three divides by three.
    return float(np.median(np.abs(bends)) * _MAD_TO_SIGMA / math.sqrt(6) / math.sqrt(_WINDOW))
