"""ResNet-18 with its stem for 224 x 224, on grey pictures.

He, Zhang, Ren, Sun: "Deep Residual Learning for Image Recognition", 2015; the order of layers is the paper's.
"""

from typing import Any

import keras
from keras import layers

from trainer.recipe.networks import ResNet18Network

_STAGES = ((64, 1), (128, 2), (256, 2), (512, 2))


def resnet18(_: ResNet18Network, height: int, width: int, classes: int) -> Any:
    """Build the network: float32 (n, height, width, 1) to probabilities (n, classes)."""
    faces = keras.Input((height, width, 1), name="face")
    x = layers.ReLU()(_convolution(faces, 64, size=7, stride=2))
    x = layers.MaxPooling2D(3, strides=2, padding="same")(x)
    for filters, stride in _STAGES:
        x = _block(_block(x, filters, stride), filters, 1)
    logits = layers.Dense(classes, name="logits")(layers.GlobalAveragePooling2D()(x))
    return keras.Model(faces, layers.Softmax(name="probabilities", dtype="float32")(logits), name="resnet18")


def _block(x: Any, filters: int, stride: int) -> Any:
    y = layers.ReLU()(_convolution(x, filters, stride=stride))
    y = _convolution(y, filters)
    if stride != 1 or x.shape[-1] != filters:
        x = _convolution(x, filters, size=1, stride=stride)
    return layers.ReLU()(layers.Add()([x, y]))


def _convolution(x: Any, filters: int, size: int = 3, stride: int = 1) -> Any:
    x = layers.Conv2D(filters, size, strides=stride, padding="same", use_bias=False, kernel_initializer="he_normal")(x)
    return layers.BatchNormalization()(x)
