"""Keras, imported when it is needed and without its backend's notes."""

import importlib
import os
from typing import Any

from device.classify.interpreter.native_stderr import captured_stderr
from device.errors import UnavailableError

_THREADS = ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS")
"""What TensorFlow and its libraries read the number of their threads from when they start."""


def free_cores() -> int:
    """How many of this process's cores nothing kept busy over the last minute; at least 1.

    Threads of one operation wait for the slowest of them, so that more of them than free cores are slower than one.
    """
    return max(1, round(len(os.sched_getaffinity(0)) - os.getloadavg()[0]))


def use_threads(count: int) -> None:
    """Have TensorFlow compute in ``count`` threads; before ``load_keras``. JAX goes by its own XLA_FLAGS."""
    os.environ.update(dict.fromkeys(_THREADS, str(count)))


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
