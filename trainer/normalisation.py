"""Batch normalisation at TensorFlow's own speed while a network is trained, and its statistics where it has none.

Keras 3 makes batch normalisation of a dozen operations, each of which goes through memory: on a CPU they take as long
as the convolutions. TensorFlow has a single one for it (Ioffe and Szegedy, "Batch Normalization", 2015, forward and
backward), which gives the same numbers. Other backends fuse Keras's own, and do without TensorFlow.
"""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

_RANK = 4
_BATCH = 64
_LEAST_EPSILON = 1.001e-5
"""Below it TensorFlow's operation takes this instead."""


def with_fused_normalisation(network: Any) -> Any:
    """A network to train in the place of ``network``, a Keras model: the same layers, weights and arithmetic.

    Weights that were trained are taken back with ``network.set_weights(trained.get_weights())``. Where nothing would be
    gained, it is ``network`` itself.
    """
    normalised = [layer for layer in network.layers if type(layer) is keras.layers.BatchNormalization]
    if keras.backend.backend() != "tensorflow" or not any(map(_can_be_fused, normalised)):
        return network
    quick = keras.models.clone_model(network, clone_function=_cloned)
    quick.set_weights(network.get_weights())
    return quick


def measure(network: Any, normalisations: Sequence[Any], faces: NDArray[np.floating[Any]]) -> None:
    """Give ``normalisations``, layers of ``network``, the statistics of ``faces`` without a change of any answer.

    So a training, which normalises by each batch, begins where the network stands.

    Args:
        network: a Keras model.
        normalisations: are scaled and shifted by as much as their statistics change.
        faces: (n, height, width, 1) as the network takes them; a thousand will do.
    """
    reached = keras.Model(network.input, {layer.name: layer.input for layer in normalisations})
    sums: dict[str, Any] = dict.fromkeys(reached.output, 0.0)
    squares = dict(sums)
    for at in range(0, len(faces), _BATCH):
        for name, found in reached(faces[at : at + _BATCH]).items():
            values = keras.ops.convert_to_numpy(keras.ops.cast(found, "float32")).astype(np.float64)
            sums[name] += values.mean(axis=(1, 2)).sum(axis=0)
            squares[name] += np.square(values).mean(axis=(1, 2)).sum(axis=0)
    for layer in normalisations:
        mean = sums[layer.name] / len(faces)
        variance = np.maximum(squares[layer.name] / len(faces) - np.square(mean), 0.0)
        gamma, beta, old_mean, old_variance = layer.get_weights()
        scale = gamma / np.sqrt(old_variance + layer.epsilon)
        layer.set_weights([scale * np.sqrt(variance + layer.epsilon), beta + scale * (mean - old_mean), mean, variance])


def _can_be_fused(layer: Any) -> bool:
    last = layer.axis in (-1, _RANK - 1)
    renormalised = getattr(layer, "renorm", False)  # Keras 3.14 and later
    return bool(
        last and layer.input.ndim == _RANK and layer.epsilon >= _LEAST_EPSILON and not renormalised
    )  # from 3.14 on


def _cloned(layer: Any) -> Any:
    """``layer`` anew, fused where it can be."""
    kind = type(layer)
    if kind is keras.layers.BatchNormalization and _can_be_fused(layer):
        kind = BatchNormalization
    return kind.from_config(layer.get_config())


# It has the name of what it stands for, for states of trainings name layers by their class.
class BatchNormalization(keras.layers.BatchNormalization):  # type: ignore[misc] # untyped in Keras
    """Keras's layer for (n, h, w, channels), on TensorFlow alone; frozen and outside training it is Keras's own."""

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:  # noqa: FBT001 (Keras's own)
        """Normalise by the batch and move the averages, as Keras's layer does."""
        if not training or not self.trainable or mask is not None:
            return super().call(inputs, training=training, mask=mask)
        import tensorflow as tf

        ops = keras.ops
        ones = ops.ones(self.moving_mean.shape)
        outputs, mean, variance = tf.compat.v1.nn.fused_batch_norm(
            inputs,
            ops.convert_to_tensor(self.gamma) if self.scale else ones,
            ops.convert_to_tensor(self.beta) if self.center else ops.zeros_like(ones),
            epsilon=self.epsilon,
            is_training=True,
        )
        count = ops.cast(ops.size(inputs), "float32") / inputs.shape[-1]
        # TensorFlow tells the sample's variance, Keras averages the batch's.
        variance = variance * (count - 1.0) / count
        for average, new in ((self.moving_mean, mean), (self.moving_variance, variance)):
            average.assign(average * self.momentum + ops.cast(new, average.dtype) * (1.0 - self.momentum))
        return outputs
