"""Networks, one file each: Keras's own layers, faces in their real range in, probabilities out."""

from collections.abc import Callable
from functools import partial
from typing import Any

from device.contract.preprocess import InputSpec
from trainer.recipe.networks import (
    BackboneNetwork,
    Cnn4Network,
    CnnPlainNetwork,
    EdgeNetwork,
    MiniXceptionNetwork,
    Network,
    ResNetNetwork,
    VggEluNetwork,
)


def build_network(settings: Network, spec: InputSpec, classes: int) -> Any:
    """The Keras model a recipe names: float32 (n, height, width, 1) in ``spec.real_range`` to probabilities.

    The probabilities are float32 (n, classes).

    Raises:
        DataError: the input is too small for the network.
        UnavailableError: the weights it is to start from cannot be had.
    """
    return _builder(settings, spec)(spec.height, spec.width, classes)


def _builder(settings: Network, spec: InputSpec) -> Callable[[int, int, int], Any]:
    """The function that builds; imported only now, for each imports Keras."""
    match settings:
        case EdgeNetwork():
            from trainer.networks.edge import edge

            return partial(edge, settings)
        case Cnn4Network():
            from trainer.networks.cnn4 import cnn4

            return cnn4
        case MiniXceptionNetwork():
            from trainer.networks.mini_xception import mini_xception

            return mini_xception
        case CnnPlainNetwork() | VggEluNetwork() | ResNetNetwork() | BackboneNetwork():
            raise NotImplementedError(settings.name, spec)
