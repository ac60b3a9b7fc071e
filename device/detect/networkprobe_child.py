"""The process that ``networkprobe`` starts: a network on stdin; a reason on stdout where it cannot be used."""

import os
import sys

import cv2
import numpy as np

from device.detect.yunet import YuNet
from device.errors import AffectdError


def main() -> None:
    """Look at pictures of two sizes, for a network that takes a single size is of no use."""
    cv2.setNumThreads(1)
    code = 0
    try:
        network = YuNet(sys.stdin.buffer.read(), sys.argv[1])
        for side in (64, 320):
            network.look(np.full((side, side, 3), 127, np.uint8))
    except AffectdError as error:
        print(error.reason.rpartition(": ")[2], flush=True)
        code = 1
    except MemoryError:
        print("it takes more than 2 GB of memory", flush=True)
        code = 1
    # Past whatever native code does at exit.
    os._exit(code)


if __name__ == "__main__":
    main()
