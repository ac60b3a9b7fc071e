"""Work through some frames of the bundled clip, for an instrument that counts instructions.

OPENCV_CPU_DISABLE=AVX2,FMA3,AVX,AVX512_SKX valgrind --tool=cachegrind --cache-sim=no --cachegrind-out-file=/dev/null \
    .venv/bin/python -m tests.benchmarks.instructions yunet 160

What 160 frames take more than 100 is for 60 frames with two faces in view, without the start. Without AVX, OpenCV
computes with vectors of 128 bits, as an Arm's are.
"""

import sys
import time

# Under the instrument, a search takes so long that the finder would make them rarer.
time.thread_time = lambda: 0.0

import cv2  # noqa: E402

from tests.benchmarks.clips import bundled_clip  # noqa: E402
from tests.benchmarks.contenders import Ours, OursWithNetwork  # noqa: E402


def main(kind: str, count: int) -> None:
    """Show the first ``count`` frames to the pipeline with that detector."""
    cv2.setNumThreads(1)
    contender = OursWithNetwork() if kind == "yunet" else Ours()
    for frame in bundled_clip("whole").frames[:count]:
        contender.step(frame)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
