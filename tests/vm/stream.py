"""Pictures and settings with which the daemon makes many events at little cost: a face that jumps to and fro."""

from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from device.demo import load_true_boxes

_SIDE = 96
_PICTURES_A_SIDE = 3
FOLDER = "/carried/stream"

SECTIONS: dict[str, dict[str, Any]] = {
    "source": {"uri": FOLDER, "loop": True, "fps": 10},
    "detector": {
        "min_face": 0.3,
        "max_roll_deg": 0,
        "equalise": False,
        "evidence": None,
        "scan_interval_s": 0.1,
        "cpu_share": 0.9,
    },
    "tracker": {"confirm_hits": 1, "confirm_s": 0.0, "lost_s": 0.1},
    "smoothing": {"time_constant_s": 0.01, "min_dwell_s": 0},
}
"""Of the configuration: each jump is three events."""


def write_pictures(folder: Path, clip_picture: NDArray[np.uint8], picture_number: int) -> None:
    """Write them to ``folder``, for everybody to read, with a face of the clip's ``clip_picture``."""
    x, y, width, height = (round(value) for value in load_true_boxes()[picture_number][0].box_xywh)
    margin = width // 2
    cut = clip_picture[max(0, y - margin) : y + height + margin, max(0, x - margin) : x + width + margin]
    face = cv2.resize(cut, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA)
    folder.mkdir(exist_ok=True)
    folder.chmod(0o755)
    for number in range(2 * _PICTURES_A_SIDE):
        picture = np.full((_SIDE, 3 * _SIDE, 3), 110, np.uint8)
        left = 0 if number < _PICTURES_A_SIDE else 2 * _SIDE
        picture[:, left : left + _SIDE] = face
        assert cv2.imwrite(str(folder / f"{number}.png"), picture)
