"""Networks of the kinds that trainings use, untrained: their layers are what conversion has to cope with.

``width`` scales their channels: 1 is as large as in use, less is for tests that are to be quick.
"""

from converters.framework import load_keras
from device.contract.preprocess import InputSpec


def _channels(count, width):
    return max(4, int(count * width) // 4 * 4)


def cnn4(width=1.0, labels=7):
    """Four convolutions with max pooling and dropout, then dense layers: 48 by 48."""
    keras = load_keras()
    layers = keras.layers
    x = faces = keras.Input((48, 48, 1))
    for count in (32, 64, 128, 128):
        x = layers.Conv2D(_channels(count, width), 3, padding="same", activation="relu")(x)
        x = layers.Dropout(0.25)(layers.MaxPooling2D()(x))
    x = layers.Dense(_channels(1024, width), activation="relu")(layers.Flatten()(x))
    return keras.Model(faces, layers.Dense(labels, activation="softmax")(layers.Dropout(0.5)(x))), InputSpec()


def vgg_elu(width=1.0, labels=7):
    """Pairs of convolutions with ELU and batch normalisation behind it: 48 by 48."""
    keras = load_keras()
    layers = keras.layers
    x = faces = keras.Input((48, 48, 1))
    for count in (64, 128, 256, 512):
        for _ in range(2):
            x = layers.Conv2D(_channels(count, width), 3, padding="same", activation="elu")(x)
            x = layers.BatchNormalization()(x)
        x = layers.Dropout(0.4)(layers.MaxPooling2D()(x))
    x = layers.BatchNormalization()(layers.Dense(_channels(128, width), activation="elu")(layers.Flatten()(x)))
    return keras.Model(faces, layers.Dense(labels, activation="softmax")(x)), InputSpec()


def mini_xception(width=1.0, labels=7):
    """Separable convolutions with residuals, pixels from -1 to 1: 64 by 64 (Arriaga et al., 2017)."""
    keras = load_keras()
    layers = keras.layers
    x = faces = keras.Input((64, 64, 1))
    for _ in range(2):
        x = layers.ReLU()(layers.BatchNormalization()(layers.Conv2D(8, 3, use_bias=False)(x)))
    for count in (16, 32, 64, 128):
        filters = _channels(count, width)
        residual = layers.BatchNormalization()(layers.Conv2D(filters, 1, strides=2, padding="same", use_bias=False)(x))
        x = layers.SeparableConv2D(filters, 3, padding="same", use_bias=False)(x)
        x = layers.ReLU()(layers.BatchNormalization()(x))
        x = layers.BatchNormalization()(layers.SeparableConv2D(filters, 3, padding="same", use_bias=False)(x))
        x = layers.Add()([layers.MaxPooling2D(3, strides=2, padding="same")(x), residual])
    x = layers.GlobalAveragePooling2D()(layers.Conv2D(labels, 3, padding="same")(x))
    return keras.Model(faces, layers.Softmax()(x)), InputSpec(64, 64, (-1.0, 1.0))


def resnet(width=1.0, labels=7, blocks=(2, 2, 2, 2), side=224, *, bottleneck=False):
    """He et al., 2016, on one channel: 18 layers, or 50 with ``blocks=(3, 4, 6, 3), bottleneck=True``."""
    keras = load_keras()
    layers = keras.layers

    def convolution(x, filters, size, stride=1):
        x = layers.Conv2D(filters, size, strides=stride, padding="same", use_bias=False)(x)
        return layers.BatchNormalization()(x)

    x = faces = keras.Input((side, side, 1))
    x = layers.ReLU()(convolution(x, _channels(64, width), 7, 2))
    x = layers.MaxPooling2D(3, strides=2, padding="same")(x)
    for stage, count in enumerate(blocks):
        for block in range(count):
            filters, stride = _channels(64 * 2**stage, width), 2 if stage and not block else 1
            y = layers.ReLU()(convolution(x, filters, 1 if bottleneck else 3, stride))
            if bottleneck:
                y, filters = layers.ReLU()(convolution(y, filters, 3)), 4 * filters
            y = convolution(y, filters, 1 if bottleneck else 3)
            if x.shape != y.shape:
                x = convolution(x, filters, 1, stride)
            x = layers.ReLU()(layers.Add()([x, y]))
    x = layers.Dense(labels)(layers.GlobalAveragePooling2D()(x))
    return keras.Model(faces, layers.Softmax()(x)), InputSpec(side, side)


def backbone(width=0.35, labels=7, side=96, name="MobileNetV2", **options):
    """One of ``keras.applications``, given the grey channel three times."""
    keras = load_keras()
    layers = keras.layers
    faces = keras.Input((side, side, 1))
    colour = layers.Concatenate()([faces, faces, faces])
    scaled = {"alpha": width} if name == "MobileNetV2" else {}
    make = getattr(keras.applications, name)
    features = make(input_shape=(side, side, 3), include_top=False, weights=None, pooling="avg", **scaled, **options)
    x = layers.Dense(labels)(features(colour))
    return keras.Model(faces, layers.Softmax()(x)), InputSpec(side, side, (-1.0, 1.0))
