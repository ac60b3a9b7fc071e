"""Class folders of small pictures, drawn by the tests themselves."""

from pathlib import Path

import cv2

from tests.trainer.files import picture

CLASSES = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")


def draw(path: Path, label: int = 0, seed: int = 0) -> Path:
    """One 48 x 48 picture, all pictures of other seeds differing from it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), picture(label, seed))
    return path


def draw_folders(root: Path, counts: dict[str, int], classes: tuple[str, ...] = CLASSES) -> Path:
    """``counts`` pictures of each class on each split; the split "" for folders without splits."""
    seed = 0
    for split, count in counts.items():
        for label, name in enumerate(classes):
            for number in range(count):
                seed += 1
                draw(root / split / name / f"im{number}.png", label % 7, seed)
    return root
