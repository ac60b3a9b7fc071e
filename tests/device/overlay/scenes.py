"""Scenes to draw: a made-up room, and the bundled clip with faces where they truly are."""

from dataclasses import replace

import cv2
import numpy as np

from device.contract.labels import EMOTIONS
from device.demo import CLIP_PATH, load_true_boxes
from device.overlay.scene import FaceMark, Scene
from device.records import UNCERTAIN, Box, RelativeBox, Scores

CLIP_SIZE = (640, 480)
CLIP_FPS = 15


def scores(top: str, share: float = 0.7, labels: tuple[str, ...] = EMOTIONS) -> Scores:
    """``share`` for ``top``, the rest evenly for the others."""
    rest = (1.0 - share) / (len(labels) - 1)
    return Scores(labels, tuple(share if label == top else rest for label in labels))


def face(
    number: int = 1,
    box: tuple[float, float, float, float] = (0.4, 0.3, 0.15, 0.2),
    emotion: str | None = "happy",
    *,
    held_s: float = 12.0,
    visible: bool = True,
) -> FaceMark:
    """One face, by default about in the middle of a 4:3 picture."""
    if emotion is None:
        return FaceMark(number, RelativeBox(*box), None, None, 0.0, visible)
    told = scores("happy", 0.3) if emotion == UNCERTAIN else scores(emotion)
    return FaceMark(number, RelativeBox(*box), emotion, told, held_s, visible)


def room(width: int = 640, height: int = 480) -> np.ndarray:
    """A smooth picture that is the same from both sides nowhere."""
    across = np.linspace(40, 200, width)[None, :, None]
    down = np.linspace(0, 50, height)[:, None, None]
    return (across + down * np.array([0.2, 0.6, 1.0])).astype(np.uint8)


def scene(*faces: FaceMark, **changes) -> Scene:
    """A room with ``faces`` in it."""
    usual = Scene(room(), faces, time_s=10.0, fps=14.9, source="ok", broker="connected")
    return replace(usual, **changes)


def crowd(count: int, seed: int, smallest: float = 0.06, largest: float = 0.16) -> tuple[FaceMark, ...]:
    """Faces anywhere in the picture, some over others; sides as shares of its height."""
    random = np.random.default_rng(seed)
    faces = []
    for number in range(1, count + 1):
        side = random.uniform(smallest, largest)
        width = side * 0.75
        box = (random.uniform(0, 1 - width), random.uniform(0, 1 - side), width, side)
        emotion = random.choice([*EMOTIONS, UNCERTAIN])
        faces.append(face(number, box, str(emotion), held_s=random.uniform(0, 500), visible=random.random() > 0.2))
    return tuple(faces)


def clip_picture(at_s: float) -> np.ndarray:
    """The bundled clip's picture at ``at_s``, uint8 (480, 640, 3) BGR."""
    capture = cv2.VideoCapture(str(CLIP_PATH), cv2.CAP_FFMPEG)
    for _ in range(int(at_s * CLIP_FPS)):
        capture.grab()
    read, picture = capture.read()
    capture.release()
    assert read
    return picture


def clip_scene(at_s: float, **changes) -> Scene:
    """The bundled clip at ``at_s``, its faces where they truly are, with made-up readings."""
    faces = []
    for number, true in enumerate(load_true_boxes()[int(at_s * CLIP_FPS)], start=1):
        box = RelativeBox.of(Box(*true.box_xywh), *CLIP_SIZE)
        emotion = "happy" if true.id == "collins" else "neutral"
        faces.append(FaceMark(number, box, emotion, scores(emotion, 0.85), 4.0 + number, visible=True))
    return scene(*faces, picture=clip_picture(at_s), **changes)
