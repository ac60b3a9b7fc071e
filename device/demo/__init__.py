"""A short clip of two faces, shipped so that everything can be tried and tested without a camera.

`ATTRIBUTION.md` beside it says where the portraits come from; `make clip` makes it afresh.
"""

import json
from dataclasses import dataclass
from pathlib import Path

CLIP_PATH: Path = Path(__file__).with_name("clip.mkv")
TRUE_BOXES_PATH: Path = Path(__file__).with_name("clip.boxes.json")


@dataclass(frozen=True, slots=True)
class TrueFace:
    """Where one face of the clip truly is in one frame.

    `box_xywh` is the square from brow to chin that OpenCV's frontal-face cascade would draw: left, top, width and
    height in pixels, not clipped to the frame. `visible` is the share of it, 0 to 1, that is inside the frame and not
    behind the other person; a face that is wholly covered is listed with 0, one that is out of the frame is not.
    """

    id: str
    box_xywh: tuple[float, float, float, float]
    visible: float

    def __post_init__(self) -> None:
        """Refuse an empty box and a share outside 0 to 1."""
        _, _, width, height = self.box_xywh
        if width <= 0 or height <= 0:
            raise ValueError(f"box of {self.id!r}: expected a width and height above 0 px, got {width} x {height}")
        if not 0.0 <= self.visible <= 1.0:
            raise ValueError(f"visible share of {self.id!r}: expected 0 to 1, got {self.visible}")


def load_true_boxes() -> tuple[tuple[TrueFace, ...], ...]:
    """The true faces of every frame of the clip: entry `i` holds those of frame `i`, none in an empty frame."""
    document = json.loads(TRUE_BOXES_PATH.read_text(encoding="utf-8"))
    return tuple(
        tuple(
            TrueFace(
                id=face["id"],
                box_xywh=(face["box"]["x"], face["box"]["y"], face["box"]["w"], face["box"]["h"]),
                visible=face["visible"],
            )
            for face in frame["faces"]
        )
        for frame in document["frames"]
    )
