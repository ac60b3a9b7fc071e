"""TensorFlow and Keras, imported when they are needed and without their notes."""

import importlib
import os
from typing import Any

from device.classify.interpreter.native_stderr import captured_stderr
from device.errors import UnavailableError

_INSTALL = "pip install 'affectd[convert]'"


def load_tensorflow() -> Any:
    """The module ``tensorflow``. Raises UnavailableError when it is not installed."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    try:
        # Some notes are printed before that variable is read.
        with captured_stderr():
            tensorflow = importlib.import_module("tensorflow")
    except ImportError as error:
        raise UnavailableError(f"conversion needs TensorFlow ({error})", _INSTALL) from error
    tensorflow.get_logger().setLevel("ERROR")
    importlib.import_module("absl.logging").set_verbosity("error")
    return tensorflow


def load_keras() -> Any:
    """The module ``keras`` on TensorFlow. Raises UnavailableError when it is missing or runs on another backend."""
    os.environ["KERAS_BACKEND"] = "tensorflow"
    load_tensorflow()
    try:
        keras = importlib.import_module("keras")
    except ImportError as error:
        raise UnavailableError(f"conversion needs Keras ({error})", _INSTALL) from error
    if keras.backend.backend() != "tensorflow":
        raise UnavailableError(f"conversion needs Keras on TensorFlow, not on {keras.backend.backend()}")
    return keras
