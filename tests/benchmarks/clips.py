"""Frames decoded beforehand, so that decoding is in no figure."""

from datetime import UTC, datetime

import cv2
import numpy as np

from device.demo import CLIP_PATH
from device.records import Frame


def bundled_clip() -> list[Frame]:
    """All frames of the bundled clip."""
    capture = cv2.VideoCapture(str(CLIP_PATH))
    fps = capture.get(cv2.CAP_PROP_FPS)
    frames: list[Frame] = []
    while True:
        more, bgr = capture.read()
        if not more:
            return frames
        grey = cv2.cvtColor(bgr, cv2.COLOR_BGR2GRAY).astype(np.uint8, copy=False)
        frames.append(Frame(grey, len(frames) / fps, datetime.now(UTC), len(frames)))
