"""A card for tests: as small as one can be."""

from typing import Any

import numpy as np

from device.contract.model_card import Conversion, Cost, GoldenExample, GoldenSet, InputCard, ModelCard, Training
from device.contract.preprocess import InputSpec

SPEC = InputSpec(8, 9)
EXAMPLE = GoldenExample.of(np.arange(72, dtype=np.uint8).reshape(8, 9, 1), np.array([0.25, 0.75], np.float32))


def make_card(**changes):
    """A card that is whole, but for ``changes`` to its fields."""
    fields: dict[str, Any] = {
        "name": "test",
        "version": "1",
        "labels": ("calm", "cross"),
        "input": InputCard.of(SPEC),
        "golden": GoldenSet(tolerance=0.04, examples=(EXAMPLE,)),
        "training": Training(recipe={"name": "test"}, data={"train": 3}, seed=1),
        "conversion": Conversion(method="none", format="int8", ends="uint8", versions={}, operators={"CONV_2D": 1}),
        "cost": Cost(flatbuffer_bytes=100, multiply_adds=10, parameters=5),
    }
    return ModelCard(**(fields | changes))
