"""A converted network as a Keras model again, in float32, so that a training can go on from a file that ships.

The weights are those of the file: what 8 bits rounded stays rounded. A convolution's bias stands in a normalisation
behind it, where the recipes' networks have one. It carries no statistics of faces: its mean is 0 and its variance 1, as
of one that has seen none.
"""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from converters.framework import load_keras
from converters.graph import Graph, Operator, Tensor
from device.errors import DataError

_SAME, _PLAIN, _RELU = 0, 0, 1
"""TFLite's codes of a padding and of two activations."""
_AXES = (1, 2)
_HOW = "a file of the recipes edge, edge-again, edge-deeper or edge-fer2013 can be read back"


def to_keras(graph: Graph) -> Any:
    """A Keras model of the arithmetic of ``graph``: float32 (n, height, width, channels) to probabilities (n, labels).

    Raises:
        DataError: ``graph`` has an operator that residual networks here do not have.
        UnavailableError: Keras or TensorFlow is not installed.
    """
    keras = load_keras()
    first = graph.tensors[graph.inputs[0]]
    faces = keras.Input(first.shape[1:], name="face")
    known = {first.index: faces}
    for operator in graph.operators:
        build = _BUILD.get(operator.name)
        if build is None:
            raise DataError(f"the network has the operator {operator.name}", _HOW)
        inputs = [known[tensor.index] for tensor in graph.computed_inputs(operator)]
        known[operator.outputs[0]] = build(keras.layers, graph, operator, inputs)
    return keras.Model(faces, known[graph.outputs[0]])


def _passed_on(_layers: Any, _graph: Graph, _operator: Operator, inputs: list[Any]) -> Any:
    return inputs[0]


def _convolution(layers: Any, graph: Graph, operator: Operator, inputs: list[Any]) -> Any:
    options = operator.options
    kernel, bias = _constants(graph, operator)
    if options["padding"] != _SAME or {options["dilationHFactor"], options["dilationWFactor"]} != {1}:
        raise DataError("the network has a convolution that is dilated or not padded", _HOW)
    kernel = kernel.transpose(1, 2, 3, 0)
    size, filters = kernel.shape[:2], kernel.shape[3]
    strides = (options["strideH"], options["strideW"])
    convolution = layers.Conv2D(filters, size, strides=strides, padding="same", use_bias=False)
    normalisation = layers.BatchNormalization()
    x = normalisation(convolution(inputs[0]))
    convolution.set_weights([kernel])
    ones = np.ones(filters, np.float32)
    normalisation.set_weights([ones * math.sqrt(1 + normalisation.epsilon), bias, 0 * ones, ones])
    return _activated(layers, operator, x)


def _sum(layers: Any, _graph: Graph, operator: Operator, inputs: list[Any]) -> Any:
    return _activated(layers, operator, layers.Add()(inputs))


def _mean(layers: Any, graph: Graph, operator: Operator, inputs: list[Any]) -> Any:
    axes = graph.input(operator, 1)
    if axes is None or tuple(axes.values()) != _AXES:
        raise DataError("the network has a mean over something else than a picture", _HOW)
    return layers.GlobalAveragePooling2D()(inputs[0])


def _dense(layers: Any, graph: Graph, operator: Operator, inputs: list[Any]) -> Any:
    kernel, bias = _constants(graph, operator)
    dense = layers.Dense(len(bias), name="logits")
    x = dense(inputs[0])
    dense.set_weights([kernel.T, bias])
    return _activated(layers, operator, x)


def _softmax(layers: Any, _graph: Graph, _operator: Operator, inputs: list[Any]) -> Any:
    return layers.Softmax(name="probabilities")(inputs[0])


_BUILD = {
    "QUANTIZE": _passed_on,
    "CONV_2D": _convolution,
    "ADD": _sum,
    "MEAN": _mean,
    "FULLY_CONNECTED": _dense,
    "SOFTMAX": _softmax,
}


def _activated(layers: Any, operator: Operator, x: Any) -> Any:
    activation = operator.options.get("fusedActivationFunction", _PLAIN)
    if activation not in {_PLAIN, _RELU}:
        raise DataError(f"the operator {operator.name} ends in an activation that is not ReLU", _HOW)
    return layers.ReLU()(x) if activation == _RELU else x


def _constants(graph: Graph, operator: Operator) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The kernel and the bias of ``operator`` as real numbers, their outputs first."""
    kernel, bias = graph.input(operator, 1), graph.input(operator, 2)
    if kernel is None or bias is None or not (kernel.constant and bias.constant):
        raise DataError(f"the operator {operator.name} has no kernel or no bias of its own", _HOW)
    return _real(kernel), _real(bias)


def _real(tensor: Tensor) -> NDArray[np.float32]:
    values = tensor.values().astype(np.float64)
    if tensor.scales:
        # One scale, or one for each output: zero points of weights are 0 in TFLite's 8 bits.
        values = values * np.reshape(tensor.scales, (-1, *[1] * (values.ndim - 1)))
    real: NDArray[np.float32] = values.astype(np.float32)
    return real
