"""What a training leaves: the Keras model and, beside it, faces for calibration and parity and its record."""

import json
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError

from converters.framework import load_keras
from device.contract.model_card import Smoothing
from device.contract.preprocess import InputSpec
from device.errors import DataError

_TRAIN_AGAIN = "train again with affectd-train, and keep the files of a training together"
_KERAS_LAYERS = "save the network in float32 with Keras's own layers only (model.save('model.keras'))"


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class RecordedInput(_Part):
    """The input that the network was trained for; see ``InputSpec``."""

    height: int
    width: int
    real_range: tuple[float, float]
    crop_margin: float


class RecordedMeasurement(_Part):
    """A figure of the float network; ``recall`` is label to the share of its faces that were named so."""

    metric: str
    split: str
    value: float
    count: int
    recall: dict[str, float] = Field(default_factory=dict)


class CheckRecord(_Part):
    """Which figure the labels in ``check.npz`` give, in the training's own words."""

    metric: str = "accuracy"
    split: str = "check"


class TrainingRecord(_Part):
    """``training.json``."""

    schema_version: Literal[1] = Field(alias="schema")
    name: str
    labels: tuple[str, ...]
    input: RecordedInput
    recipe: dict[str, JsonValue]
    data: dict[str, JsonValue]
    seed: int | None = None
    epochs: int | None = None
    kept_epoch: int | None = None
    temperature: float | None = None
    precision: str | None = None
    start: dict[str, str] | None = None
    teachers: tuple[dict[str, str], ...] = ()
    git_revision: str | None = None
    versions: dict[str, str] = Field(default_factory=dict)
    measured: tuple[RecordedMeasurement, ...] = ()
    check: CheckRecord = CheckRecord()
    smoothing: Smoothing = Smoothing()

    def spec(self) -> InputSpec:
        """The input. Raises RecordError, a ValueError, when there can be none of the kind."""
        return InputSpec(self.input.height, self.input.width, self.input.real_range, self.input.crop_margin)


@dataclass(frozen=True, slots=True, eq=False)
class LabelledFaces:
    """Faces uint8 (n, height, width, 1), n > 0, and labels int64 (n,), each an index or -1 where there is none."""

    faces: NDArray[np.uint8]
    labels: NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Trained:
    """One training; ``network`` is a Keras model, float32 (n, height, width, 1) to probabilities (n, labels)."""

    network: Any
    record: TrainingRecord
    spec: InputSpec
    calibration: LabelledFaces
    check: LabelledFaces


def load_trained(path: Path, faces: Path | None = None) -> Trained:
    """Read the Keras model at ``path``, its record beside it, and the faces there or in the folder ``faces``.

    Raises:
        DataError: one of them is missing, is something else, or does not fit the others.
        UnavailableError: Keras or TensorFlow is not installed.
    """
    if not path.is_file():
        raise DataError(
            f"a Keras model is expected at {path}, and there is none", "name the file model.keras of a training"
        )
    record = read_record(path.with_name("training.json"))
    try:
        spec = record.spec()
    except ValueError as error:
        raise DataError(f"{path.with_name('training.json')}: input: {error}", _TRAIN_AGAIN) from error
    folder = faces or path.parent
    calibration = read_faces(folder / "calibration.npz", spec, len(record.labels))
    check = read_faces(folder / "check.npz", spec, len(record.labels))
    network = load_network(path)
    _check_ends(path, network, spec, len(record.labels))
    return Trained(network, record, spec, calibration, check)


def read_record(path: Path) -> TrainingRecord:
    """``training.json``. Raises DataError when it is missing or something else."""
    try:
        text = path.read_bytes()
        raw: Any = json.loads(text)
    except FileNotFoundError as error:
        raise DataError(f"{path.name} is expected beside the model, and {path} is not there", _TRAIN_AGAIN) from error
    except ValueError as error:
        raise DataError(f"{path} is not JSON ({error})", _TRAIN_AGAIN) from error
    found = raw.get("schema") if isinstance(raw, dict) else None
    if found != 1:
        raise DataError(
            f"{path} has schema {found!r}, and schema 1 is read here", "use affectd-train of the same version"
        )
    try:
        return TrainingRecord.model_validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise DataError(f"{path}: {where}: {first['msg']}", _TRAIN_AGAIN) from error


