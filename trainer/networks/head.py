"""What closes every network that ends in a dense layer."""

from typing import Any

import keras
from keras import layers


def with_head(faces: Any, features: Any, classes: int, name: str) -> Any:
    """The network ``name`` from ``faces`` to probabilities (n, classes), of ``features`` (n, channels)."""
    logits = layers.Dense(classes, name="logits")(features)
    # float32 whatever the policy: a softmax in bfloat16 has two digits.
    return keras.Model(faces, layers.Softmax(name="probabilities", dtype="float32")(logits), name=name)
