"""Mini-XCEPTION: separable convolutions with residual connections; 58,423 parameters at seven classes.

Arriaga, Valdenegro-Toro, Plöger: "Real-time Convolutional Neural Networks for Emotion and Gender Classification", 2017.
"""

from typing import Any

import keras
from keras import layers

from trainer.recipe.networks import MiniXceptionNetwork

_L2 = 0.01
_STAGES = (16, 32, 64, 128)


def mini_xception(_: MiniXceptionNetwork, height: int, width: int, classes: int) -> Any:
    """Build the network: float32 (n, height, width, 1) to probabilities (n, classes)."""
    faces = keras.Input((height, width, 1), name="face")
    x = _stem(_stem(faces))
    for filters in _STAGES:
        x = _stage(x, filters)
    logits = layers.GlobalAveragePooling2D()(layers.Conv2D(classes, 3, padding="same")(x))
    return keras.Model(faces, layers.Softmax(name="probabilities", dtype="float32")(logits), name="mini_xception")


def _stem(x: Any) -> Any:
    x = layers.Conv2D(8, 3, use_bias=False, kernel_regularizer=keras.regularizers.L2(_L2))(x)
    return layers.ReLU()(layers.BatchNormalization()(x))


def _stage(x: Any, filters: int) -> Any:
    # As published in one step, which TensorFlow 2.21 crashes at when it trains it on 8 channels.
    shortcut = layers.MaxPooling2D(1, strides=2, padding="same")(x)
    shortcut = layers.BatchNormalization()(layers.Conv2D(filters, 1, use_bias=False)(shortcut))
    y = layers.ReLU()(_separable(x, filters))
    y = _separable(y, filters)
    y = layers.MaxPooling2D(3, strides=2, padding="same")(y)
    return layers.Add()([y, shortcut])


def _separable(x: Any, filters: int) -> Any:
    regularizer = keras.regularizers.L2(_L2)
    x = layers.SeparableConv2D(
        filters,
        3,
        padding="same",
        use_bias=False,
        depthwise_regularizer=regularizer,
        pointwise_regularizer=regularizer,
    )(x)
    return layers.BatchNormalization()(x)
