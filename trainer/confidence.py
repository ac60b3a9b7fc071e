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
_SCALINGS = 500
_STANDSTILL = 1e-12
"""A change of the offsets after which nothing more comes: usually after twenty scalings."""


def faces_of_each(truth: NDArray[np.int64], labels: int) -> NDArray[np.int64]:
    """How many faces each label has by ``truth``, int64 (n,); int64 (labels,).

    Raises:
        DataError: one has none, so that nothing tells how often it should be named.
    """
    counts: NDArray[np.int64] = np.bincount(truth, minlength=labels)
    if not counts.all():
        raise DataError(
            f"logit_adjustment needs validation faces of every label, found {', '.join(map(str, counts))} of each",
            "leave logit_adjustment out, or give faces of the missing ones to validate on",
        )
    return counts


def rare_offsets(
    probabilities: NDArray[np.floating[Any]], truth: NDArray[np.int64], strength: float
) -> NDArray[np.float64]:
    """What to add to each label's logit so that rare labels are found as often as ``strength`` asks for.

    At the best temperature, the offsets at which the truth is likeliest, where a face weighs as much as its label's
    share of all to the power of minus ``strength`` (bias-corrected temperature scaling of Alexandari, Kundaje,
    Shrikumar: "Maximum Likelihood with Bias-Corrected Calibration is Hard-To-Beat at Label Shift Adaptation", 2020).
    They make the sum of each label's probabilities that of its faces; found by iterative scaling (Darroch and Ratcliff:
    "Generalized Iterative Scaling for Log-Linear Models", 1972).

    Args:
        probabilities: (n, labels), of a softmax.
        truth: int64 (n,), the label of each.
        strength: 0 to leave the weight of each label as it is, 1 as if all were equally frequent.

    Returns:
        float64 (labels,), 0 in the mean.

    Raises:
        DataError: a label has no face.
    """
    counts = faces_of_each(truth, probabilities.shape[1])
    temperature = best_temperature(probabilities, truth)
    scores = np.log(np.maximum(probabilities.astype(np.float64), _TINY)) / temperature
    weights = counts[truth] ** -strength
    wanted = np.bincount(truth, weights)
    offsets = np.zeros(len(counts))
    for _ in range(_SCALINGS):
        expected = weights @ _softmax(scores + offsets)
        change = np.log(wanted / np.maximum(expected, _TINY))
        offsets += change
        if np.abs(change).max() < _STANDSTILL:
            break
    centred: NDArray[np.float64] = (offsets - offsets.mean()) * temperature
    return centred


def shift(network: Any, offsets: NDArray[np.floating[Any]]) -> None:
    """Add ``offsets`` (labels,) to the logits of ``network``, a Keras model, for good.

    Raises:
        DataError: its last layer is not a dense one with a bias called ``logits``.
    """
    kernel, *bias = _last_layer(network).get_weights()
    if not bias:
        raise DataError(
            f"the layer `{LOGITS_LAYER}` of the network {network.name} has no bias", "leave logit_adjustment out"
        )
    _last_layer(network).set_weights([kernel, bias[0] + offsets])


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
        expected = (_softmax(sharpness * logits) * logits).sum(axis=1)
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


def _softmax(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    weights = np.exp(logits - logits.max(axis=1, keepdims=True))
    shares: NDArray[np.float64] = weights / weights.sum(axis=1, keepdims=True)
    return shares


def _last_layer(network: Any) -> Any:
    if LOGITS_LAYER not in {layer.name for layer in network.layers}:
        raise DataError(
            f"the network {network.name} has no layer `{LOGITS_LAYER}`, into which its answers could be corrected",
            "leave temperature_scaling and logit_adjustment out of the recipe",
        )
    return network.get_layer(LOGITS_LAYER)
