"""Weights that a training starts from instead of chance."""

from itertools import zip_longest
from typing import Any

import numpy as np
from keras import layers

from device.errors import DataError
from trainer.predictor import open_keras
from trainer.trained import TrainedNetwork

_ANOTHER = "start from a model of a recipe with the same network, or with fewer residual blocks in its stages"
_RESIDUAL = (layers.Conv2D, layers.BatchNormalization, layers.Conv2D, layers.BatchNormalization)


def take_weights(network: Any, start: TrainedNetwork, labels: tuple[str, ...]) -> list[Any]:
    """Give ``network``, a Keras model, the weights of ``start``; those of the last layer if it has the same ``labels``.

    Residual blocks that ``start`` lacks at the end of a stage pass on what they get, so that ``network`` answers as
    ``start`` does (Chen, Goodfellow, Shlens: "Net2Net", 2016): the scale of their last normalisation is 0, which
    training moves (Goyal et al.: "Accurate, Large Minibatch SGD", 2017, section 5.1).

    Returns:
        The normalisations that took weights without statistics, as those of a model file have them: see ``measure``.

    Raises:
        DataError: the networks differ otherwise.
        ModelError: Keras cannot read the file.
    """
    mine, theirs = _blocks(network), _blocks(open_keras(start.path))
    last, their_last = mine[-1].pop(), theirs[-1].pop()
    pairs = _matched(mine, theirs, start)
    if labels == start.labels:
        pairs += _paired([last], [their_last], start)
    for layer, source in pairs:
        layer.set_weights(source.get_weights())
    return [layer for layer, _ in pairs if isinstance(layer, layers.BatchNormalization) and _never_measured(layer)]


def _never_measured(normalisation: Any) -> bool:
    return not np.any(normalisation.moving_mean) and bool(np.all(normalisation.moving_variance == 1))


def _matched(mine: list[list[Any]], theirs: list[list[Any]], start: TrainedNetwork) -> list[tuple[Any, Any]]:
    """Layers and those whose weights they take; blocks of ``mine`` that are new between them are made to pass on."""
    pairs: list[tuple[Any, Any]] = []
    left = list(theirs)
    for block in mine:
        spare = len(mine) > len(theirs) and _keeps_shape(block)
        if spare and not (left and _shapes(block) == _shapes(left[0])):
            _pass_on(block)
        else:
            pairs += _paired(block, left.pop(0) if left else [], start)
    return pairs + _paired([], [layer for block in left for layer in block], start)


def _paired(mine: list[Any], theirs: list[Any], start: TrainedNetwork) -> list[tuple[Any, Any]]:
    for wanted, found in zip_longest(_shapes(mine), _shapes(theirs)):
        if wanted != found:
            raise DataError(
                f"a layer of the recipe's network has weights {wanted or 'none'}, and {start.path} has "
                f"{found or 'none'} there",
                _ANOTHER,
            )
    return list(zip(mine, theirs, strict=True))


def _blocks(network: Any) -> list[list[Any]]:
    """The layers with weights, parted after each addition; the last part, behind all additions, has the last layer."""
    blocks: list[list[Any]] = [[]]
    for layer in network.layers:
        if layer.weights:
            blocks[-1].append(layer)
        elif isinstance(layer, layers.Add):
            blocks.append([])
    return blocks


def _shapes(block: list[Any]) -> list[list[tuple[int, ...]]]:
    return [[tuple(weights.shape) for weights in layer.weights] for layer in block]


def _keeps_shape(block: list[Any]) -> bool:
    """Whether it is ``trainer.networks.residual``'s, without a projection."""
    if len(block) != len(_RESIDUAL) or not all(map(isinstance, block, _RESIDUAL)):
        return False
    first, _, second, _ = block
    strides = {*first.strides, *second.strides}
    return strides == {1} and first.kernel.shape[-2] == second.kernel.shape[-1]


def _pass_on(block: list[Any]) -> None:
    normalisation = block[-1]
    normalisation.gamma.assign(normalisation.gamma * 0)
