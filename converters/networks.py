"""Trained and converted networks behind one type: faces in, scores out, whatever the file."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from converters.framework import load_keras
from converters.onnx import open_session
from converters.trained import load_network
from device.classify.interpreter import open_interpreter
from device.classify.interpreter.foreign import SUFFIXES, answers_of, open_foreign, remedy_for
from device.contract import container
from device.contract.described import description_of
from device.contract.keras_models import KERAS_SUFFIXES
from device.contract.preprocess import InputSpec, to_real
from device.contract.training_record import FILE as RECORD_FILE
from device.contract.training_record import model_in, read_record
from device.errors import DataError

Scorer = Callable[[NDArray[np.uint8]], NDArray[np.float32]]

_BATCH = 256


@dataclass(frozen=True, slots=True, eq=False)
class Network:
    """A network that can be asked.

    Attributes:
        path: where it comes from.
        spec: its input.
        labels: None where nothing says them.
        quantised: whether it computes in 8 bits.
        flatbuffer: None where it is none.
        score: from faces uint8 (n, height, width, 1) to scores float32 (n, labels).
    """

    path: Path
    spec: InputSpec
    labels: tuple[str, ...] | None
    quantised: bool
    flatbuffer: bytes | None
    score: Scorer


@dataclass(frozen=True, slots=True)
class Description:
    """What a file, or ``training.json`` beside it, says of its network."""

    spec: InputSpec
    labels: tuple[str, ...]


def describe(path: Path) -> Description | None:
    """What is known of the network at ``path``, by its card or its training's record; None where nothing says it.

    Raises:
        DataError: there is no such file, or none of a kind that is known here.
        ModelError: a ``.tflite`` is damaged.
    """
    path = model_in(path)
    if path.suffix not in SUFFIXES:
        raise DataError(f"{path} is none of {', '.join(SUFFIXES)}", remedy_for(path))
    if not path.is_file():
        raise DataError(f"a network is expected at {path}, and there is none")
    if path.suffix == ".tflite" and has_card(path):
        card = container.read(path).model_card
        return Description(card.input.spec(), card.labels)
    beside = path.with_name(RECORD_FILE)
    if beside.is_file():
        record = read_record(beside)
        return Description(record.input.spec(), record.labels)
    return None


def has_card(path: Path) -> bool:
    """Whether the ``.tflite`` at ``path`` is a model file, whole or damaged, and no bare flatbuffer."""
    return container.looks_like_model_file(container.read_bytes(path))


def open_network(path: Path, fallback: Description | None = None, threads: int = 1) -> Network:
    """Open the network at ``path``.

    Args:
        path: a ``.keras``, ``.tflite`` or ``.onnx`` file, or a training's folder.
        fallback: what it is taken for where nothing says it.
        threads: how many an interpreter may use.

    Raises:
        AffectdError: it is missing, damaged, or nothing says what its pixels stand for.
    """
    path = model_in(path)
    known = describe(path)
    if known is None and (description := description_of(path)):
        network = open_foreign(path, load_keras, threads)
        score = answers_of(network, description, path)
        return Network(
            path, description.input.spec(), description.labels, network.quantised, flatbuffer=None, score=score
        )
    known = known or fallback
    if known is None:
        raise DataError(
            f"nothing says what the labels and the pixels of {path} are",
            f"put training.json of its training beside it, or complete what affectd-convert describe {path} drafts",
        )
    if path.suffix in KERAS_SUFFIXES:
        score = keras_scorer(load_network(path), known.spec)
        return Network(path, known.spec, known.labels, quantised=False, flatbuffer=None, score=score)
    if path.suffix == ".onnx":
        score = onnx_scorer(open_session(path.read_bytes(), threads), known.spec)
        return Network(path, known.spec, known.labels, quantised=False, flatbuffer=None, score=score)
    flatbuffer = read_flatbuffer(path)
    interpreter = open_interpreter(flatbuffer, known.spec, threads)
    return Network(path, known.spec, known.labels, interpreter.quantised, flatbuffer, interpreter.run)


def read_flatbuffer(path: Path) -> bytes:
    """The network of a model file, verified, or of a bare ``.tflite``. Raises ModelError as ``container.read``."""
    if has_card(path):
        return container.read(path).flatbuffer
    data = container.read_bytes(path)
    container.check_identifier(data, str(path))
    return data


def keras_scorer(network: Any, spec: InputSpec) -> Scorer:
    """Ask a Keras model."""

    def score(faces: NDArray[np.uint8]) -> NDArray[np.float32]:
        scores: NDArray[np.float32] = network.predict(to_real(faces, spec), batch_size=_BATCH, verbose=0)
        return scores

    return score


def onnx_scorer(session: Any, spec: InputSpec) -> Scorer:
    """Ask a session of onnxruntime."""
    name = session.get_inputs()[0].name

    def score(faces: NDArray[np.uint8]) -> NDArray[np.float32]:
        real = to_real(faces, spec)
        parts = [session.run(None, {name: real[row : row + _BATCH]})[0] for row in range(0, len(real), _BATCH)]
        scores: NDArray[np.float32] = np.concatenate(parts)
        return scores

    return score
