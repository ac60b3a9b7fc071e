"""Labelled photographs, as they are and turned: where they are, not in the repository."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Photograph = tuple[dict[str, Any], NDArray[np.uint8]]
"""What is written of it in boxes.json, and its pixels, uint8 (height, width, 3)."""

_LEAST_TURN_DEG, _MOST_TURN_DEG = 27.0, 43.0
_TILTED_DEG = (25.0, 45.0)


ALL = slice(None)


def photographs(folder: Path, part: slice = ALL) -> Iterator[Photograph]:
    """The photographs of ``folder``, or a part of them.

    Raises:
        FileNotFoundError: one is not there.
    """
    for described in json.loads((folder / "boxes.json").read_text(encoding="utf-8"))[part]:
        bgr = cv2.imread(str(folder / "pictures" / described["file"]))
        if bgr is None:
            raise FileNotFoundError(folder / "pictures" / described["file"])
        yield described, bgr.astype(np.uint8, copy=False)


def turned(folder: Path, part: slice = ALL, least_share: float = 0.08) -> Iterator[Photograph]:
    """Those with faces, each turned to one side, with the faces that are tilted by 25 to 45 degrees then.

    Faces below ``least_share`` of the height, or of which a part is out of the picture then, count neither way.
    """
    draw = np.random.default_rng(7)
    for described, bgr in photographs(folder, part):
        if described["kind"] == "faces":
            turn_deg = float(draw.choice([-1, 1]) * draw.uniform(_LEAST_TURN_DEG, _MOST_TURN_DEG))
            photograph = _turned(described, bgr, turn_deg, least_share)
            if photograph[0]["faces"]:
                yield photograph


def _turned(described: dict[str, Any], bgr: NDArray[np.uint8], turn_deg: float, least_share: float) -> Photograph:
    height, width = bgr.shape[:2]
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), -turn_deg, 1.0)
    pixels = cv2.warpAffine(bgr, turn, (width, height), borderMode=cv2.BORDER_REPLICATE).astype(np.uint8, copy=False)
    faces, ignore = [], []
    for one in [*described["faces"], *described["ignore"]]:
        face = one if isinstance(one, dict) else {"box": one}
        x, y, w, h = face["box"]
        middle_x, middle_y = (float(value) for value in turn @ (x + w / 2, y + h / 2, 1.0))
        face = face | {"box": [middle_x - w / 2, middle_y - h / 2, w, h]}
        is_inside = w / 2 < middle_x < width - w / 2 and h / 2 < middle_y < height - h / 2
        roll_deg = (face.get("roll", 0.0) + turn_deg + 180) % 360 - 180
        is_tilted = _TILTED_DEG[0] <= abs(roll_deg) <= _TILTED_DEG[1]
        if is_inside and is_tilted and face.get("share", 0.0) >= least_share:
            faces.append(face | {"roll": roll_deg})
        else:
            ignore.append({"box": face["box"]})
    return described | {"kind": "turned", "faces": faces, "ignore": ignore}, pixels
