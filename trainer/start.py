"""Weights that a training starts from instead of chance."""

from typing import Any

from device.errors import DataError
from trainer.predictor import open_keras
from trainer.trained import TrainedNetwork

_ANOTHER = "start from a model of a recipe with the same network"


def take_weights(network: Any, start: TrainedNetwork, labels: tuple[str, ...]) -> None:
    """Give ``network``, a Keras model, the weights of ``start``; those of the last layer if it has the same ``labels``.

    Raises:
        DataError: the networks differ.
        ModelError: Keras cannot read the file.
    """
    mine, theirs = (_with_weights(one) for one in (network, open_keras(start.path)))
    if len(mine) != len(theirs):
        raise DataError(
            f"{start.path} has {len(theirs)} layers with weights, and the recipe's network {len(mine)}", _ANOTHER
        )
    for position, (layer, source) in enumerate(zip(mine, theirs, strict=True)):
        last = position == len(mine) - 1
        if last and labels != start.labels:
            continue
        wanted, found = (tuple(weights.shape for weights in one.get_weights()) for one in (layer, source))
        if wanted != found:
            raise DataError(f"layer {layer.name} has weights {wanted}, and {start.path} has {found} there", _ANOTHER)
        layer.set_weights(source.get_weights())


def _with_weights(network: Any) -> list[Any]:
    return [layer for layer in network.layers if layer.weights]
