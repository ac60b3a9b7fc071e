"""TFLite's interpreters behind one type: pixels in, real scores out; on the CPU, or on an Edge TPU.

LiteRT (``ai-edge-litert``) is tried first, then its predecessor ``tflite-runtime``, which 32-bit Arm still needs.
"""

import importlib
import importlib.metadata
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from device.classify.interpreter.edgetpu import EdgeTpu
from device.classify.interpreter.native_stderr import captured_stderr
from device.contract.preprocess import InputSpec, to_real
from device.contract.quantize import Quantization, dequantize, quantize
from device.errors import AffectdError, ModelError, RecordError, UnavailableError

RUNTIMES = ("ai-edge-litert", "tflite-runtime")
"""Distributions that bring an interpreter, the preferred one first."""

INSTALL_RUNTIME = "pip install ai-edge-litert, or tflite-runtime together with 'numpy<2'"


class NativeInterpreter(Protocol):
    """What is used of ``tflite_runtime.interpreter.Interpreter`` and of LiteRT's."""

    def allocate_tensors(self) -> None: ...  # noqa: D102
    def get_input_details(self) -> list[Mapping[str, Any]]: ...  # noqa: D102
    def get_output_details(self) -> list[Mapping[str, Any]]: ...  # noqa: D102
    def set_tensor(self, tensor_index: int, value: NDArray[Any]) -> None: ...  # noqa: D102
    def get_tensor(self, tensor_index: int) -> NDArray[Any]: ...  # noqa: D102
    def invoke(self) -> None: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class _Tensor:
    """One end of the network; ``quantization`` is None where it is float32."""

    index: int
    shape: tuple[int, ...]
    quantization: Quantization | None

    @classmethod
    def of(cls, details: Mapping[str, Any]) -> "_Tensor":
        dtype = np.dtype(details["dtype"])
        index, shape = int(details["index"]), tuple(int(size) for size in details["shape"])
        if dtype == np.float32:
            return cls(index, shape, None)
        scale, zero_point = details["quantization"]
        try:
            return cls(index, shape, Quantization(float(scale), int(zero_point), dtype))
        except RecordError as error:
            raise ModelError(f"the network's tensor {details['name']} cannot be used: {error}") from error


