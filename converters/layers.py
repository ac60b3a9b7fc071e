"""Where two conversions of one network part: their tensors compared, operator by operator."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from converters.graph import Graph, Tensor, read_graph
from device.classify.interpreter.native_stderr import captured_stderr
from device.contract.preprocess import InputSpec, to_real
from device.contract.quantize import Quantization, dequantize, quantize
from device.errors import DataError, UnavailableError


@dataclass(frozen=True, slots=True)
class LayerDifference:
    """One operator's output in both networks.

    Attributes:
        name: the tensor's, the same in both.
        error: root mean square of the difference, as a share of that of the reference's values.
        added: by how much ``error`` is above the largest of the operator's inputs: what this operator adds itself.
    """

    name: str
    operator: str
    error: float
    added: float

    @property
    def short_name(self) -> str:
        """The first of the operations that were fused into this one."""
        return self.name.split(";")[0]


def compare_layers(
    reference: bytes, converted: bytes, faces: NDArray[np.uint8], spec: InputSpec
) -> list[LayerDifference]:
    """Run both over ``faces``, uint8 (n, height, width, 1), and compare the tensors that both have, in order.

    Args:
        reference: a flatbuffer, in float32.
        converted: one that was made from the same network.
        faces: some dozens will do.
        spec: the networks' input.

    Raises:
        DataError: they have no tensor in common.
        UnavailableError: LiteRT is not installed, which alone keeps tensors for this.
    """
    first, second = read_graph(reference), read_graph(converted)
    shared = _shared(first, second)
    if not shared:
        raise DataError("the networks have no tensor in common", "compare two conversions of one network")
    noise = dict.fromkeys(shared, 0.0)
    signal = dict.fromkeys(shared, 0.0)
    runs = _Run(reference, first, spec), _Run(converted, second, spec)
    for face in faces:
        for run in runs:
            run.feed(face[np.newaxis])
        for name, (one, other) in shared.items():
            wanted, found = runs[0].read(one), runs[1].read(other)
            noise[name] += float(np.square(found - wanted).sum())
            signal[name] += float(np.square(wanted).sum())
    errors = {name: float(np.sqrt(noise[name] / max(signal[name], 1e-12))) for name in shared}
    return _differences(second, errors)


def worst(differences: Sequence[LayerDifference], count: int) -> list[LayerDifference]:
    """Those that add most."""
    return sorted(differences, key=lambda one: -one.added)[:count]


def _shared(first: Graph, second: Graph) -> dict[str, tuple[Tensor, Tensor]]:
    """Tensors that operators of both compute, by name, where their shapes agree."""
    known = {tensor.name: tensor for tensor in _computed(first)}
    return {
        tensor.name: (known[tensor.name], tensor)
        for tensor in _computed(second)
        if tensor.name in known and known[tensor.name].shape == tensor.shape
    }


def _computed(graph: Graph) -> list[Tensor]:
    return [graph.output(operator) for operator in graph.operators]


def _differences(graph: Graph, errors: dict[str, float]) -> list[LayerDifference]:
    reached: dict[int, float] = {}  # the error that each tensor carries, also those without a counterpart
    found = []
    for operator in graph.operators:
        output = graph.output(operator)
        before = max((reached.get(tensor.index, 0.0) for tensor in graph.computed_inputs(operator)), default=0.0)
        error = errors.get(output.name, before)
        reached[output.index] = error
        if output.name in errors:
            found.append(LayerDifference(output.name, operator.name, error, error - before))
    return found


class _Run:
    """One network that keeps all of its tensors."""

    def __init__(self, flatbuffer: bytes, graph: Graph, spec: InputSpec) -> None:
        try:
            from ai_edge_litert import interpreter
        except ImportError as error:
            raise UnavailableError(f"this needs LiteRT ({error})", "pip install ai-edge-litert") from error
        with captured_stderr():
            # Delegates such as XNNPACK keep what lies between operators to themselves.
            self._native: Any = interpreter.Interpreter(
                model_content=flatbuffer,
                experimental_preserve_all_tensors=True,
                experimental_op_resolver_type=interpreter.OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
            )
            self._native.allocate_tensors()
        self._input = graph.tensors[graph.inputs[0]]
        self._spec = spec

    def feed(self, face: NDArray[np.uint8]) -> None:
        real = to_real(face, self._spec)
        quantization = _quantization(self._input)
        self._native.set_tensor(self._input.index, real if quantization is None else quantize(real, quantization))
        self._native.invoke()

    def read(self, tensor: Tensor) -> NDArray[np.float32]:
        values = self._native.get_tensor(tensor.index)
        quantization = _quantization(tensor)
        real: NDArray[np.float32] = (
            values.astype(np.float32) if quantization is None else dequantize(values, quantization)
        )
        return real


def _quantization(tensor: Tensor) -> Quantization | None:
    if tensor.dtype not in {"INT8", "UINT8"}:
        return None
    return Quantization(tensor.scales[0], tensor.zero_points[0], np.dtype(tensor.dtype.lower()))
