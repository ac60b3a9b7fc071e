"""Pictures of the bundled clip, and what can be done to them."""

import functools

import cv2
import numpy as np
from numpy.typing import NDArray

from device.capture.sources.video import VideoFile
from device.demo import CLIP_PATH, load_true_boxes
from device.records import Box
from tests.fakes import FakeClock

Picture = NDArray[np.uint8]

NOBODY = 0
ONE = 60
TWO = 315
"""Numbers of frames with so many faces, whole and from the front."""
SMALLER = 240
"""Another frame with one face, which is farther away."""


@functools.cache
def clip() -> tuple[tuple[Picture, tuple[Box, ...]], ...]:
    """Grey picture and true faces of every 15th frame in which each face is wholly in view, and of every empty one."""
    return tuple(
        (picture, boxes)
        for number, (picture, boxes) in enumerate(_frames())
        if not number % 15 and all(visible > 0.95 for visible in _visible(number))
    )


def shot(number: int) -> tuple[Picture, tuple[Box, ...]]:
    """Grey picture and true faces of one frame of the clip."""
    picture, boxes = _frames()[number]
    return picture.copy(), boxes


def tilted(picture: Picture, box: Box, roll_deg: float) -> Picture:
    """``picture`` turned clockwise by ``roll_deg`` around the middle of ``box``."""
    x, y = box.centre
    turn = cv2.getRotationMatrix2D((x - 0.5, y - 0.5), -roll_deg, 1.0)
    size = picture.shape[1], picture.shape[0]
    return cv2.warpAffine(picture, turn, size, borderMode=cv2.BORDER_REPLICATE).astype(np.uint8, copy=False)


@functools.cache
def _frames() -> tuple[tuple[Picture, tuple[Box, ...]], ...]:
    source = VideoFile(CLIP_PATH, FakeClock())
    source.open()
    frames = iter(source.read, None)
    return tuple(
        (frame.grey, tuple(Box(*face.box_xywh) for face in true))
        for frame, true in zip(frames, load_true_boxes(), strict=True)
    )


def _visible(number: int) -> list[float]:
    return [face.visible for face in load_true_boxes()[number]]