class TfliteInterpreter:
    """One network, ready to run; not to be shared between threads.

    Args:
        native: a built interpreter.
        runtime: the distribution it comes from and its version.
        spec: the input that the network was trained for.

    Attributes:
        runtime: as given.
        outputs: how many scores the network gives.
        quantised: whether it computes in 8 bits.

    Raises:
        ModelError: the network is not one of a single grey picture in and a single row of scores out.
    """

    def __init__(self, native: NativeInterpreter, runtime: str, spec: InputSpec) -> None:
        native.allocate_tensors()
        inputs = [_Tensor.of(details) for details in native.get_input_details()]
        outputs = [_Tensor.of(details) for details in native.get_output_details()]
        shape = (1, spec.height, spec.width, 1)
        if [tensor.shape for tensor in inputs] != [shape]:
            raise ModelError(f"the network reads {_shapes(inputs)}, and its card says {shape}")
        if len(outputs) != 1 or len(outputs[0].shape) != 2 or outputs[0].shape[0] != 1:
            raise ModelError(f"the network gives {_shapes(outputs)}, and one row of scores is expected")
        self.runtime = runtime
        self.outputs = outputs[0].shape[1]
        self.quantised = outputs[0].quantization is not None
        self._native = native
        self._input, self._output = inputs[0], outputs[0]
        self._encoding = _encoding(self._input.quantization, spec)

    def run(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Scores float32 (n, labels) for crops uint8 (n, height, width, 1), one by one.

        Raises:
            ModelError: the runtime gives up in the middle, as over a network whose file was tampered with.
        """
        if pixels.dtype != np.uint8 or pixels.shape[1:] != self._input.shape[1:]:
            raise RecordError(f"crops are uint8 (n, {self._input.shape[1:]}), not {pixels.dtype} {pixels.shape}")
        scores = np.empty((len(pixels), self.outputs), np.float32)
        for row in range(len(pixels)):
            crop = pixels[row : row + 1]
            encoded = crop if self._encoding is None else self._encoding[crop]
            self._native.set_tensor(self._input.index, encoded)
            try:
                self._native.invoke()
            except RuntimeError as error:
                raise ModelError(f"the network fails while it runs ({error})", "convert it again") from error
            answer = self._native.get_tensor(self._output.index)[0]
            quantization = self._output.quantization
            scores[row] = answer if quantization is None else dequantize(answer, quantization)
        return scores


def open_interpreter(
    flatbuffer: bytes,
    spec: InputSpec,
    threads: int = 1,
    *,
    edgetpu: EdgeTpu | None = None,
    runtimes: tuple[str, ...] = RUNTIMES,
) -> TfliteInterpreter:
    """Build an interpreter with the first runtime that can.

    Each is tried by building one: tflite-runtime's import succeeds where NumPy 2 makes its constructor fail.

    Args:
        flatbuffer: the network; verified, since the native code trusts it.
        spec: the input that it was trained for.
        threads: how many an operator may use.
        edgetpu: the accelerator that the network was compiled for; None for the CPU.
        runtimes: those that may be taken, the preferred one first.

    Raises:
        UnavailableError: no runtime is installed that works.
        AcceleratorError: the Edge TPU, its library or the permission to use it is missing.
        ModelError: no runtime can open this network, or it does not fit ``spec``.
    """
    failures = []
    refused = False
    for distribution in runtimes:
        try:
            module = _load(distribution)
        except ImportError:
            failures.append(f"{distribution} is not installed")
            continue
        except Exception as error:  # noqa: BLE001 a broken binary raises whatever it likes
            failures.append(f"{distribution} does not start ({error})")
            continue
        try:
            options = {"model_content": flatbuffer, "num_threads": threads}
            return _build(module, distribution, spec, edgetpu, options)
        except AffectdError:
            raise
        except Exception as error:  # noqa: BLE001 SystemError, for one, when NumPy's ABI is another
            refused = refused or isinstance(error, MemoryError | RuntimeError | ValueError)
            why = "out of memory" if isinstance(error, MemoryError) else error.__cause__ or error
            failures.append(f"{distribution} {importlib.metadata.version(distribution)} fails ({why})")
    reason = f"no TFLite runtime opens the network: {'; '.join(failures)}"
    if refused:
        raise ModelError(reason, "update the runtime, or convert the model again")
    raise UnavailableError(reason, INSTALL_RUNTIME)


def module_name(distribution: str) -> str:
    """The package that a runtime's distribution brings."""
    return distribution.replace("-", "_")


def _load(distribution: str) -> Any:
    with captured_stderr():
        return importlib.import_module(f"{module_name(distribution)}.interpreter")


def _build(
    module: Any, distribution: str, spec: InputSpec, edgetpu: EdgeTpu | None, options: dict[str, Any]
) -> TfliteInterpreter:
    runtime = f"{distribution} {importlib.metadata.version(distribution)}"
    with captured_stderr() as captured:
        if edgetpu is not None:
            options |= {"experimental_delegates": [edgetpu.load(module.load_delegate)]}
            runtime += f" on the Edge TPU by {edgetpu.library}"
        interpreter = TfliteInterpreter(module.Interpreter(**options), runtime, spec)
    # What is left on failure is in the exception; "Created XNNPACK delegate" on success is no news to anyone.
    news = [line for line in captured.text.splitlines(keepends=True) if not line.startswith("INFO:")]
    sys.stderr.writelines(news)
    return interpreter


def _encoding(quantization: Quantization | None, spec: InputSpec) -> NDArray[Any] | None:
    """What the network is given for each of the 256 grey levels; None where that is the level itself."""
    levels = np.arange(256, dtype=np.uint8)
    real = to_real(levels, spec)
    if quantization is None:
        return real
    encoding = quantize(real, quantization)
    return None if encoding.dtype == np.uint8 and np.array_equal(encoding, levels) else encoding


def _shapes(tensors: list[_Tensor]) -> str:
    return " and ".join(str(tensor.shape) for tensor in tensors) or "nothing"
