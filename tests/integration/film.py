"""A film of five seconds, cut from the bundled clip of 24: a face comes, stays for three seconds, and leaves.

It is made once per process, however many daemons watch it.
"""

import functools
import tempfile
from pathlib import Path

import cv2

from device.demo import CLIP_PATH

_FPS = 15.0
# One face alone is in view of the clip from picture 24 to 75, and nobody from 334 on, for longer than `tracker.lost_s`.
_TAKEN = (*range(18, 67), *range(336, 360))

_KEPT: list[tempfile.TemporaryDirectory[str]] = []  # as long as the process


@functools.cache
def visit_film() -> Path:
    """The film's file."""
    _KEPT.append(tempfile.TemporaryDirectory(prefix="affectd-film-"))
    path = Path(_KEPT[-1].name) / "visit.avi"
    clip = cv2.VideoCapture(str(CLIP_PATH))
    pictures = [clip.read()[1] for _ in range(_TAKEN[-1] + 1)]
    height, width = pictures[0].shape[:2]
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), _FPS, (width, height))
    for index in _TAKEN:
        writer.write(pictures[index])
    writer.release()
    return path
