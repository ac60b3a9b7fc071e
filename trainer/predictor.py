"""A trained model, Keras or TFLite, as one thing: uint8 faces in, probabilities out."""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from device.classify.interpreter import open_interpreter
from device.contract import container
from device.contract.model_card import ModelCard
from device.contract.preprocess import InputSpec, resize, to_real
from device.errors import DataError, ModelError, RecordError
from trainer.framework import load_keras

Kind = Literal["keras", "tflite"]
Answer = Callable[[NDArray[np.uint8]], NDArray[np.floating[Any]]]

MODEL_NAME = "model.keras"
RECORD_NAME = "training.json"
"""What ``fit`` writes beside a Keras model."""

_CHUNK = 512
_BATCH = 128
_TRAIN_ANEW = "keep the files of a training together, or train it again with affectd-train fit"


class _RecordedInput(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    height: int
    width: int
    real_range: tuple[float, float]
    crop_margin: float = 0.1


class _Record(BaseModel):
    """What of ``training.json`` is needed to ask the model; the rest is provenance and passed on as it is."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    name: str = Field(min_length=1)
    labels: tuple[str, ...] = Field(min_length=2)
    input: _RecordedInput


@dataclass(frozen=True, slots=True, eq=False)
class Predictor:
    """A model that is ready to be asked.

    Attributes:
        name: the model's own.
        path: the file that it was read from.
        kind: ``keras`` (float32) or ``tflite`` (as converted).
        labels: in the order of the probabilities.
        spec: the input that it was trained for.
        answer: probabilities float (n, labels) for uint8 (n, spec.height, spec.width, 1).
        sha256: of the file, hexadecimal.
        record: where the model comes from: ``training.json``, or what the card says of it.
    """

    name: str
    path: Path
    kind: Kind
    labels: tuple[str, ...]
    spec: InputSpec
    answer: Answer = field(repr=False)
    sha256: str = ""
    record: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def probabilities(self, faces: NDArray[np.uint8], *, flip: bool = False) -> NDArray[np.float32]:
        """Probabilities float32 (n, labels), rows adding up to 1, for uint8 (n, h, w, 1).

        Faces of another size are resized as the device resizes its crops.

        Args:
            faces: the faces.
            flip: average the answers to each face and to its mirror image.

        Raises:
            ModelError: the network's answer is no set of probabilities.
            RecordError: ``faces`` has another shape or type.
        """
        if faces.ndim != 4 or faces.shape[-1] != 1 or faces.dtype != np.uint8:
            raise RecordError(f"faces are uint8 (n, height, width, 1), not {faces.dtype} {faces.shape}")
        found = np.empty((len(faces), len(self.labels)), np.float32)
        for start in range(0, len(faces), _CHUNK):
            chunk = self._fitted(faces[start : start + _CHUNK])
            shares = self._normalised(chunk)
            if flip:
                shares = (shares + self._normalised(np.ascontiguousarray(chunk[:, :, ::-1]))) / 2
            found[start : start + len(chunk)] = shares
        return found

    def describe(self) -> dict[str, Any]:
        """What a report says of the model, for JSON."""
        return {
            "name": self.name,
            "file": self.path.name,
            "kind": self.kind,
            "sha256": self.sha256,
            "labels": list(self.labels),
            "input": asdict(self.spec),
            "training": dict(self.record),
        }

    def _fitted(self, faces: NDArray[np.uint8]) -> NDArray[np.uint8]:
        if faces.shape[1:3] == (self.spec.height, self.spec.width):
            return faces
        return np.stack([resize(face[..., 0], self.spec) for face in faces])

    def _normalised(self, faces: NDArray[np.uint8]) -> NDArray[np.float64]:
        """A quantised softmax adds up to 1 only within its rounding."""
        scores = np.asarray(self.answer(faces), np.float64)
        if scores.shape != (len(faces), len(self.labels)):
            raise ModelError(f"{self.path} answers {scores.shape} for {len(faces)} faces and {len(self.labels)} labels")
        totals = scores.sum(axis=1, keepdims=True)
        if not np.isfinite(totals).all() or scores.min() < 0.0 or totals.min() <= 0.0:
            raise ModelError(
                f"{self.path} answers {scores.min():.3g} to {scores.max():.3g}, and probabilities are expected",
                "end the network in a softmax",
            )
        shares: NDArray[np.float64] = scores / totals
        return shares


def load_predictor(path: Path, threads: int = 2) -> Predictor:
    """The model at ``path``: a ``.keras`` file with its ``training.json``, the folder of both, or a ``.tflite`` file.

    Raises:
        ModelError: there is none, it is damaged, or it does not fit what is written of it.
        DataError: ``training.json`` is missing beside a Keras model, or says too little.
        UnavailableError: Keras, or an interpreter, is not installed.
    """
    file = model_file(path)
    return _load_tflite(file, threads) if file.suffix == ".tflite" else _load_keras(file)


def model_file(path: Path) -> Path:
    """The model's file where ``path`` is one, or a training's folder.

    Raises:
        ModelError: there is none, or it is neither Keras's nor TFLite's.
    """
    file = path / MODEL_NAME if path.is_dir() else path
    if not file.is_file():
        raise ModelError(f"a model is expected at {file}, and there is none", "name a .keras or a .tflite file")
    if file.suffix not in (".keras", ".tflite"):
        raise ModelError(f"{file} is neither a .keras nor a .tflite file", "name one of these")
    return file


def model_record(path: Path) -> dict[str, Any]:
    """Where the model at ``path`` comes from, without opening its network: ``training.json``, or the card's words.

    Raises:
        ModelError, DataError: see ``load_predictor``.
    """
    file = model_file(path)
    return _record_of(container.read(file).model_card) if file.suffix == ".tflite" else _read_record(file)[0]


def keras_record(path: Path) -> tuple[str, tuple[str, ...], InputSpec]:
    """Name, labels and input of the ``.keras`` file at ``path``, without opening its network.

    Raises:
        DataError: its ``training.json`` is missing, or says too little.
    """
    _, record, spec = _read_record(path)
    return record.name, record.labels, spec


def _load_tflite(path: Path, threads: int) -> Predictor:
    model = container.read(path)
    card = model.model_card
    spec = card.input.spec()
    interpreter = open_interpreter(model.flatbuffer, spec, threads)
    if interpreter.outputs != len(card.labels):
        raise ModelError(f"{path} gives {interpreter.outputs} scores, and its card has {len(card.labels)} labels")
    return Predictor(card.name, path, "tflite", card.labels, spec, interpreter.run, file_sha256(path), _record_of(card))


def _record_of(card: ModelCard) -> dict[str, Any]:
    """The card in the words of ``training.json``, and what the conversion adds."""
    return {
        "name": card.name,
        "version": card.version,
        "labels": list(card.labels),
        "input": asdict(card.input.spec()),
        **card.training.model_dump(mode="json"),
        "measured": [
            {"metric": one.metric, "split": one.split, "value": value, "count": one.count, "recall": one.recall}
            for one in card.accuracy
            if (value := one.float_value if one.converted_value is None else one.converted_value) is not None
        ],
        "conversion": card.conversion.model_dump(mode="json"),
        "cost": card.cost.model_dump(mode="json"),
    }


def _load_keras(path: Path) -> Predictor:
    raw, record, spec = _read_record(path)
    network = open_keras(path)
    expected = (None, spec.height, spec.width, 1)
    if network.input_shape != expected:
        raise ModelError(f"{path} reads {network.input_shape}, and its {RECORD_NAME} says {expected}", _TRAIN_ANEW)
    if network.output_shape != (None, len(record.labels)):
        raise ModelError(
            f"{path} gives {network.output_shape}, and its {RECORD_NAME} has {len(record.labels)} labels", _TRAIN_ANEW
        )

    return Predictor(record.name, path, "keras", record.labels, spec, answers_of(network, spec), file_sha256(path), raw)


def answers_of(network: Any, spec: InputSpec) -> Answer:
    """What ``Predictor.answer`` is for a Keras model that was trained for ``spec``."""

    def answer(faces: NDArray[np.uint8]) -> NDArray[np.float32]:
        scores: NDArray[np.float32] = network.predict(to_real(faces, spec), batch_size=_BATCH, verbose=0)
        return scores

    return answer


def _read_record(path: Path) -> tuple[dict[str, Any], _Record, InputSpec]:
    file = path.with_name(RECORD_NAME)
    try:
        raw = json.loads(file.read_text(encoding="utf-8"))
        record = _Record.model_validate(raw)
        return raw, record, InputSpec(**record.input.model_dump())
    except FileNotFoundError:
        raise DataError(
            f"{path.name} says nothing of its labels and its input: {file} is missing", _TRAIN_ANEW
        ) from None
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"])) or "the file"
        raise DataError(f"{file}: {where}: {first['msg']}", _TRAIN_ANEW) from error
    except ValueError as error:
        raise DataError(f"{file} cannot be used: {error}", _TRAIN_ANEW) from error


def open_keras(path: Path) -> Any:
    """The Keras model at ``path``. Raises ModelError when it cannot be read, UnavailableError without Keras."""
    keras = load_keras()
    try:
        return keras.saving.load_model(path, compile=False)
    except Exception as error:
        raise ModelError(f"Keras cannot read {path}: {error}", "train it again with affectd-train fit") from error


def file_sha256(path: Path) -> str:
    """The SHA-256 of the file at ``path``, hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
