"""A network of ``keras.applications`` under a new last layer, for transfer learning."""

from typing import Any

import keras
from keras import layers

from device.errors import UnavailableError
from trainer.networks.head import with_head
from trainer.recipe.networks import BackboneNetwork

_CAFFE = {"ResNet50", "VGG16", "VGG19"}
_PLUS_MINUS_ONE = {"MobileNet", "MobileNetV2", "Xception"}
_STANDARD = {"DenseNet121"}
# The others take 0 to 255 and prepare it themselves.
_CAFFE_MEAN_BGR = (103.939, 116.779, 123.68)
_IMAGENET_MEAN_RGB, _IMAGENET_DEVIATION_RGB = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def backbone(settings: BackboneNetwork, height: int, width: int, classes: int) -> Any:
    """Build the network: float32 (n, height, width, 1) in 0 to 1 to probabilities (n, classes).

    The grey picture is given to all three colours, prepared as the backbone's own weights want it
    (``keras.applications.*.preprocess_input``).

    Raises:
        ValueError: the input is smaller than the backbone allows.
        UnavailableError: its ImageNet weights are neither in Keras's cache nor to be fetched.
    """
    faces = keras.Input((height, width, 1), name="face")
    x = _body(settings, _three_colours(settings.application, faces), (height, width, 3))
    name = settings.application.lower()
    return with_head(faces, layers.Dropout(settings.dropout)(x), classes, name)


def _three_colours(application: str, faces: Any) -> Any:
    if application in _CAFFE:
        scaled = [layers.Rescaling(255.0, -mean)(faces) for mean in _CAFFE_MEAN_BGR]
    elif application in _STANDARD:
        pairs = zip(_IMAGENET_MEAN_RGB, _IMAGENET_DEVIATION_RGB, strict=True)
        scaled = [layers.Rescaling(1.0 / deviation, -mean / deviation)(faces) for mean, deviation in pairs]
    else:
        scale = layers.Rescaling(2.0, -1.0) if application in _PLUS_MINUS_ONE else layers.Rescaling(255.0)
        scaled = [scale(faces)] * 3
    return layers.Concatenate()(scaled)


def _body(settings: BackboneNetwork, colours: Any, shape: tuple[int, int, int]) -> Any:
    """The backbone's features, float (n, channels); its first layers frozen as the settings say."""
    build = getattr(keras.applications, settings.application)
    weights = None if settings.weights == "none" else settings.weights
    try:
        body = build(include_top=False, weights=weights, input_tensor=colours, input_shape=shape, pooling="avg")
    except ValueError:
        raise
    except Exception as error:
        # Keras raises a bare Exception where a download fails.
        raise UnavailableError(
            f"the ImageNet weights of {settings.application} could not be had: {error}",
            "connect once so that Keras can fetch them into ~/.keras/models, or train from chance with "
            "--set network.weights=none",
        ) from error
    for layer in body.layers[: round(settings.frozen_layers * len(body.layers))]:
        layer.trainable = False
    return body.output
