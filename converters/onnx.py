"""The network as ONNX, for users of other runtimes."""

import importlib
import json
import tempfile
import warnings
from pathlib import Path
from typing import Any

from converters.framework import load_keras
from device.classify.interpreter.native_stderr import captured_stderr
from device.contract.preprocess import InputSpec
from device.errors import AffectdError, DataError, UnavailableError

_INSTALL = "pip install 'affectd[onnx]'"


def to_onnx(network: Any, spec: InputSpec, labels: tuple[str, ...]) -> bytes:
    """Export a Keras model: float32 (n, height, width, 1) of real values in, probabilities (n, labels) out.

    What a user must know of it stands in the file's metadata: labels, range and crop margin, as JSON.

    Raises:
        UnavailableError: a package is missing.
        DataError: Keras cannot export it.
    """
    onnx = _load("onnx")
    _load("tf2onnx")
    keras = load_keras()
    signature = [keras.InputSpec(shape=(None, spec.height, spec.width, 1), dtype="float32", name="face")]
    try:
        with (
            tempfile.TemporaryDirectory(prefix="affectd-") as folder,
            warnings.catch_warnings(action="ignore"),
            captured_stderr(),
        ):
            path = Path(folder) / "network.onnx"
            network.export(str(path), format="onnx", verbose=False, input_signature=signature)
            model = onnx.load(str(path))
            for name, value in _metadata(spec, labels).items():
                model.metadata_props.add(key=name, value=json.dumps(value))
            onnx.checker.check_model(model)
    except (AffectdError, OSError):
        raise
    except Exception as error:
        first = " ".join(str(error).split())[:200]
        raise DataError(f"Keras cannot export the network as ONNX ({first})", "use simpler layers") from error
    return bytes(model.SerializeToString())


def open_session(data: bytes, threads: int = 1) -> Any:
    """A session of onnxruntime on the CPU. Raises DataError when ``data`` is no ONNX, UnavailableError without it."""
    onnxruntime = _load("onnxruntime")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    except Exception as error:
        first = " ".join(str(error).split())[:200]
        raise DataError(f"onnxruntime does not open the file ({first})", "export it again") from error


def _metadata(spec: InputSpec, labels: tuple[str, ...]) -> dict[str, Any]:
    return {
        "labels": list(labels),
        "real_range": list(spec.real_range),
        "crop_margin": spec.crop_margin,
        "colour": "grey",
    }


def _load(name: str) -> Any:
    try:
        with warnings.catch_warnings(action="ignore"):
            return importlib.import_module(name)
    except ImportError as error:
        raise UnavailableError(f"ONNX needs the package {name} ({error})", _INSTALL) from error
