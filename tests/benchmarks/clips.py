"""Frames decoded beforehand, so that decoding is in no figure."""

from datetime import UTC, datetime

import cv2
import numpy as np

from device.demo import CLIP_PATH
from device.records import Frame


def bundled_clip(*, colour: bool = False) -> list[Frame]:
    """All frames of the bundled clip, with their colours if they are asked for."""
    capture = cv2.VideoCapture(str(CLIP_PATH))
    fps = capture.get(cv2.CAP_PROP_FPS)
    frames: list[Frame] = []
    while True:
        more, bgr = capture.read()
        if not more:
            return frames
        grey = cv2.cvtColor(bgr, cv2.COLOR_BGR2GRAY).astype(np.uint8, copy=False)
        index = len(frames)
        frames.append(Frame(grey, index / fps, datetime.now(UTC), index, bgr.astype(np.uint8) if colour else None))
