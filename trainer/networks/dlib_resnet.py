"""dlib's network for face recognition: a residual network without normalisation, whose weights know faces.

King, "High Quality Face Recognition with Deep Metric Learning", dlib's blog, 2017; the weights are in the public
domain. Its learnt scale and shift behind each convolution are part of the convolution here, and so is what it does to
pixels: it takes the colours' means away and divides by 256. Grey faces have three equal colours, so that the stem needs
one. A strided 3 x 3 convolution is padded on the right and below where a side is even, and the shortcut to it is the
mean of 2 x 2, with channels of zeros where it has too few.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import layers
from numpy.typing import NDArray

from device.errors import DataError
from trainer.networks.head import with_head
from trainer.networks.tfjs import read_manifest, require_named
from trainer.recipe.networks import DlibResNetNetwork

_STEM = "conv32_down"
_BLOCKS = (
    *((f"conv32_{n}", 32) for n in (1, 2, 3)),
    ("conv64_down", 64),
    *((f"conv64_{n}", 64) for n in (1, 2, 3)),
    ("conv128_down", 128),
    *((f"conv128_{n}", 128) for n in (1, 2)),
    ("conv256_down", 256),
    *((f"conv256_{n}", 256) for n in (1, 2)),
    ("conv256_down_out", 256),
)
"""Each block's name in the published weights, and its filters; those called ``down`` have stride 2."""
_MEAN_RGB = np.array((122.782, 117.001, 104.298), np.float32)
_HOW = (
    "npm pack @vladmandic/face-api && tar xzf vladmandic-face-api-*.tgz, then --set "
    "network.weights=package/model/face_recognition_model-weights_manifest.json; or --set network.weights=none"
)


def dlib_resnet(settings: DlibResNetNetwork, height: int, width: int, classes: int) -> Any:
    """Build the network: float32 (n, height, width, 1) in 0 to 1 to probabilities (n, classes).

    Raises:
        UnavailableError: no file of weights is named.
        DataError: the file that is named holds other weights.
    """
    weights = require_named(settings.weights, "dlib-resnet", _HOW)
    faces = keras.Input((height, width, 1), name="face")
    x = layers.Conv2D(32, 7, strides=2, activation="relu", kernel_initializer="he_normal", name=_STEM)(faces)
    x = layers.MaxPooling2D(3, strides=2)(x)
    for name, filters in _BLOCKS:
        x = _block(x, name, filters)
    x = layers.Dropout(settings.dropout)(layers.GlobalAveragePooling2D()(x))
    network = with_head(faces, x, classes, "dlib-resnet")
    if weights != "none":
        _fill(network, Path(weights))
    return network


def _block(x: Any, name: str, filters: int) -> Any:
    """One block; (n, h, w, c) to (n, h, w, filters), or half of each side where it is called ``down``."""
    if "down" not in name:
        y = _convolution(filters, f"{name}_conv1", activation="relu", padding="same")(x)
        y = _convolution(filters, f"{name}_conv2", padding="same")(y)
        return layers.ReLU()(layers.Add()([x, y]))
    bottom, right = (1 - side % 2 for side in x.shape[1:3])
    y = layers.ZeroPadding2D(((0, bottom), (0, right)))(x)
    y = _convolution(filters, f"{name}_conv1", activation="relu", strides=2)(y)
    y = _convolution(filters, f"{name}_conv2", padding="same")(y)
    short = layers.AveragePooling2D(2)(x)
    if short.shape[-1] < filters:
        short = layers.Concatenate()([short, layers.Rescaling(0.0)(short)])
    return layers.ReLU()(layers.Add()([short, y]))


def _convolution(filters: int, name: str, **settings: Any) -> Any:
    return layers.Conv2D(filters, 3, kernel_initializer="he_normal", name=name, **settings)


def _fill(network: Any, path: Path) -> None:
    arrays = read_manifest(path)
    try:
        kernel, bias = _folded(arrays, _STEM)
        bias = bias - np.einsum("hwco,c->o", kernel, _MEAN_RGB) / 256
        network.get_layer(_STEM).set_weights([kernel.sum(axis=2, keepdims=True) * (255 / 256), bias])
        for block, _ in _BLOCKS:
            for part in ("conv1", "conv2"):
                network.get_layer(f"{block}_{part}").set_weights(_folded(arrays, f"{block}/{part}"))
    except (KeyError, ValueError) as error:
        raise DataError(f"{path} holds no weights of dlib's face recognition: {error}", _HOW) from error


def _folded(arrays: Mapping[str, NDArray[np.float32]], name: str) -> list[NDArray[np.float32]]:
    """Kernel and bias of a convolution with the scale and shift behind it."""
    scale, shift = arrays[f"{name}/scale/weights"], arrays[f"{name}/scale/biases"]
    return [arrays[f"{name}/conv/filters"] * scale, arrays[f"{name}/conv/bias"] * scale + shift]
