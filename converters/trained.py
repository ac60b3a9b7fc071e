"""What a training leaves: the Keras model and, beside it, faces for calibration and parity and its record."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from converters.framework import load_keras
from device.classify.interpreter.foreign import SUFFIXES, remedy_for
from device.contract.arrays import read_arrays
from device.contract.described import description_of
from device.contract.keras_models import KERAS_SUFFIXES, read_keras_model
from device.contract.labels import label_of
from device.contract.preprocess import InputSpec, resize
from device.contract.training_record import FILE as RECORD_FILE
from device.contract.training_record import RecordedInput, TrainingRecord, model_in, read_record
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


def keras_file(path: Path) -> Path:
    """The Keras model where ``path`` is one, or the folder of a training.

    Raises:
        DataError: there is none, or a model of another kind.
    """
    file = model_in(path)
    if not file.is_file():
        raise DataError(f"a Keras model is expected at {file}, and there is none", "name the .keras file of a training")
    if file.suffix not in KERAS_SUFFIXES:
        kinds = {".tflite": "is converted already", ".onnx": "is ONNX, which other programs convert"}
        raise DataError(
            f"a Keras model is expected, and {file} {kinds.get(file.suffix, 'is none')}",
            "name the .keras file of a training" if file.suffix in SUFFIXES else remedy_for(file),
        )
    return file


def load_trained(path: Path, faces: Path | None = None) -> Trained:
    """Read the Keras model at ``path``, its record beside it, and the faces there or in the folder ``faces``.

    Raises:
        DataError: one of them is missing, is something else, or does not fit the others.
        UnavailableError: Keras or TensorFlow is not installed.
    """
    path = keras_file(path)
    if not path.with_name(RECORD_FILE).is_file():
        raise DataError(
            f"{path} has no {RECORD_FILE} beside it",
            "keep the files of a training together; somebody else's model wants --describe YAML and --data FACES.npz",
        )
    record = read_record(path.with_name(RECORD_FILE))
    spec = record.input.spec()
    folder = faces or path.parent
    calibration = read_faces(folder / "calibration.npz", spec, len(record.labels))
    check = read_faces(folder / "check.npz", spec, len(record.labels))
    network = load_network(path)
    _check_ends(path, network, spec, len(record.labels))
    return Trained(network, record, spec, calibration, check)


def load_described(path: Path, given: Path, data: Path) -> Trained:
    """Somebody else's Keras model, by the description at ``given``, with faces of ``affectd-train data convert``.

    Args:
        path: the model, .keras or .h5.
        given: its description.
        data: an .npz, of which every other face calibrates, or a folder with calibration.npz and check.npz.

    Raises:
        DataError: one of them is missing, is something else, or the network is none that a device could run.
    """
    path = keras_file(path)
    described = description_of(path, given)
    assert described is not None  # noqa: S101 (a file was given)
    if (described.input.colour, described.input.layout) != ("grey", "nhwc"):
        raise DataError(
            f"{path} reads {described.input.colour} in {described.input.layout}, and devices feed grey faces"
        )
    spec, labels = described.input.spec(), described.labels
    network = load_network(path)
    if described.output == "logits":
        keras = load_keras()
        network = keras.Model(network.inputs, keras.layers.Softmax()(network.outputs[0]))
    _check_ends(path, network, spec, len(labels))
    if data.is_dir():
        calibration, check = (read_any_faces(data / name, spec, labels) for name in ("calibration.npz", "check.npz"))
    else:
        whole = read_any_faces(data, spec, labels)
        calibration, check = (LabelledFaces(whole.faces[at::2], whole.labels[at::2]) for at in (0, 1))
        if not len(check.faces):
            raise DataError(f"{data} has one face, and some are to calibrate on and others to compare on")
    record = TrainingRecord(name=described.name, labels=labels, input=RecordedInput.of(spec))
    return Trained(network, record, spec, calibration, check)


def read_any_faces(path: Path, spec: InputSpec, labels: tuple[str, ...]) -> LabelledFaces:
    """Faces of any size, resized as the device does; labels by the names in the file, where it has them.

    A face whose label is none of ``labels`` gets -1. Raises DataError as ``read_faces``.
    """
    faces, found, names = _read_arrays(path, "affectd-train data convert DATA FACES.npz writes such a file")
    if faces.dtype != np.uint8 or faces.ndim != 4 or faces.shape[-1] != 1 or not len(faces):
        raise DataError(f"{path}: faces are uint8 (n, height, width, 1), not {faces.dtype} {faces.shape}")
    if found.shape != faces.shape[:1] or not np.issubdtype(found.dtype, np.integer):
        raise DataError(f"{path}: labels are whole numbers ({len(faces)},), not {found.dtype} {found.shape}")
    known = names or labels
    if found.max(initial=-1) >= len(known):
        raise DataError(f"{path}: label {found.max()} is beyond the {len(known)} labels that are known")
    table = np.array([*(label_of(name, labels) for name in known), -1], np.int64)  # the last is for no label
    sized = (
        faces if faces.shape[1:3] == (spec.height, spec.width) else np.stack([resize(f[..., 0], spec) for f in faces])
    )
    return LabelledFaces(sized, table[np.maximum(found, -1)])


def read_faces(path: Path, spec: InputSpec, labels: int) -> LabelledFaces:
    """Faces and labels of an ``.npz``. Raises DataError when it is missing, something else, or of another size."""
    faces, found, _ = _read_arrays(path)
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


def _read_arrays(path: Path, remedy: str = _TRAIN_AGAIN) -> tuple[NDArray[Any], NDArray[Any], tuple[str, ...]]:
    """Faces, labels, and the labels' names where the file has them; ``remedy`` is for a file that cannot be used."""
    try:
        arrays = read_arrays(path)
        names = tuple(map(str, arrays["label_names"])) if "label_names" in arrays else ()
        return arrays["faces"], arrays["labels"], names
    except FileNotFoundError as error:
        raise DataError(f"{path} is expected, and is not there", remedy) from error
    except KeyError as error:
        raise DataError(f"{path} lacks an array: faces and labels are expected ({error})", remedy) from error
    except (ValueError, TypeError) as error:
        raise DataError(f"{path} is not an .npz archive of arrays ({error})", remedy) from error


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
