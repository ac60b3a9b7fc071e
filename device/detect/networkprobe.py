"""Tries a network's file in a process of its own: native code that crashes or hangs takes only that one with it."""

import signal

from device.errors import UnavailableError
from device.system.trial import run_trial

TIMEOUT_S = 30.0
CPU_S = 25
MEMORY_MB = 256
"""Beyond the libraries; YuNet takes a tenth of it."""


def try_network(content: bytes, name: str, timeout_s: float = TIMEOUT_S) -> None:
    """Let the network find a drawn face in two sizes. Raises UnavailableError with what became of it."""
    outcome = run_trial("device.detect.networkprobe_child", [name], content, timeout_s)
    if outcome is None:
        raise _unusable(name, f"it does not answer within {timeout_s:.0f} s")
    if outcome.returncode < 0:
        raise _unusable(name, f"it crashed OpenCV ({signal.Signals(-outcome.returncode).name})")
    if outcome.returncode:
        raise _unusable(name, outcome.last_line or "OpenCV ended without a word")


def _unusable(name: str, why: str) -> UnavailableError:
    return UnavailableError(
        f"{name} is no network that finds faces here: {why}",
        "get OpenCV Zoo's face_detection_yunet_2026may.onnx, and install it with: affectd detector install FILE",
    )
