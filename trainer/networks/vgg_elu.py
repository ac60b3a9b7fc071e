"""A VGG-like network with ELU and batch normalisation: 7,831,815 parameters, 4,096 of them statistics."""

from typing import Any

import keras
from keras import layers

from trainer.networks.head import with_head
from trainer.recipe.networks import VggEluNetwork

_STAGES = ((512, 256), (128, 128), (256, 512))


def vgg_elu(settings: VggEluNetwork, height: int, width: int, classes: int) -> Any:
    """Build the network: float32 (n, height, width, 1) to probabilities (n, classes)."""
    faces = keras.Input((height, width, 1), name="face")
    x = faces
    for stage in _STAGES:
        for filters in stage:
            x = layers.Conv2D(filters, 3, padding="same", activation="elu", kernel_initializer="he_normal")(x)
            x = layers.BatchNormalization()(x)
        x = layers.Dropout(settings.dropout)(layers.MaxPooling2D()(x))
    x = layers.Dense(256, activation="elu", kernel_initializer="he_normal")(layers.Flatten()(x))
    x = layers.Dropout(settings.dropout)(layers.BatchNormalization()(x))
    return with_head(faces, x, classes, "vgg_elu")
