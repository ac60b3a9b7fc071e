"""Networks of other people, TFLite, ONNX or Keras, as one thing: grey faces in, probabilities out.

The device itself runs none of them: they are measured, compared and converted on a PC. Keras is the caller's to bring.
"""

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from device.classify.interpreter import RUNTIMES, module_name
from device.classify.interpreter.native_stderr import captured_stderr
from device.contract.described import DescribedInput, ModelDescription
from device.contract.keras_models import KERAS_SUFFIXES, read_keras_model
from device.contract.preprocess import to_real
from device.contract.quantize import Quantization, dequantize, quantize
from device.errors import DataError, UnavailableError

SUFFIXES = (*KERAS_SUFFIXES, ".tflite", ".onnx")
_BATCH = 128

Answer = Callable[[NDArray[np.uint8]], NDArray[np.float32]]
Run = Callable[[NDArray[np.float32]], NDArray[np.float32]]


@dataclass(frozen=True, slots=True, eq=False)
class ForeignNetwork:
    """A network that says nothing of labels or pixels.

    Attributes:
        shape: of one picture; 0 for a size that may be any.
        outputs: how many scores it gives; 0 where that is not known before it is run.
        ends_in_softmax: whether it does, None where that cannot be told.
        integer_range: the values that its lowest and highest input byte stand for; None where it reads floats.
        run: real values float32 (n, *shape) to scores float32 (n, outputs).
    """

    shape: tuple[int, ...]
    outputs: int
    ends_in_softmax: bool | None
    integer_range: tuple[float, float] | None
    run: Run

    @property
    def quantised(self) -> bool:
        """Whether it reads 8 bits."""
        return self.integer_range is not None


def open_foreign(path: Path, load_keras: Callable[[], Any], threads: int = 1) -> ForeignNetwork:
    """Open the file at ``path``; ``load_keras`` gives the module where one is needed.

    Raises:
        DataError: it is none of ``SUFFIXES``, or cannot be read.
        UnavailableError: the package that runs it is missing.
    """
    if not path.is_file():
        raise DataError(f"a model is expected at {path}, and there is none")
    if path.suffix == ".tflite":
        return _open_tflite(path, threads)
    if path.suffix == ".onnx":
        return _open_onnx(path, threads)
    if path.suffix in KERAS_SUFFIXES:
        return of_keras(read_keras_model(load_keras(), path))
    raise DataError(f"{path} is none of {', '.join(SUFFIXES)}", remedy_for(path))


def answers_of(network: ForeignNetwork, description: ModelDescription, path: Path) -> Answer:
    """Probabilities float32 (n, labels) for uint8 (n, height, width, 1), by what is said of the network.

    Raises:
        DataError: what is said does not fit it.
    """
    wanted = description.input.shape
    if len(network.shape) != 3 or any(
        known not in (0, size) for known, size in zip(network.shape, wanted, strict=True)
    ):
        raise DataError(f"{path} reads {network.shape}, and its description says {wanted}", "correct the description")
    if network.outputs not in (0, len(description.labels)):
        raise DataError(f"{path} gives {network.outputs} scores, and {len(description.labels)} labels are described")

    def answer(faces: NDArray[np.uint8]) -> NDArray[np.float32]:
        scores = network.run(_arranged(faces, description.input))
        if scores.shape != (len(faces), len(description.labels)):
            raise DataError(f"{path} gives {scores.shape} for {len(faces)} faces of {len(description.labels)} labels")
        return _softmax(scores) if description.output == "logits" else scores

    return answer


def _arranged(faces: NDArray[np.uint8], described: DescribedInput) -> NDArray[np.float32]:
    real = to_real(faces, described.spec())
    if described.colour != "grey":
        real = np.repeat(real, 3, axis=3)  # grey is the same in all three, whatever their order
    return np.ascontiguousarray(real.transpose(0, 3, 1, 2)) if described.layout == "nchw" else real


