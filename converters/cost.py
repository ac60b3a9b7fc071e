"""What a network costs to run."""

from typing import Any

from converters.graph import Graph
from device.errors import DataError

_FREE = frozenset({"BatchNormalization", "LayerNormalization", "Normalization", "PReLU"})


def multiply_adds(network: Any) -> int:
    """Multiply-adds of a Keras model for one face: of convolutions and dense layers, as papers count them.

    Normalisation is folded into the convolutions; sums, pooling and activations are left out. A layer counts once.

    Raises:
        DataError: a layer has weights and it is not known how often they are used.
    """
    return sum(_of_layer(layer) for layer in network.layers)


def _of_layer(layer: Any) -> int:
    kind = type(layer).__name__
    if hasattr(layer, "layers"):
        return multiply_adds(layer)
    if kind == "Dense":
        return _size(layer.kernel.shape) * _size(layer.output.shape[1:-1])
    if kind in {"Conv2D", "DepthwiseConv2D"}:
        # One use of the whole kernel at each place of the output; grouped kernels are smaller by themselves.
        return _size(layer.kernel.shape) * _size(layer.output.shape[1:3])
    if kind == "SeparableConv2D":
        kernels = _size(layer.depthwise_kernel.shape) + _size(layer.pointwise_kernel.shape)
        return kernels * _size(layer.output.shape[1:3])
    if layer.weights and kind not in _FREE:
        raise DataError(
            f"the multiply-adds of layer {layer.name} ({kind}) cannot be counted",
            "build the network of Conv2D, DepthwiseConv2D, SeparableConv2D and Dense",
        )
    return 0


def _size(shape: tuple[int, ...]) -> int:
    product = 1
    for size in shape:
        product *= int(size)
    return product


def graph_multiply_adds(graph: Graph) -> int:
    """The same of a converted network: of its convolutions and dense layers."""
    total = 0
    for operator in graph.operators:
        kernel, output = graph.input(operator, 1), graph.output(operator)
        if kernel is None:
            continue
        if operator.name in {"CONV_2D", "DEPTHWISE_CONV_2D"}:
            total += _size(kernel.shape) * _size(output.shape[1:3])
        elif operator.name == "FULLY_CONNECTED":
            # The kernel is (outputs, inputs); the output has a row for each place.
            total += _size(kernel.shape) * (_size(output.shape) // kernel.shape[0])
    return total
