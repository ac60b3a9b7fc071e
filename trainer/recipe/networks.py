"""Which network is trained, one class for each file of ``trainer/networks``."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from trainer.recipe.part import Part

_LEAST_FILTERS_AT_STRIDE_1 = 16


class EdgeNetwork(Part):
    """``edge``: a stem and stages of residual blocks, each stage (filters, blocks, stride)."""

    name: Literal["edge"]
    stem_filters: int = Field(ge=4, le=256)
    stem_stride: int = Field(ge=1, le=2)
    stages: tuple[tuple[int, int, int], ...] = Field(min_length=1, max_length=6)

    @model_validator(mode="after")
    def _stem_can_be_trained(self) -> Self:
        # TensorFlow 2.21 on x86-64 corrupts its memory in this convolution's gradient (oneDNN), and ends the process.
        if self.stem_stride == 1 and self.stem_filters < _LEAST_FILTERS_AT_STRIDE_1:
            raise ValueError(f"with a stem_stride of 1, stem_filters is at least {_LEAST_FILTERS_AT_STRIDE_1}")
        return self


class Cnn4Network(Part):
    """``cnn4``: four convolutions and two dense layers, as published."""

    name: Literal["cnn4"]


class CnnPlainNetwork(Part):
    """``cnn-plain``: stages of convolution, pooling and dropout, then dense layers.

    Attributes:
        stages: (filters, convolutions, dropout) of each stage.
        dense: (units, dropout) of each dense layer before the last.
    """

    name: Literal["cnn-plain"]
    stages: tuple[tuple[int, int, float], ...] = Field(min_length=1, max_length=6)
    dense: tuple[tuple[int, float], ...] = Field(max_length=4)


class VggEluNetwork(Part):
    """``vgg-elu``: six convolutions with ELU and batch normalisation, as published."""

    name: Literal["vgg-elu"]
    dropout: float = Field(default=0.22, ge=0, lt=1)


class MiniXceptionNetwork(Part):
    """``mini-xception``: separable convolutions with residual connections, as published."""

    name: Literal["mini-xception"]


class ResNet18Network(Part):
    """``resnet18``: ResNet-18 with its 7 x 7 stem, as published."""

    name: Literal["resnet18"]


class DlibResNetNetwork(Part):
    """``dlib-resnet``: dlib's network for face recognition with a last layer of ours, to train as a teacher.

    Attributes:
        weights: the path of its weights as a weight manifest of TensorFlow.js, or ``none`` to start from chance.
        dropout: before the last layer.
    """

    name: Literal["dlib-resnet"]
    weights: str | None = None
    dropout: float = Field(default=0.0, ge=0, lt=1)


class FaceMobileNetNetwork(Part):
    """``face-mobilenet``: MobileNet that knows VGGFace2's faces, with a last layer of ours, to train as a teacher.

    Attributes:
        weights: the path of its weights as a model of TensorFlow.js, or ``none`` to start from chance.
        frozen_blocks: of its 13 blocks, those from its input on that are not trained; with any, nor is the stem.
        dropout: before the last layer.
    """

    name: Literal["face-mobilenet"]
    weights: str | None = None
    frozen_blocks: int = Field(default=0, ge=0, le=13)
    dropout: float = Field(default=0.0, ge=0, lt=1)


Application = Literal[
    "DenseNet121",
    "EfficientNetB0",
    "EfficientNetV2B0",
    "MobileNet",
    "MobileNetV2",
    "MobileNetV3Large",
    "MobileNetV3Small",
    "ResNet50",
    "VGG16",
    "VGG19",
    "Xception",
]
"""The networks of ``keras.applications`` that a recipe may stand on."""


class BackboneNetwork(Part):
    """``backbone``: a network of ``keras.applications`` with a head of ours, for transfer learning.

    Attributes:
        application: its name there.
        weights: ``imagenet`` starts from its published weights, which Keras fetches; ``none`` from chance.
        frozen_layers: share of the backbone's layers, from its input on, that are not trained.
        dropout: before the last layer.
    """

    name: Literal["backbone"]
    application: Application
    weights: Literal["imagenet", "none"] = "none"
    frozen_layers: float = Field(default=0.0, ge=0, le=1)
    dropout: float = Field(default=0.0, ge=0, lt=1)


Network = Annotated[
    EdgeNetwork
    | Cnn4Network
    | CnnPlainNetwork
    | VggEluNetwork
    | MiniXceptionNetwork
    | ResNet18Network
    | DlibResNetNetwork
    | FaceMobileNetNetwork
    | BackboneNetwork,
    Field(discriminator="name"),
]
