"""The process that ``networkprobe`` starts: a network on stdin; a reason on stdout where it cannot be used.

The network is read once root, memory and time were given up.
"""

import os
import sys

import cv2
import numpy as np

from device.detect.networkprobe import CPU_S, MEMORY_MB
from device.detect.yunet import YuNet
from device.errors import AffectdError
from device.system.confinement import confine
from device.system.trial import MOST_TOLD_BYTES


def main() -> None:
    """Look at pictures of two sizes, for a network that takes a single size is of no use."""
    cv2.setNumThreads(1)
    confine(memory_mb=MEMORY_MB, cpu_s=CPU_S, written_bytes=MOST_TOLD_BYTES)
    code = 0
    try:
        network = YuNet(sys.stdin.buffer.read(), sys.argv[1])
        for side in (64, 320):
            network.look(np.full((side, side, 3), 127, np.uint8))
    except AffectdError as error:
        print(error.reason.rpartition(": ")[2], flush=True)
        code = 1
    except MemoryError:
        print(f"it takes more than {MEMORY_MB} MB of memory", flush=True)
        code = 1
    # Past whatever native code does at exit.
    os._exit(code)


if __name__ == "__main__":
    main()
