"""What the Edge TPU runs, and what stays on the CPU and why.

The operators and their restrictions are those that Coral documents (https://coral.ai/docs/edgetpu/models-intro/, "Model
requirements" and "Supported operations"). The compiler itself is closed: what it adds to that, nobody but it can say.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from converters.graph import Graph, Operator, Tensor

NEWEST_VERSIONS = {
    "ADD": 3,
    "AVERAGE_POOL_2D": 3,
    "CONCATENATION": 3,
    "CONV_2D": 5,
    "DEPTHWISE_CONV_2D": 6,
    "EXPAND_DIMS": 1,
    "FULLY_CONNECTED": 9,
    "L2_NORMALIZATION": 2,
    "LOGISTIC": 3,
    "MAXIMUM": 4,
    "MAX_POOL_2D": 3,
    "MEAN": 3,
    "MINIMUM": 4,
    "MUL": 4,
    "PACK": 3,
    "PAD": 3,
    "PRELU": 1,
    "QUANTIZE": 2,
    "REDUCE_MAX": 3,
    "REDUCE_MIN": 3,
    "RELU": 3,
    "RELU6": 3,
    "RELU_N1_TO_1": 1,
    "RESHAPE": 1,
    "RESIZE_BILINEAR": 4,
    "RESIZE_NEAREST_NEIGHBOR": 4,
    "RSQRT": 2,
    "SLICE": 5,
    "SOFTMAX": 3,
    "SPACE_TO_DEPTH": 2,
    "SPLIT": 4,
    "SQUARED_DIFFERENCE": 2,
    "SQUEEZE": 2,
    "STRIDED_SLICE": 5,
    "SUB": 5,
    "SUM": 2,
    "TANH": 3,
    "TRANSPOSE": 5,
    "TRANSPOSE_CONV": 3,
    "UNIDIRECTIONAL_SEQUENCE_LSTM": 3,
}
"""The operators that are supported, each with the newest version that compiler 16 can know.

