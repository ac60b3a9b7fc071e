"""A plain residual network that loses little in full int8 and maps whole onto an Edge TPU.

The blocks are those of He et al., "Deep Residual Learning for Image Recognition" (2015): two 3 x 3 convolutions with
batch normalisation (folded away by the converter), a 1 x 1 projection where the shape changes, ReLU. Global average
pooling and one dense layer close it.
"""

from typing import Any

import keras
from keras import layers

from trainer.networks.head import with_head
from trainer.networks.residual import normalised_convolution, residual_block
from trainer.recipe.networks import EdgeNetwork


def edge(settings: EdgeNetwork, height: int, width: int, classes: int) -> Any:
    """Build the network: float32 (n, height, width, 1) to probabilities (n, classes)."""
    faces = keras.Input((height, width, 1), name="face")
    x = normalised_convolution(faces, settings.stem_filters, stride=settings.stem_stride)
    x = layers.ReLU()(x)
    for filters, blocks, stride in settings.stages:
        for block in range(blocks):
            x = residual_block(x, filters, stride if block == 0 else 1)
    x = layers.GlobalAveragePooling2D()(x)
    return with_head(faces, x, classes, "edge")
