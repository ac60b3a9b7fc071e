"""A flatbuffer's network as records: tensors, and the operators between them in the order in which they run.

It is read with the classes that Google generates from TFLite's schema, in Python, so that a file can be looked at that
no interpreter should open.
"""

import functools
import importlib
import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from device.errors import DataError, UnavailableError

_SCHEMAS = ("ai_edge_litert.schema_py_generated", "tensorflow.lite.python.schema_py_generated")
_NUMPY_TYPES = {
    "FLOAT32": np.float32,
    "FLOAT16": np.float16,
    "INT32": np.int32,
    "UINT8": np.uint8,
    "INT8": np.int8,
    "INT16": np.int16,
    "INT64": np.int64,
    "BOOL": np.bool_,
}
_SIZES = {name: np.dtype(numpy_type).itemsize for name, numpy_type in _NUMPY_TYPES.items()}


@dataclass(frozen=True, slots=True)
class Tensor:
    """One tensor.

    Attributes:
        shape: with 1 for a size that is not known beforehand.
        dtype: by TFLite's name, as ``INT8``.
        scales, zero_points: none where it is not quantised, one, or one per channel.
        data: a constant's bytes; empty for what is computed.
        static: whether its shape is known beforehand.
    """

    index: int
    name: str
    shape: tuple[int, ...]
    dtype: str
    scales: tuple[float, ...] = ()
    zero_points: tuple[int, ...] = ()
    data: bytes = field(default=b"", repr=False)
    static: bool = True

    @property
    def constant(self) -> bool:
        """Whether its values stand in the file."""
        return bool(self.data)

    @property
    def size_bytes(self) -> int:
        """What it takes in memory."""
        return math.prod(self.shape) * _SIZES.get(self.dtype, 4)

    def values(self) -> NDArray[Any]:
        """A constant's values in its shape."""
        return np.frombuffer(self.data, _NUMPY_TYPES[self.dtype]).reshape(self.shape)


@dataclass(frozen=True, slots=True)
class Operator:
    """One step: ``name`` and ``version`` by TFLite's schema; ``inputs`` and ``outputs`` are tensors' indices."""

    name: str
    version: int
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    options: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Graph:
    """A network; ``subgraphs`` counts all that the file holds, of which the first is meant here."""

    tensors: tuple[Tensor, ...]
    operators: tuple[Operator, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    subgraphs: int = 1

    def input(self, operator: Operator, place: int) -> Tensor | None:
        """The tensor at one place of an operator's inputs; None where the operator does without."""
        if place >= len(operator.inputs) or operator.inputs[place] < 0:
            return None
        return self.tensors[operator.inputs[place]]

    def computed_inputs(self, operator: Operator) -> Iterator[Tensor]:
        """An operator's inputs that are no constants."""
        for index in operator.inputs:
            if index >= 0 and not self.tensors[index].constant:
                yield self.tensors[index]

    def output(self, operator: Operator) -> Tensor:
        """An operator's first output."""
        return self.tensors[operator.outputs[0]]


@functools.cache
def load_schema() -> Any:
    """The module of TFLite's schema. Raises UnavailableError when no package brings it."""
    for name in _SCHEMAS:
        try:
            return importlib.import_module(name)
        except ImportError:
            continue
    raise UnavailableError("no package brings TFLite's schema", "pip install ai-edge-litert")


def read_graph(flatbuffer: bytes) -> Graph:
    """Read the network of a flatbuffer. Raises DataError when it is none, or has no operator."""
    schema = load_schema()
    try:
        graph = _read(schema, flatbuffer)
    except Exception as error:  # what damaged offsets lead to is anybody's guess
        raise DataError(f"the file is not a flatbuffer of TFLite ({error})", "convert the model again") from error
    if not graph.operators:
        raise DataError("the network has no operators", "convert the model again")
    return graph


def count_operators(graph: Graph) -> dict[str, int]:
    """How often each of TFLite's operators stands in the network, by name, in the order of the first use."""
    return dict(Counter(operator.name for operator in graph.operators))


def graph_multiply_adds(graph: Graph) -> int:
    """Multiply-adds of a converted network for one face: of its convolutions and dense layers."""
    total = 0
    for operator in graph.operators:
        kernel, output = graph.input(operator, 1), graph.output(operator)
        if kernel is None:
            continue
        if operator.name in {"CONV_2D", "DEPTHWISE_CONV_2D"}:
            total += math.prod(kernel.shape) * math.prod(output.shape[1:3])
        elif operator.name == "FULLY_CONNECTED":
            # The kernel is (outputs, inputs); the output has a row for each place.
            total += math.prod(kernel.shape) * (math.prod(output.shape) // kernel.shape[0])
    return total


def _read(schema: Any, flatbuffer: bytes) -> Graph:
    model = schema.ModelT.InitFromPackedBuf(flatbuffer, 0)
    tensor_types, operator_names = _names(schema.TensorType), _names(schema.BuiltinOperator)
    main = model.subgraphs[0]
    tensors = tuple(
        _tensor(index, tensor, tensor_types, model.buffers[tensor.buffer].data)
        for index, tensor in enumerate(main.tensors)
    )
    operators = tuple(
        _operator(operator, model.operatorCodes[operator.opcodeIndex], operator_names) for operator in main.operators
    )
    for operator in operators:
        for index in (*operator.inputs, *operator.outputs):
            if index >= len(tensors):
                raise IndexError(f"operator {operator.name} names tensor {index} of {len(tensors)}")
    return Graph(tensors, operators, _whole(main.inputs), _whole(main.outputs), len(model.subgraphs))


def _names(enumeration: Any) -> dict[int, str]:
    return {code: name for name, code in vars(enumeration).items() if isinstance(code, int)}


def _tensor(index: int, tensor: Any, types: dict[int, str], data: Any) -> Tensor:
    quantization = tensor.quantization
    signature = () if tensor.shapeSignature is None else tensor.shapeSignature
    return Tensor(
        index=index,
        name=(tensor.name or b"").decode("utf-8", "replace"),
        shape=_whole(tensor.shape),
        dtype=types[tensor.type],
        scales=() if quantization is None or quantization.scale is None else tuple(map(float, quantization.scale)),
        zero_points=() if quantization is None else _whole(quantization.zeroPoint),
        data=b"" if data is None else bytes(data),
        static=all(size >= 0 for size in signature),
    )


def _operator(operator: Any, code: Any, names: dict[int, str]) -> Operator:
    # Codes above 127 stand in the newer of two fields, the others in both or in the older one alone.
    name = names[max(code.builtinCode, code.deprecatedBuiltinCode)]
    if name == "CUSTOM" and code.customCode:
        name = code.customCode.decode("utf-8", "replace")
    options = {} if operator.builtinOptions is None else dict(vars(operator.builtinOptions))
    return Operator(name, int(code.version), _whole(operator.inputs), _whole(operator.outputs), options)


def _whole(values: Any) -> tuple[int, ...]:
    return () if values is None else tuple(int(value) for value in values)
