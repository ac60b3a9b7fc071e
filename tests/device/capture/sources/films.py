"""Little films and pictures for the tests of the sources."""

from pathlib import Path

import cv2
import numpy as np

FPS = 10.0
WIDTH, HEIGHT = 64, 48


def picture(level: int) -> np.ndarray:
    """One even grey, by which a test knows a frame again."""
    return np.full((HEIGHT, WIDTH, 3), level, np.uint8)


def film(path: Path, levels: list[int]) -> Path:
    """An MJPG film, one even grey a frame."""
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), FPS, (WIDTH, HEIGHT))
    for level in levels:
        writer.write(picture(level))
    writer.release()
    return path


def level_of(grey: np.ndarray) -> int:
    """The grey level, to the nearest ten: JPEG is not exact."""
    return round(float(grey.mean()) / 10) * 10


def read_all(source) -> list:
    """Every frame until the end."""
    return list(iter(source.read, None))
