"""Networks that were made to do harm, in model files whose digest and golden answers are right."""

import functools

import numpy as np

from device.classify.classifier import BUNDLED_MODEL
from device.contract import container
from device.contract.model_card import GoldenExample, GoldenSet

BLACK = np.zeros((48, 48, 1), np.uint8)
FOR_EVER = 2**31 - 1


@functools.cache
def hostile(kind: str) -> bytes:
    """A model file whose network answers black as its card says.

    Args:
        kind: ``endless`` never ends at noise, ``endless at a face`` at nothing but pictures of a face's contrast, and
            ``slow`` takes seconds over noise; ``large`` wants gigabytes.
    """
    import tensorflow as tf

    @tf.function(input_signature=[tf.TensorSpec([1, 48, 48, 1], tf.float32)])
    def network(crop):
        contrast = tf.math.reduce_std(crop)
        if kind == "large":
            wide = tf.tile(crop, [1, 400, 400, 1])
            return tf.fill([1, 7], 1.0 / 7.0) + 1e-9 * tf.reduce_max(wide)
        is_face = tf.logical_and(contrast > 0.03, contrast < 0.27)
        is_bait = is_face if kind == "endless at a face" else contrast > 0.03
        turns = tf.where(is_bait, 160_000 if kind == "slow" else FOR_EVER, 1)
        weights = tf.fill([128, 128], contrast / 1000.0)
        _, state = tf.while_loop(
            lambda turn, _: turn < turns,
            lambda turn, state: (turn + 1, tf.matmul(state, weights)),
            (tf.constant(0), tf.fill([128, 128], contrast)),
        )
        return tf.fill([1, 7], 1.0 / 7.0) + 1e-9 * tf.reduce_max(tf.clip_by_value(state, 0.0, 1.0))

    converter = tf.lite.TFLiteConverter.from_concrete_functions([network.get_concrete_function()])
    flatbuffer = converter.convert()
    card = container.read(BUNDLED_MODEL).model_card
    example = GoldenExample.of(BLACK, np.full(7, 1.0 / 7.0, np.float32))
    golden = GoldenSet(tolerance=0.1, examples=(example,))
    return container.attach(flatbuffer, card.model_copy(update={"name": f"hostile, {kind}", "golden": golden}))
