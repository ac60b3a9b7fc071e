"""Trainings whose few steps are done sooner than TensorFlow makes a graph of them."""

from collections.abc import Iterator
from contextlib import contextmanager

import keras
import pytest


@contextmanager
def few_steps() -> Iterator[None]:
    """Within it a training is computed step by step, and draws no pictures beside its model."""
    from trainer import results

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(results, "_draw", lambda *_: [])
        if keras.backend.backend() != "tensorflow":
            yield
            return
        import tensorflow as tf

        tf.config.run_functions_eagerly(run_eagerly=True)
        try:
            yield
        finally:
            tf.config.run_functions_eagerly(run_eagerly=False)


@pytest.fixture
def in_few_steps() -> Iterator[None]:
    """The whole test within ``few_steps``."""
    with few_steps():
        yield
