"""A trained model, Keras or TFLite, as one thing: uint8 faces in, probabilities out."""

import hashlib
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from device.classify.interpreter import open_interpreter
from device.classify.interpreter.foreign import SUFFIXES, ForeignNetwork, of_keras, open_foreign, remedy_for
from device.classify.interpreter.foreign import answers_of as foreign_answers
from device.contract import container
from device.contract.described import ModelDescription, description_of
from device.contract.keras_models import KERAS_SUFFIXES, read_keras_model
from device.contract.model_card import ModelCard
from device.contract.preprocess import InputSpec, resize, to_real
from device.contract.training_record import FILE as RECORD_FILE
from device.contract.training_record import TrainingRecord, model_in, read_record
from device.errors import DataError, ModelError, RecordError
from trainer.framework import load_keras

Kind = Literal["keras", "tflite", "onnx"]
Answer = Callable[[NDArray[np.uint8]], NDArray[np.floating[Any]]]

_CHUNK = 512
_BATCH = 128
_TRAIN_AGAIN = "keep the files of a training together, or train it again with affectd-train fit"


@dataclass(frozen=True, slots=True, eq=False)
class Predictor:
    """A model that is ready to be asked.

    Attributes:
        name: the model's own.
        path: the file that it was read from.
        kind: ``keras`` (float32), ``tflite`` (as converted) or ``onnx``.
        labels: in the order of the probabilities.
        spec: the input that it was trained for.
        answer: probabilities float (n, labels) for uint8 (n, spec.height, spec.width, 1).
        sha256: of the file, hexadecimal.
        record: where the model comes from: ``training.json``, or what the card says of it; None where nothing says it.
        card: a converted model's own; None for one that is not converted.
    """

    name: str
    path: Path
    kind: Kind
    labels: tuple[str, ...]
    spec: InputSpec
    answer: Answer = field(repr=False)
    sha256: str = ""
    record: TrainingRecord | None = field(default=None, repr=False)
    card: ModelCard | None = field(default=None, repr=False)

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
            "training": provenance(self.record, self.card),
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


def load_predictor(path: Path, threads: int = 2, describe: Path | None = None) -> Predictor:
    """The model at ``path``: a ``.keras`` file with its ``training.json``, the folder of both, a ``.tflite`` file.

    Other people's models, a bare ``.tflite``, an ``.onnx``, a ``.keras`` or Keras 2's ``.h5``, want a description: the
    one at ``describe``, or the YAML of their name beside them.

    Raises:
        ModelError: there is none, it is damaged, or it does not fit what is written of it.
        DataError: nothing says what its labels and its input are, or too little does.
        UnavailableError: Keras, or an interpreter, is not installed.
    """
    file = model_file(path)
    own = describe is None and (
        container.looks_like_model_file(container.read_bytes(file))
        if file.suffix == ".tflite"
        else path.is_dir() or (file.suffix == ".keras" and file.with_name(RECORD_FILE).is_file())
    )
    description = None if own else description_of(file, describe)
    if description is not None:
        return _load_foreign(file, description, threads)
    if not own:
        kept = (
            "put the training.json of its training beside it; of another's model, " if file.suffix == ".keras" else ""
        )
        raise DataError(
            f"nothing says what the labels and the pixels of {file} are",
            f"{kept}affectd-convert describe {file} > {file.with_suffix('.yaml')} drafts it, to be completed by hand",
        )
    return _load_tflite(file, threads) if file.suffix == ".tflite" else _load_keras(file)


def model_file(path: Path) -> Path:
    """The model's file where ``path`` is one, or a training's folder.

    Raises:
        ModelError: there is none.
        DataError: it is of no kind that is known here.
    """
    file = model_in(path)
    if not file.is_file():
        raise ModelError(f"a model is expected at {file}, and there is none", "name a .keras or a .tflite file")
    if file.suffix not in SUFFIXES:
        raise DataError(f"{file} is none of {', '.join(SUFFIXES)}", remedy_for(file))
    return file


