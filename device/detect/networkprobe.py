"""Tries a network's file in a process of its own: native code that crashes or hangs takes only that one with it."""

import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

from device.errors import UnavailableError

TIMEOUT_S = 30.0
_MEMORY_BYTES = 2_000_000_000


def try_network(content: bytes, name: str, timeout_s: float = TIMEOUT_S) -> None:
    """Run the network over an empty picture. Raises UnavailableError with what became of it."""
    path = os.pathsep.join([str(Path(__file__).parents[2]), *filter(None, [os.environ.get("PYTHONPATH")])])
    try:
        answer = subprocess.run(
            [sys.executable, "-m", "device.detect.networkprobe", name],
            input=content,
            capture_output=True,
            timeout=timeout_s,
            check=False,
            env=os.environ | {"PYTHONPATH": path},
        )
    except subprocess.TimeoutExpired:
        raise _unusable(name, f"it does not answer within {timeout_s:.0f} s") from None
    if answer.returncode < 0:
        raise _unusable(name, f"it crashed OpenCV ({signal.Signals(-answer.returncode).name})")
    if answer.returncode:
        lines = answer.stdout.decode("utf-8", "replace").strip().splitlines()
        raise _unusable(name, lines[-1] if lines else "OpenCV ended without a word")


def _unusable(name: str, why: str) -> UnavailableError:
    return UnavailableError(
        f"{name} is no network that finds faces here: {why}",
        "get OpenCV Zoo's face_detection_yunet_2026may.onnx, and install it with: affectd detector install FILE",
    )


def main() -> None:
    """The child: the file on stdin, a reason on stdout where it cannot be used."""
    import numpy as np

    from device.detect.yunet import YuNet
    from device.errors import AffectdError

    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))
    code = 0
    try:
        network = YuNet(sys.stdin.buffer.read(), sys.argv[1])
        for side in (64, 320):  # two sizes, for one that takes a single size is of no use
            network.look(np.full((side, side, 3), 127, np.uint8))
    except (AffectdError, MemoryError) as error:
        print(getattr(error, "reason", "it takes more than 2 GB of memory"), flush=True)
        code = 1
    # Past whatever native code does at exit.
    os._exit(code)


if __name__ == "__main__":
    main()
