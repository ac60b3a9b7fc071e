"""Networks, one file each: Keras's own layers, faces in their real range in, probabilities out.

A network's file and function have its name, with underscores: ``mini-xception`` is built by
``mini_xception(settings, height, width, classes)`` in ``mini_xception.py``.
"""

import importlib
from typing import Any

from device.contract.preprocess import InputSpec
from device.errors import DataError
from trainer.recipe.networks import Network


def build_network(settings: Network, spec: InputSpec, classes: int) -> Any:
    """The Keras model a recipe names: float32 (n, height, width, 1) in ``spec.real_range`` to probabilities.

    The probabilities are float32 (n, classes).

    Raises:
        DataError: the input is too small for the network.
        UnavailableError: the weights it is to start from cannot be had.
    """
    name = settings.name.replace("-", "_")
    build = getattr(importlib.import_module(f"trainer.networks.{name}"), name)
    try:
        return build(settings, spec.height, spec.width, classes)
    except ValueError as error:
        size = f"{spec.width} by {spec.height}"
        raise DataError(
            f"{settings.name} cannot be built for faces of {size} pixels: {error}", "raise the recipe's input size"
        ) from error
