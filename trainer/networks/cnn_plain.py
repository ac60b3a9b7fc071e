"""Convolutions, pooling, dropout and dense layers, nothing else: the network of many courses and blog posts."""

from typing import Any

import keras
from keras import layers

from trainer.networks.head import with_head
from trainer.recipe.networks import CnnPlainNetwork


def cnn_plain(settings: CnnPlainNetwork, height: int, width: int, classes: int) -> Any:
    """Build the network: float32 (n, height, width, 1) to probabilities (n, classes)."""
    faces = keras.Input((height, width, 1), name="face")
    x = faces
    for filters, convolutions, dropout in settings.stages:
        for _ in range(convolutions):
            x = layers.Conv2D(filters, 3, padding="same", activation="relu")(x)
        x = layers.Dropout(dropout)(layers.MaxPooling2D()(x))
    x = layers.Flatten()(x)
    for units, dropout in settings.dense:
        x = layers.Dropout(dropout)(layers.Dense(units, activation="relu")(x))
    return with_head(faces, x, classes, "cnn_plain")
