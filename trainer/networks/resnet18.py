"""ResNet-18 with its stem for 224 x 224, on grey pictures.

He, Zhang, Ren, Sun: "Deep Residual Learning for Image Recognition", 2015; the order of layers is the paper's.
"""

from typing import Any

import keras
from keras import layers

from trainer.networks.head import with_head
from trainer.networks.residual import normalised_convolution, residual_block
from trainer.recipe.networks import ResNet18Network

_STAGES = ((64, 1), (128, 2), (256, 2), (512, 2))


def resnet18(_: ResNet18Network, height: int, width: int, classes: int) -> Any:
    """Build the network: float32 (n, height, width, 1) to probabilities (n, classes)."""
    faces = keras.Input((height, width, 1), name="face")
    x = layers.ReLU()(normalised_convolution(faces, 64, size=7, stride=2))
    x = layers.MaxPooling2D(3, strides=2, padding="same")(x)
    for filters, stride in _STAGES:
        x = residual_block(residual_block(x, filters, stride), filters, 1)
    return with_head(faces, layers.GlobalAveragePooling2D()(x), classes, "resnet18")