def _load_foreign(path: Path, description: ModelDescription, threads: int) -> Predictor:
    if description.network and path.suffix in KERAS_SUFFIXES:
        network = _with_weights(path, description)
    else:
        network = open_foreign(path, load_keras, threads)
    kinds: dict[str, Kind] = {".tflite": "tflite", ".onnx": "onnx"}
    spec = description.input.spec()
    return Predictor(
        description.name,
        path,
        kinds.get(path.suffix, "keras"),
        description.labels,
        spec,
        foreign_answers(network, description, path),
        file_sha256(path),
    )


def _with_weights(path: Path, description: ModelDescription) -> ForeignNetwork:
    """A bundled recipe's network with the weights in the file, which says nothing of its layers."""
    from trainer.networks import build_network
    from trainer.recipe import load_recipe

    load_keras()
    settings = load_recipe(str(description.network)).network
    network = build_network(settings, description.input.spec(), len(description.labels))
    try:
        network.load_weights(path)
    except Exception as error:
        raise DataError(
            f"{path} holds no weights of the network of {description.network} ({' '.join(str(error).split())[:200]})",
            "correct `network` in its description",
        ) from error
    return of_keras(network)


def model_record(path: Path) -> dict[str, Any]:
    """Where the model at ``path`` comes from, without opening its network; see ``provenance``.

    Raises:
        ModelError, DataError: see ``load_predictor``.
    """
    file = model_file(path)
    if file.suffix not in (".keras", ".tflite"):
        raise DataError(f"{file} says nothing of where it comes from", "name a model of affectd-train")
    if file.suffix == ".tflite":
        card = container.read(file).model_card
        return provenance(TrainingRecord.of_card(card), card)
    return provenance(read_record(file.with_name(RECORD_FILE)))


def provenance(record: TrainingRecord | None, card: ModelCard | None = None) -> dict[str, Any]:
    """The record of a training for JSON, and what a converted model's card adds to it."""
    found = record.as_dict() if record else {}
    if card:
        added = card.model_dump(mode="json", include={"version", "conversion", "cost"})
        found |= added
    return found


def _load_tflite(path: Path, threads: int) -> Predictor:
    model = container.read(path)
    card = model.model_card
    spec = card.input.spec()
    interpreter = open_interpreter(model.flatbuffer, spec, threads)
    if interpreter.outputs != len(card.labels):
        raise ModelError(f"{path} gives {interpreter.outputs} scores, and its card has {len(card.labels)} labels")
    record = TrainingRecord.of_card(card)
    return Predictor(card.name, path, "tflite", card.labels, spec, interpreter.run, file_sha256(path), record, card)


def _load_keras(path: Path) -> Predictor:
    record = read_record(path.with_name(RECORD_FILE))
    spec = record.input.spec()
    network = open_keras(path)
    expected = (None, spec.height, spec.width, 1)
    if network.input_shape != expected:
        raise ModelError(f"{path} reads {network.input_shape}, and its {RECORD_FILE} says {expected}", _TRAIN_AGAIN)
    if network.output_shape != (None, len(record.labels)):
        raise ModelError(
            f"{path} gives {network.output_shape}, and its {RECORD_FILE} has {len(record.labels)} labels", _TRAIN_AGAIN
        )
    answer = answers_of(network, spec)
    return Predictor(record.name, path, "keras", record.labels, spec, answer, file_sha256(path), record)


def answers_of(network: Any, spec: InputSpec) -> Answer:
    """What ``Predictor.answer`` is for a Keras model that was trained for ``spec``."""

    def answer(faces: NDArray[np.uint8]) -> NDArray[np.float32]:
        scores: NDArray[np.float32] = network.predict(to_real(faces, spec), batch_size=_BATCH, verbose=0)
        return scores

    return answer


def open_keras(path: Path) -> Any:
    """The Keras model at ``path``. Raises DataError when it cannot be read, UnavailableError without Keras."""
    return read_keras_model(load_keras(), path)


def file_sha256(path: Path) -> str:
    """The SHA-256 of the file at ``path``, hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
