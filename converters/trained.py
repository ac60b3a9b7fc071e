"""What a training leaves: the Keras model and, beside it, faces for calibration and parity and its record."""

import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from converters.framework import load_keras
from device.contract.keras_models import read_keras_model
from device.contract.preprocess import InputSpec
from device.contract.training_record import FILE as RECORD_FILE
from device.contract.training_record import TrainingRecord, read_record
from device.errors import DataError

_TRAIN_AGAIN = "train again with affectd-train, and keep the files of a training together"


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
        raise DataError(f"a Keras model is expected at {path}, and there is none", "name the .keras file of a training")
    record = read_record(path.with_name(RECORD_FILE))
    spec = record.input.spec()
    folder = faces or path.parent
    calibration = read_faces(folder / "calibration.npz", spec, len(record.labels))
    check = read_faces(folder / "check.npz", spec, len(record.labels))
    network = load_network(path)
    _check_ends(path, network, spec, len(record.labels))
    return Trained(network, record, spec, calibration, check)


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
    network = read_keras_model(load_keras(), path)
    for layer in network.layers:
        if layer.compute_dtype != "float32":
            # The policy would travel into TFLite, as casts that no accelerator runs.
            raise DataError(
                f"{path}: layer {layer.name} computes in {layer.compute_dtype}, not float32",
                "train it again with affectd-train fit",
            )
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


def _commas(shape: tuple[int, ...]) -> str:
    return ", ".join(str(size) for size in shape)
