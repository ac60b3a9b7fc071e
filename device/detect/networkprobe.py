"""Tries a network's file in a process of its own: native code that crashes or hangs takes only that one with it."""

import resource
import signal
import subprocess

from device.errors import UnavailableError
from device.system.child import python_command

TIMEOUT_S = 30.0
MEMORY_BYTES = 2_000_000_000


def try_network(content: bytes, name: str, timeout_s: float = TIMEOUT_S) -> None:
    """Run the network over pictures of two sizes. Raises UnavailableError with what became of it."""
    try:
        answer = subprocess.run(
            python_command("device.detect.networkprobe_child", name),
            input=content,
            capture_output=True,
            timeout=timeout_s,
            check=False,
            preexec_fn=_limit_memory,
        )
    except subprocess.TimeoutExpired:
        raise _unusable(name, f"it does not answer within {timeout_s:.0f} s") from None
    if answer.returncode < 0:
        raise _unusable(name, f"it crashed OpenCV ({signal.Signals(-answer.returncode).name})")
    if answer.returncode:
        lines = answer.stdout.decode("utf-8", "replace").strip().splitlines()
        raise _unusable(name, lines[-1] if lines else "OpenCV ended without a word")


def _limit_memory() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))


def _unusable(name: str, why: str) -> UnavailableError:
    return UnavailableError(
        f"{name} is no network that finds faces here: {why}",
        "get OpenCV Zoo's face_detection_yunet_2026may.onnx, and install it with: affectd detector install FILE",
    )