Compiler 16 is of 2021 and goes with a runtime that is built on TensorFlow 2.5 (libedgetpu, ``workspace.bzl``); these
are TFLite's versions up to 2.5.0 (``lite/tools/versioning/runtime_version.cc``).
"""

_BYTES = frozenset({"INT8", "UINT8"})
_SOFTMAX_SIZE = 16_000


@dataclass(frozen=True, slots=True)
class Mapping:
    """Whether one operator runs on the accelerator; ``reason`` says why not, and is empty where it does."""

    operator: Operator
    reason: str = ""

    @property
    def mapped(self) -> bool:
        """Whether nothing that is documented stands against it."""
        return not self.reason


def map_operators(graph: Graph) -> list[Mapping]:
    """For each operator, in order, whether it maps to the Edge TPU as one partition with the others."""
    mappings: list[Mapping] = []
    cut_off: set[int] = set()  # tensors that the CPU has had a hand in after the accelerator began
    blocker = ""
    for operator in graph.operators:
        reason = _why_not(graph, operator)
        if reason and any(one.mapped for one in mappings):
            cut_off.update(operator.outputs)
            blocker = blocker or operator.name
        elif not reason and cut_off.intersection(operator.inputs):
            reason = f"comes after {blocker}, which stays on the CPU, and the compiler makes one partition only"
            cut_off.update(operator.outputs)
        mappings.append(Mapping(operator, reason))
    return mappings


def _why_not(graph: Graph, operator: Operator) -> str:
    newest = NEWEST_VERSIONS.get(operator.name)
    if newest is None:
        return "is not among the operators that the Edge TPU supports"
    if operator.version > newest:
        return f"has version {operator.version}, and compiler 16 knows up to {newest}"
    tensors = [*graph.computed_inputs(operator), *(graph.tensors[index] for index in operator.outputs)]
    for tensor in tensors:
        if reason := _why_not_tensor(tensor):
            return reason
    check = _RESTRICTIONS.get(operator.name)
    return check(graph, operator) if check else ""


def _why_not_tensor(tensor: Tensor) -> str:
    if tensor.dtype not in _BYTES:
        return f"works on {tensor.dtype.lower()}, not on 8-bit integers"
    if not tensor.static:
        return "has a shape that is not known beforehand"
    if any(size > 1 for size in tensor.shape[:-3]):
        return f"has more than three dimensions above one: {tensor.shape}"
    return ""


def _constant_parameters(graph: Graph, operator: Operator) -> str:
    parameters = [graph.input(operator, place) for place in (1, 2)]
    if any(tensor is not None and not tensor.constant for tensor in parameters):
        return "has weights or a bias that are computed, not constant"
    if operator.options.get("dilationWFactor", 1) != operator.options.get("dilationHFactor", 1):
        return "has another dilation in x than in y"
    return ""


def _fully_connected(graph: Graph, operator: Operator) -> str:
    if reason := _constant_parameters(graph, operator):
        return reason
    weights = graph.input(operator, 1)
    if operator.options.get("weightsFormat"):
        return "has shuffled weights, not the default format"
    if weights is not None and len(weights.scales) > 1:
        return "is quantised per channel, which compiler 16 does not know of dense layers"
    if sum(size > 1 for size in graph.output(operator).shape) > 1:
        return f"gives {graph.output(operator).shape}, and a one-dimensional output is supported"
    return ""


def _no_fused_activation(_: Graph, operator: Operator) -> str:
    return "has a fused activation" if operator.options.get("fusedActivationFunction") else ""


def _concatenation(graph: Graph, operator: Operator) -> str:
    constants = [graph.tensors[index] for index in operator.inputs if graph.tensors[index].constant]
    if constants and (len(operator.inputs) != 2 or any(np.any(tensor.values()) for tensor in constants)):
        return "takes a constant other than one tensor of zeros beside one input"
    return _no_fused_activation(graph, operator)


def _softmax(graph: Graph, operator: Operator) -> str:
    shape = graph.output(operator).shape
    if sum(size > 1 for size in shape) > 1 or max(shape) > _SOFTMAX_SIZE:
        return f"is over {shape}, and one dimension of up to {_SOFTMAX_SIZE} is supported"
    return ""


def _leaves_batch_alone(graph: Graph, operator: Operator) -> str:
    axes = graph.input(operator, 1)
    if axes is None or not axes.constant:
        return "has axes that are computed, not constant"
    source = next(graph.computed_inputs(operator))
    rank = len(source.shape)
    reduced = {int(axis) % rank for axis in axes.values().reshape(-1)}
    if 0 in reduced:
        return "reduces the batch dimension"
    if operator.name == "MEAN" and rank - 1 in reduced and source.shape[-1] % 4:
        return f"averages over {source.shape[-1]} channels, and a multiple of 4 is supported"
    return ""


def _pad(graph: Graph, operator: Operator) -> str:
    padding = graph.input(operator, 1)
    if padding is None or not padding.constant:
        return "has paddings that are computed, not constant"
    return "pads the batch dimension" if np.any(padding.values()[0]) else ""


def _prelu(graph: Graph, operator: Operator) -> str:
    alpha = graph.input(operator, 1)
    if alpha is not None and any(size > 1 for size in alpha.shape[:-1]):
        return f"has slopes {alpha.shape}, and one per channel is supported (shared_axes=[1, 2])"
    return ""


def _not_along_batch(_: Graph, operator: Operator) -> str:
    return "works along the batch dimension" if operator.options.get("axis") == 0 else ""


def _split(graph: Graph, operator: Operator) -> str:
    axis = graph.input(operator, 0)
    return "splits the batch dimension" if axis is not None and axis.constant and not axis.values().any() else ""


def _strided_slice(graph: Graph, operator: Operator) -> str:
    strides = graph.input(operator, 3)
    if strides is None or not strides.constant or np.any(strides.values() != 1):
        return "has strides other than 1"
    masked = operator.options.get("ellipsisMask") or operator.options.get("newAxisMask")
    return "has an ellipsis or a new axis" if masked else ""


_RESTRICTIONS: dict[str, Callable[[Graph, Operator], str]] = {
    "AVERAGE_POOL_2D": _no_fused_activation,
    "CONCATENATION": _concatenation,
    "CONV_2D": _constant_parameters,
    "DEPTHWISE_CONV_2D": _constant_parameters,
    "FULLY_CONNECTED": _fully_connected,
    "MAX_POOL_2D": _no_fused_activation,
    "MEAN": _leaves_batch_alone,
    "PACK": _not_along_batch,
    "PAD": _pad,
    "PRELU": _prelu,
    "REDUCE_MAX": _leaves_batch_alone,
    "REDUCE_MIN": _leaves_batch_alone,
    "SOFTMAX": _softmax,
    "SPLIT": _split,
    "STRIDED_SLICE": _strided_slice,
    "SUM": _leaves_batch_alone,
}
