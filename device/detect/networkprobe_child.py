"""The process that ``networkprobe`` starts: a network on stdin; a reason on stdout where it cannot be used.

The network is read once root, memory and time were given up.
"""

import os
import sys

import cv2
import numpy as np

from device.detect.drawnface import draw_face
from device.detect.networkprobe import CPU_S, MEMORY_MB
from device.detect.yunet import YuNet
from device.errors import AffectdError, UnavailableError
from device.system.confinement import confine
from device.system.trial import MAX_OUTPUT_BYTES

_SEEN_IOU = 0.4


def main() -> None:
    """Look for a drawn face in pictures of two sizes, for a network that takes a single size is of no use."""
    cv2.setNumThreads(1)
    confine(memory_mb=MEMORY_MB, cpu_s=CPU_S, written_bytes=MAX_OUTPUT_BYTES)
    code = 0
    try:
        network = YuNet(sys.stdin.buffer.read(), sys.argv[1])
        for side in (64, 320):
            _require_eyes(network, side)
    except AffectdError as error:
        print(error.reason.partition(f"{sys.argv[1]}: ")[2] or error.reason, flush=True)
        code = 1
    except MemoryError:
        print(f"it takes more than {MEMORY_MB} MB of memory", flush=True)
        code = 1
    # Past whatever native code does at exit.
    os._exit(code)


def _require_eyes(network: YuNet, side: int) -> None:
    """Raises UnavailableError for a network that runs and finds no faces, or finds some where there are none."""
    picture, box = draw_face(side)
    seen = network.look(picture)
    if not any(one.box.iou(box) >= _SEEN_IOU for one in seen) or len(seen) > 1:
        raise UnavailableError(f"it finds {len(seen)} faces in a drawn picture of one")
    if network.look(np.full((side, side, 3), 127, np.uint8)):
        raise UnavailableError("it finds a face in a picture that is grey all over")


if __name__ == "__main__":
    main()
