"""What a network costs to run."""

import math
from typing import Any

_KERNELS = ("kernel", "depthwise_kernel", "pointwise_kernel")


def multiply_adds(network: Any) -> int:
    """Multiply-adds of a Keras model for one face: of convolutions and dense layers, as papers count them.

    Normalisation is folded into the convolutions; sums, pooling and activations are left out. A layer counts once.
    """
    return sum(_of_layer(layer) for layer in network.layers)


def _of_layer(layer: Any) -> int:
    if hasattr(layer, "layers"):
        return multiply_adds(layer)
    kernels = [getattr(layer, name) for name in _KERNELS if getattr(layer, name, None) is not None]
    # Every weight of a kernel is used once at each place of the output.
    places = int(math.prod(layer.output.shape[1:-1])) if kernels else 0
    return places * sum(int(math.prod(kernel.shape)) for kernel in kernels)
