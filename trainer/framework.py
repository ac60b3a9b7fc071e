"""Keras, imported when it is needed and without its backend's notes."""

import importlib
from typing import Any

from device.classify.interpreter.native_stderr import captured_stderr
from device.errors import UnavailableError


def load_keras() -> Any:
    """The module ``keras``, on whichever backend is chosen (``KERAS_BACKEND``).

    Raises:
        UnavailableError: Keras or its backend is not installed.
    """
    try:
        # TensorFlow writes notes before it reads how many are wanted, and again when it looks for a GPU.
        with captured_stderr():
            keras = importlib.import_module("keras")
            keras.ops.zeros(())
    except ImportError as error:
        raise UnavailableError(
            f"training needs Keras and TensorFlow or JAX ({error})", "pip install 'affectd[train]'"
        ) from error
    return keras
