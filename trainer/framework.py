"""Keras, imported when it is needed and without its backend's notes."""

import importlib
import os
import platform
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

from device.classify.interpreter.native_stderr import captured_stderr
from device.errors import UnavailableError

_THREADS = ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS")
"""What TensorFlow and its libraries read the number of their threads from when they start."""


Precision = Literal["float32", "bfloat16"]
"""Of the arithmetic of a training."""

_LOOK_S = 0.25
"""How long the cores are looked at: 25 of the ticks that Linux counts."""

_BFLOAT16 = frozenset({"avx512_bf16", "amx_bf16"})
"""What Linux calls the instructions by which a processor multiplies in bfloat16."""


def quick_precision(cpuinfo: Path = Path("/proc/cpuinfo")) -> Precision:
    """In which arithmetic TensorFlow trains faster on this processor; float32 on another backend, or if unknown."""
    if os.environ.get("KERAS_BACKEND", "tensorflow") != "tensorflow":
        return "float32"
    try:
        flags = next(
            line for line in cpuinfo.read_text(encoding="ascii", errors="replace").splitlines() if "flags" in line
        )
    except (OSError, StopIteration):
        return "float32"
    return "bfloat16" if _BFLOAT16 & set(flags.split()) else "float32"


def free_cores(stat: Path = Path("/proc/stat"), wait: Callable[[float], object] = time.sleep) -> int:
    """How many of this process's cores are idle now, at least 1: a look of a quarter of a second.

    Threads of one operation wait for the slowest of them, so that more of them than free cores are slower than one.
    The load average would not do: it counts what ended a minute ago, such as the training before this one.

    Args:
        stat: what Linux counts of its cores; where it cannot be read, all cores count as free.
        wait: sleeps for so many seconds.
    """
    cores = os.sched_getaffinity(0)
    before = _ticks_of_cores(stat)
    wait(_LOOK_S)
    after = _ticks_of_cores(stat)
    idle, busy = 0.0, 0.0
    for core in cores & before.keys() & after.keys():
        idle += after[core][0] - before[core][0]
        busy += after[core][1] - before[core][1]
    return max(1, round(len(cores) * idle / (idle + busy))) if idle + busy else len(cores)


def _ticks_of_cores(stat: Path) -> dict[int, tuple[int, int]]:
    """How long each core was idle, and how long busy, since the start (proc_stat(5)); by the core's number."""
    try:
        lines = stat.read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return {}
    ticks = {}
    for line in lines:
        if found := re.fullmatch(r"cpu(\d+) (\d+) (\d+) (\d+) (\d+) (\d+) (\d+) (\d+) (\d+)( \d+)*", line):
            core, user, nice, system, idle, waiting, *interrupts = map(int, found.groups()[:9])
            ticks[core] = (idle + waiting, user + nice + system + sum(interrupts))
    return ticks


def use_threads(count: int) -> None:
    """Have TensorFlow compute in ``count`` threads; before ``load_keras``. JAX goes by its own XLA_FLAGS."""
    os.environ.update(dict.fromkeys(_THREADS, str(count)))


def use_quick_kernels(machine: str = platform.machine()) -> None:
    """Have TensorFlow compute with oneDNN's kernels, unless the environment says otherwise; before ``load_keras``.

    They are its default on processors with AVX-512's instructions for networks alone, and faster on others too.
    """
    if machine == "x86_64":
        os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")


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
