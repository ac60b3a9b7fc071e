"""Temperature scaling: the confidence of an answer made the share of times that such answers are right.

Guo, Pleiss, Sun, Weinberger: "On Calibration of Modern Neural Networks", 2017. One number divides all logits: no
decision changes. It is folded into the network's last layer, so that nothing behind it needs to know.
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


def best_temperature(probabilities: NDArray[np.floating[Any]], truth: NDArray[np.int64]) -> float:
    """The temperature within ``LIMITS`` at which the truth is likeliest.

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
    if LOGITS_LAYER not in {layer.name for layer in network.layers}:
        raise DataError(
            f"the network {network.name} has no layer `{LOGITS_LAYER}` to fold a temperature into",
            "leave temperature_scaling out of the recipe",
        )
    layer = network.get_layer(LOGITS_LAYER)
    layer.set_weights([weights / temperature for weights in layer.get_weights()])
