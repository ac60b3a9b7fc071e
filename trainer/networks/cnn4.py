"""The four-layer CNN of many copies: 3 x 3 valid convolutions, ReLU, two dense layers; 2,345,607 parameters."""

from typing import Any

import keras
from keras import layers

from trainer.networks.head import with_head
from trainer.recipe.networks import Cnn4Network


def cnn4(_: Cnn4Network, height: int, width: int, classes: int) -> Any:
    """Build the network: float32 (n, height, width, 1) to probabilities (n, classes)."""
    faces = keras.Input((height, width, 1), name="face")
    x = _convolution(faces, 32)
    x = layers.MaxPooling2D()(_convolution(x, 64))
    x = layers.Dropout(0.25)(x)
    x = layers.MaxPooling2D()(_convolution(x, 128))
    x = layers.MaxPooling2D()(_convolution(x, 128))
    x = layers.Dropout(0.25)(x)
    x = layers.Dense(1024, activation="relu")(layers.Flatten()(x))
    return with_head(faces, layers.Dropout(0.5)(x), classes, "cnn4")


def _convolution(x: Any, filters: int) -> Any:
    return layers.Conv2D(filters, 3, activation="relu")(x)
