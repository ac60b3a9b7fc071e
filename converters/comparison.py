"""What each format of one network costs: size, accuracy and time."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from converters.calibrate import representative_set
from converters.networks import keras_scorer
from converters.tflite import Format, Target, convert
from converters.trained import Trained
from converters.verify import Parity, compare
from device.classify.interpreter import TfliteInterpreter, open_interpreter

FORMATS: tuple[Format, ...] = ("float32", "float16", "int8")


@dataclass(frozen=True, slots=True)
class FormatCost:
    """One format of a network.

    Attributes:
        flatbuffer_bytes: its size without a card.
        parity: to Keras.
        cpu_s: processor time for one face on one thread, seconds: the median over rounds.
        of_float32: that time as a share of float32's in the same round: the median over rounds.
    """

    format: Format
    flatbuffer_bytes: int
    parity: Parity
    cpu_s: float
    of_float32: float


def compare_formats(trained: Trained, seed: int, rounds: int, say: Callable[[str], None]) -> list[FormatCost]:
    """Make each format, hold it against Keras on the check's faces, and time them by turns."""
    reference = keras_scorer(trained.network, trained.spec)(trained.check.faces)
    calibration = representative_set(trained.calibration, seed)
    sizes, parities, interpreters = [], [], []
    for name in FORMATS:
        say(f"making {name}")
        target = Target(name, "uint8" if name == "int8" else "float32")
        flatbuffer = convert(trained.network, trained.spec, target, calibration)
        interpreter = open_interpreter(flatbuffer, trained.spec, threads=1)
        parities.append(compare(reference, interpreter.run(trained.check.faces), trained.check.labels))
        sizes.append(len(flatbuffer))
        interpreters.append(interpreter)
    say(f"timing in {rounds} rounds on one thread, by turns")
    times_s = _time(interpreters, trained.check.faces, rounds)
    ratios = np.median(times_s / times_s[:, :1], axis=0)
    medians_s = np.median(times_s, axis=0)
    return [
        FormatCost(name, sizes[row], parities[row], float(medians_s[row]), float(ratios[row]))
        for row, name in enumerate(FORMATS)
    ]


def _time(interpreters: list[TfliteInterpreter], faces: NDArray[np.uint8], rounds: int) -> NDArray[np.float64]:
    """Processor seconds for one face, (rounds, interpreters); a round gives each its turn, about 0.2 s long."""
    some = faces[:8]
    slowest_s = max(_cpu_s(interpreter, some) for interpreter in interpreters)
    turn = faces[: max(2, int(0.2 / slowest_s))]
    return np.array([[_cpu_s(interpreter, turn) for interpreter in interpreters] for _ in range(rounds)])


def _cpu_s(interpreter: TfliteInterpreter, faces: NDArray[np.uint8]) -> float:
    begun_s = time.process_time()
    interpreter.run(faces)
    return (time.process_time() - begun_s) / len(faces)