def read_faces(path: Path, spec: InputSpec, labels: int) -> LabelledFaces:
    """Faces and labels of an ``.npz``. Raises DataError when it is missing, something else, or of another size."""
    try:
        # Opened here, not by NumPy: it would leave the file open where this is no archive.
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            faces, found = archive["faces"], archive["labels"]
    except FileNotFoundError as error:
        raise DataError(f"{path} is expected, and is not there", _TRAIN_AGAIN) from error
    except KeyError as error:
        raise DataError(f"{path} lacks an array: faces and labels are expected ({error})", _TRAIN_AGAIN) from error
    except (ValueError, TypeError, AttributeError, EOFError, IndexError, zipfile.BadZipFile) as error:
        raise DataError(f"{path} is not an .npz archive of arrays ({error})", _TRAIN_AGAIN) from error
    shape = (spec.height, spec.width, 1)
    if faces.dtype != np.uint8 or faces.shape[1:] != shape or not len(faces):
        raise DataError(f"{path}: faces are uint8 (n, {_commas(shape)}), not {faces.dtype} {faces.shape}", _TRAIN_AGAIN)
    if found.shape != faces.shape[:1] or not np.issubdtype(found.dtype, np.integer):
        raise DataError(
            f"{path}: labels are whole numbers ({len(faces)},), not {found.dtype} {found.shape}", _TRAIN_AGAIN
        )
    if found.max() >= labels:
        raise DataError(f"{path}: label {found.max()} is beyond the {labels} labels of training.json", _TRAIN_AGAIN)
    return LabelledFaces(faces, found.astype(np.int64))


def load_network(path: Path) -> Any:
    """The Keras model at ``path``. Raises DataError when it cannot be loaded or would not convert."""
    if not zipfile.is_zipfile(path):
        raise DataError(f"{path} is not a Keras file (.keras is an archive)", _KERAS_LAYERS)
    keras = load_keras()
    try:
        network = keras.saving.load_model(path, compile=False, safe_mode=True)
    except (ValueError, TypeError, KeyError, AttributeError, ImportError, OSError) as error:
        raise DataError(f"{path} does not load as a Keras model ({_first_words(error)})", _KERAS_LAYERS) from error
    if not isinstance(network, keras.Model):
        raise DataError(f"{path} holds a {type(network).__name__}, not a model", _KERAS_LAYERS)
    for layer in network.layers:
        if layer.compute_dtype != "float32":
            # The policy would travel into TFLite, as casts that no accelerator runs.
            raise DataError(f"{path}: layer {layer.name} computes in {layer.compute_dtype}, not float32", _KERAS_LAYERS)
    return network


def require_probabilities(scores: NDArray[np.float32]) -> None:
    """Raises DataError unless scores (n, labels) are probabilities."""
    # Written so that not-a-number fails as well.
    if not (scores.min() >= 0 and np.abs(scores.sum(axis=1) - 1).max() < 1e-3):
        raise DataError(
            "the network's answers are no probabilities", "end it in a softmax and train it to finite weights"
        )


def _check_ends(path: Path, network: Any, spec: InputSpec, labels: int) -> None:
    inputs, outputs = network.input_shape, network.output_shape
    if inputs != (None, spec.height, spec.width, 1):
        raise DataError(
            f"{path} reads {inputs}, and training.json says (None, {spec.height}, {spec.width}, 1)", _TRAIN_AGAIN
        )
    if outputs != (None, labels):
        raise DataError(f"{path} gives {outputs}, and training.json has {labels} labels", _TRAIN_AGAIN)


def _first_words(error: Exception) -> str:
    """The first sentence of a message that may go on for pages."""
    text = " ".join(str(error).split())
    sentence = text.split(". ")[0]
    return sentence if len(sentence) <= 200 else f"{sentence[:200]}…"


def _commas(shape: tuple[int, ...]) -> str:
    return ", ".join(str(size) for size in shape)
