"""The residual block that networks here share.

He, Zhang, Ren, Sun: "Deep Residual Learning for Image Recognition", 2015: two 3 x 3 convolutions with batch
normalisation, a 1 x 1 projection where the shape changes, ReLU.
"""

from typing import Any

from keras import layers


def residual_block(x: Any, filters: int, stride: int) -> Any:
    """One block; (n, h, w, c) to (n, h / stride, w / stride, filters)."""
    y = layers.ReLU()(normalised_convolution(x, filters, stride=stride))
    y = normalised_convolution(y, filters)
    if stride != 1 or x.shape[-1] != filters:
        x = normalised_convolution(x, filters, size=1, stride=stride)
    return layers.ReLU()(layers.Add()([x, y]))


def normalised_convolution(x: Any, filters: int, size: int = 3, stride: int = 1) -> Any:
    """A convolution without bias, and batch normalisation after it."""
    x = layers.Conv2D(filters, size, strides=stride, padding="same", use_bias=False, kernel_initializer="he_normal")(x)
    return layers.BatchNormalization()(x)
