"""Draws a strip of the crowd as each detector sees it: ``python -m tests.benchmarks.crowd_strip OUT.jpg``.

A row for each detector; thin boxes are the true ones, thick boxes those of tracks that are confirmed.
"""

import sys
from collections.abc import Callable, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from device.records import ObservedFace
from tests.benchmarks.clips import Truth
from tests.benchmarks.contenders import Ours, OursWithNetwork, network
from tests.benchmarks.crowd import CROWD, drawn

_SHOWN_S = (2.0, 4.0, 6.5, 9.5)
_TRUE, _HERS = (255, 255, 255), (60, 220, 60)


def main(out: str) -> None:
    """Draw and write."""
    makes: list[Callable[[], Ours]] = [Ours]
    if network().is_file():
        makes.append(OursWithNetwork)
    else:
        print(f"{network()} is not there: its row is left out (AFFECTD_NETWORK names another)")
    clip = drawn("crowd", CROWD, max(_SHOWN_S) + 0.1)
    shown = [round(moment * clip.fps) for moment in _SHOWN_S]
    rows = []
    for make in makes:
        contender = make()
        seen = [contender.step(frame) for frame in clip.frames]
        rows.append(np.hstack([_marked(clip.frames[one].colours(), clip.truths[one], seen[one]) for one in shown]))
    strip = np.vstack(rows)
    size = (strip.shape[1] // 2, strip.shape[0] // 2)
    cv2.imwrite(out, cv2.resize(strip, size, interpolation=cv2.INTER_AREA), [cv2.IMWRITE_JPEG_QUALITY, 80])


def _marked(bgr: NDArray[np.uint8] | None, truths: Sequence[Truth], faces: Sequence[ObservedFace]) -> NDArray[np.uint8]:
    if bgr is None:
        raise ValueError("the crowd is drawn in colour")
    picture = bgr.copy()
    boxes = [(truth.box, _TRUE, 2) for truth in truths if truth.whole]
    for box, colour, thickness in [*boxes, *((face.track.box, _HERS, 5) for face in faces if face.track.visible)]:
        corners = (round(box.x), round(box.y)), (round(box.x + box.w), round(box.y + box.h))
        cv2.rectangle(picture, *corners, colour, thickness)
    return picture


if __name__ == "__main__":
    main(sys.argv[1])
