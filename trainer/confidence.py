"""What is done to a trained network's last layer: rare labels helped, and confidence made the share of right answers.

Both are folded into the weights, so that nothing behind the network needs to know.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from device.errors import DataError

LOGITS_LAYER = "logits"
"""What networks here call their last layer with weights."""
LIMITS = (0.05, 20.0)
"""The temperatures that are tried: a network that is never wrong would be made ever surer."""

_TINY = 1e-12
_HALVINGS = 50


def help_rare(network: Any, shares: NDArray[np.floating[Any]], strength: float) -> None:
    """Take ``strength`` times the logarithm of each label's share off its logit.

    At 1, a label is named as if all had been equally frequent in training (Menon et al., "Long-tail learning via logit
    adjustment", 2021); less helps less.

    Args:
        network: a Keras model, which is changed.
        shares: (labels,), of the training's targets, adding up to 1.
        strength: 0 to 1.

    Raises:
        DataError: its last layer is not a dense one with a bias called ``logits``.
    """
    kernel, *bias = _last_layer(network).get_weights()
    if not bias:
        raise DataError(f"the layer `{LOGITS_LAYER}` of the network {network.name} has no bias", "leave help_rare out")
    _last_layer(network).set_weights([kernel, bias[0] - strength * np.log(np.maximum(shares, _TINY))])


def best_temperature(probabilities: NDArray[np.floating[Any]], truth: NDArray[np.int64]) -> float:
    """The temperature within ``LIMITS`` at which the truth is likeliest.

    One number divides all logits, and no decision changes (Guo, Pleiss, Sun, Weinberger: "On Calibration of Modern
    Neural Networks", 2017).

    Args:
        probabilities: (n, labels), of a softmax.
        truth: int64 (n,), the label of each.
    """
    logits = np.log(np.maximum(probabilities.astype(np.float64), _TINY))
    true_logits = np.take_along_axis(logits, truth[:, np.newaxis], axis=1)[:, 0]
    low, high = (1.0 / limit for limit in reversed(LIMITS))
    # The loss is convex in the sharpness, 1 / temperature: its slope changes its sign once.
    for _ in range(_HALVINGS):
        sharpness = float(np.sqrt(low * high))
        weights = np.exp(sharpness * (logits - logits.max(axis=1, keepdims=True)))
        expected = (weights * logits).sum(axis=1) / weights.sum(axis=1)
        if (expected - true_logits).mean() <= 0:
            low = sharpness
        else:
            high = sharpness
    return 1.0 / sharpness


def fold(network: Any, temperature: float) -> None:
    """Divide the logits of ``network``, a Keras model, by ``temperature`` for good.

    Raises:
        DataError: its last layer is not called ``logits``.
    """
    layer = _last_layer(network)
    layer.set_weights([weights / temperature for weights in layer.get_weights()])


def _last_layer(network: Any) -> Any:
    if LOGITS_LAYER not in {layer.name for layer in network.layers}:
        raise DataError(
            f"the network {network.name} has no layer `{LOGITS_LAYER}`, into which its answers could be corrected",
            "leave temperature_scaling and help_rare out of the recipe",
        )
    return network.get_layer(LOGITS_LAYER)