def _softmax(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    weights = np.exp(logits - logits.max(axis=1, keepdims=True))
    shares: NDArray[np.float32] = weights / weights.sum(axis=1, keepdims=True)
    return shares


def of_keras(network: Any) -> ForeignNetwork:
    """A Keras model that is open already."""

    def run(real: NDArray[np.float32]) -> NDArray[np.float32]:
        scores: NDArray[np.float32] = network.predict(real, batch_size=_BATCH, verbose=0)
        return scores

    last = network.layers[-1]
    activation = getattr(getattr(last, "activation", None), "__name__", "")
    softmax = type(last).__name__ == "Softmax" or activation == "softmax"
    shape = tuple(size or 0 for size in network.input_shape[1:])
    return ForeignNetwork(shape, int(network.output_shape[-1] or 0), softmax, None, run)


def _open_onnx(path: Path, threads: int) -> ForeignNetwork:
    try:
        onnxruntime = importlib.import_module("onnxruntime")
    except ImportError as error:
        raise UnavailableError(
            f"ONNX needs the package onnxruntime ({error})", "pip install 'affectd[onnx]'"
        ) from error
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.log_severity_level = threads, 3
    try:
        session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:
        raise DataError(f"onnxruntime does not open {path} ({_short(error)})", "export it again") from error
    (taken, *others), (given, *_) = session.get_inputs(), session.get_outputs()
    if others or taken.type != "tensor(float)":
        raise DataError(f"{path} reads {taken.type} and {len(others)} more inputs, and one of floats is expected")
    shape = tuple(size if isinstance(size, int) else 0 for size in taken.shape[1:])
    outputs = given.shape[-1] if isinstance(given.shape[-1], int) else 0
    single = taken.shape[0] == 1

    def run(real: NDArray[np.float32]) -> NDArray[np.float32]:
        step = 1 if single else _BATCH
        parts = [session.run(None, {taken.name: real[row : row + step]})[0] for row in range(0, len(real), step)]
        scores: NDArray[np.float32] = np.concatenate(parts).reshape(len(real), -1)
        return scores

    return ForeignNetwork(shape, outputs, None, None, run)


def _open_tflite(path: Path, threads: int) -> ForeignNetwork:
    native = _tflite_interpreter(path, threads)
    taken, given = native.get_input_details()[0], native.get_output_details()[0]
    ends = [_quantization(one) for one in (taken, given)]

    def run(real: NDArray[np.float32]) -> NDArray[np.float32]:
        rows = []
        for row in range(len(real)):
            native.set_tensor(
                taken["index"], real[row : row + 1] if ends[0] is None else quantize(real[row : row + 1], ends[0])
            )
            native.invoke()
            found = native.get_tensor(given["index"]).reshape(-1)
            rows.append(found.astype(np.float32) if ends[1] is None else dequantize(found, ends[1]))
        return np.stack(rows)

    lowest_and_highest = None
    if ends[0] is not None:
        limits = np.iinfo(ends[0].dtype)
        low, high = ((level - ends[0].zero_point) * ends[0].scale for level in (limits.min, limits.max))
        lowest_and_highest = (float(low), float(high))
    shape = tuple(int(size) for size in taken["shape"][1:])
    softmax = None if ends[1] is None else bool(abs(ends[1].scale - 1 / 256) < 1e-6)
    return ForeignNetwork(shape, int(given["shape"][-1]), softmax, lowest_and_highest, run)


def _tflite_interpreter(path: Path, threads: int) -> Any:
    for distribution in RUNTIMES:
        try:
            with captured_stderr():
                module = importlib.import_module(f"{module_name(distribution)}.interpreter")
        except ImportError:
            continue
        try:
            with captured_stderr():
                native = module.Interpreter(model_content=path.read_bytes(), num_threads=threads)
                native.allocate_tensors()
        except (ValueError, RuntimeError) as error:
            raise DataError(f"no TFLite runtime opens {path} ({_short(error)})", "convert it again") from error
        return native
    raise UnavailableError("no TFLite runtime is installed", "pip install ai-edge-litert")


def _quantization(details: Any) -> Quantization | None:
    dtype = np.dtype(details["dtype"])
    if dtype == np.float32:
        return None
    scale, zero_point = details["quantization"]
    return Quantization(float(scale), int(zero_point), dtype)


def remedy_for(path: Path) -> str:
    """What to do with a file of a kind that is not read here."""
    if path.suffix in (".pt", ".pth", ".pkl", ".ckpt", ".safetensors"):
        return "export it as ONNX where it was trained: torch.onnx.export"
    if path.suffix == ".pb":
        return "convert the SavedModel to TFLite: tf.lite.TFLiteConverter.from_saved_model"
    return "name a file that ends so"


def _short(error: Exception) -> str:
    return " ".join(str(error).split())[:200]
