"""``make bench-overlay``: CPU time that drawing takes, for each mode at 720 and 1080 lines, on one core."""

import time
from dataclasses import replace

import cv2
import numpy as np

from device.demo import CLIP_PATH, load_true_boxes
from device.overlay.display_options import DisplayOptions
from device.overlay.draw import Drawer
from device.overlay.scene import FaceMark, Scene
from device.overlay.settings import OverlaySettings
from device.records import Box, RelativeBox, Scores

SIZES = ((1280, 720), (1920, 1080))
ROUNDS = 5
LABELS = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")
VIEWS = {
    "full": DisplayOptions(mirrored=True),
    "blur": DisplayOptions(mirrored=True, privacy="blur"),
    "boxes": DisplayOptions(mirrored=True, privacy="boxes"),
    "help": DisplayOptions(mirrored=True, help_shown=True),
}


def main() -> None:
    """Measure and print."""
    cv2.setNumThreads(1)
    scenes = _clip()
    count = sum(len(scene.faces) for scene in scenes) / len(scenes)
    print(f"CPU per drawn picture, ms: {len(scenes)} of the bundled clip, {count:.1f} faces in each, best of {ROUNDS}")
    print(f"{'':26}" + "".join(f"{width} x {height:<8}" for width, height in SIZES))
    for name, view in VIEWS.items():
        _print(name, scenes, view)
    _print("full, the same again", [scenes[200]] * 200, VIEWS["full"])
    _print("full, eight faces", [replace(scene, faces=_eight()) for scene in scenes], VIEWS["full"])
    _print("paused", [replace(scene, source="paused") for scene in scenes], VIEWS["full"])


def _print(name: str, scenes: list[Scene], view: DisplayOptions) -> None:
    figures = (f"{_measure(scenes, size, view):<15.2f}" for size in SIZES)
    print(f"{name:<26}{''.join(figures)}", flush=True)


def _measure(scenes: list[Scene], size: tuple[int, int], view: DisplayOptions) -> float:
    drawer = Drawer(OverlaySettings())
    best_s = float("inf")
    now_s = 0.0
    for _ in range(ROUNDS):
        begun_s = time.process_time()
        for scene in scenes:
            now_s += 1 / 15
            drawer.draw(scene, size, view, now_s)
        best_s = min(best_s, time.process_time() - begun_s)
    return 1000 * best_s / len(scenes)


def _clip() -> list[Scene]:
    """The clip with its true faces, where there is one."""
    capture = cv2.VideoCapture(str(CLIP_PATH))
    scenes = []
    for index, faces in enumerate(load_true_boxes()):
        picture = np.asarray(capture.read()[1], np.uint8)
        marks = tuple(
            FaceMark(
                number, RelativeBox.of(Box(*face.box_xywh), 640, 480), "happy", _scores(), 0.1 * index, visible=True
            )
            for number, face in enumerate(faces, start=1)
        )
        if marks:
            scenes.append(Scene(picture, marks, index / 15, 14.9, "ok", "connected"))
    return scenes


def _eight() -> tuple[FaceMark, ...]:
    boxes = [RelativeBox(0.03 + 0.24 * (n % 4), 0.2 + 0.4 * (n // 4), 0.09, 0.12) for n in range(8)]
    return tuple(FaceMark(n, box, "happy", _scores(), 3.0, visible=True) for n, box in enumerate(boxes, start=1))


def _scores() -> Scores:
    return Scores(LABELS, (0.05, 0.05, 0.05, 0.6, 0.1, 0.05, 0.1))


if __name__ == "__main__":
    main()
