"""Clips, decoded beforehand, so that decoding is in no figure, with the faces that are truly in them."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import cv2

from device.capture.sources.colours import Colour, split_colours
from device.demo import CLIP_PATH, load_true_boxes
from device.records import Box, Frame

VIDEOS = Path(__file__).parents[3] / "shared" / "data" / "videos"
REFERENCE_PATH = Path(__file__).with_name("reference.json")
EMPTY_CLIPS = ("store-aisle-detection.gif",)
BUNDLED = "bundled clip"


@dataclass(frozen=True)
class Truth:
    """A face that is in a frame: whose it is, where, and whether all of it can be seen."""

    person: str
    box: Box
    whole: bool


@dataclass(frozen=True)
class Clip:
    """Frames and, for each, its true faces."""

    name: str
    frames: list[Frame]
    truths: list[list[Truth]]
    fps: float

    @property
    def has_one_person(self) -> bool:
        """Whether the same one face is in every frame."""
        return self.name != BUNDLED and all(len(truths) == 1 for truths in self.truths)


def all_clips() -> list[Clip]:
    """The bundled clip, and the real ones where they are."""
    reference = json.loads(REFERENCE_PATH.read_text(encoding="utf-8"))
    clips = [bundled_clip("small")]
    for name in (*reference, *EMPTY_CLIPS):
        if (VIDEOS / name).exists():
            frames, fps = decoded(VIDEOS / name, "small")
            truths = [[Truth("one", Box(x, y, side, side), whole=True)] for x, y, side in reference.get(name, ())]
            clips.append(Clip(name, frames, truths or [[] for _ in frames], fps))
    return clips


def bundled_clip(colour: Colour = "none") -> Clip:
    """The clip that ships, with its colours as far as they are asked for."""
    frames, fps = decoded(CLIP_PATH, colour)
    truths = [
        [Truth(face.id, Box(*face.box_xywh), face.visible == 1.0) for face in faces] for faces in load_true_boxes()
    ]
    return Clip(BUNDLED, frames, truths, fps)


def decoded(path: Path, colour: Colour = "none") -> tuple[list[Frame], float]:
    """All frames of a video, with their colours as far as they are asked for, and how many it has in a second."""
    capture = cv2.VideoCapture(str(path))
    fps = capture.get(cv2.CAP_PROP_FPS)
    frames: list[Frame] = []
    while True:
        more, bgr = capture.read()
        if not more:
            return frames, fps
        parts, index = split_colours(bgr, colour=colour), len(frames)
        frames.append(Frame(time_s=index / fps, taken_at=datetime.now(UTC), index=index, **parts))
