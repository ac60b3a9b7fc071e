"""What the overlay is to look like: pictures that somebody has looked at, and how near a drawing comes to one."""

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
from skimage.metrics import structural_similarity

from device.overlay.display_options import DisplayOptions
from device.overlay.draw import Drawer
from device.overlay.scene import Scene
from device.overlay.settings import OverlaySettings
from tests.device.overlay.scenes import clip_scene, crowd, face, scene

FOLDER = Path(__file__).with_name("golden")
SIZE = (480, 270)
NAMES = ("full", "mirrored", "blur", "boxes", "strips", "crowd", "paused", "lost", "starting", "idle", "help", "words")

# FreeType and OpenCV place an edge's grey a little differently from release to release; a wrong word is far beyond.
MOST_MEAN_DIFFERENCE = 1.5
MOST_TILE_DIFFERENCE = 25.0
LEAST_SIMILARITY = 0.97
_TILE_PX = 15


def render(name: str) -> np.ndarray:
    """Draw the picture called ``name`` as the code has it now, uint8 (270, 480, 3) BGR."""
    drawn, words, view = _picture_of(name)
    drawer = Drawer(OverlaySettings(labels=words))
    if name == "idle":
        drawer.draw(replace(drawn, time_s=drawn.time_s - 100.0), SIZE, view, drawn.time_s - 100.0)
    return drawer.draw(drawn, SIZE, view, drawn.time_s)


def _picture_of(name: str) -> tuple[Scene, dict[str, str] | None, DisplayOptions]:
    pair = scene(face(1, (0.2, 0.3, 0.15, 0.2)), face(2, (0.6, 0.35, 0.18, 0.24), "sad", visible=False))
    row = [face(n + 1, (0.02 + 0.25 * n, 0.35, 0.12, 0.16), e) for n, e in enumerate(("fear", "angry", "uncertain"))]
    scenes = {
        "full": clip_scene(7.5),
        "blur": clip_scene(7.5),
        "strips": scene(*row, face(4, (0.8, 0.6, 0.12, 0.16), None), broker="away"),
        "crowd": scene(*crowd(9, seed=1)),
        "idle": scene(),
        "paused": scene(source="paused"),
        "lost": scene(source="lost", broker="away"),
        "starting": scene(picture=None),
    }
    views = {
        "mirrored": DisplayOptions(mirrored=True),
        "blur": DisplayOptions(privacy="blur"),
        "boxes": DisplayOptions(privacy="boxes"),
        "help": DisplayOptions(help_shown=True),
    }
    words = {"happy": "glücklich", "sad": "très triste", "angry": "σε οργή", "fear": "страх"}
    return scenes.get(name, pair), words if name == "words" else None, views.get(name, DisplayOptions())


def path_of(name: str) -> Path:
    """The committed picture called ``name``."""
    return FOLDER / f"{name}.png"


def differences(drawn: np.ndarray, golden: np.ndarray) -> list[str]:
    """In what ``drawn`` is not ``golden``; empty where it is."""
    if drawn.shape != golden.shape:
        return [f"its shape is {drawn.shape}, not {golden.shape}"]
    away = np.abs(drawn.astype(np.int16) - golden).mean(axis=2).astype(np.float32)
    height, width = away.shape
    tiles = cv2.resize(away, (width // _TILE_PX, height // _TILE_PX), interpolation=cv2.INTER_AREA)
    similarity = structural_similarity(drawn, golden, channel_axis=2)
    found = []
    if away.mean() > MOST_MEAN_DIFFERENCE:
        found.append(f"pixels differ by {away.mean():.2f} on average")
    if tiles.max() > MOST_TILE_DIFFERENCE:
        row, column = np.unravel_index(tiles.argmax(), tiles.shape)
        found.append(f"around ({column * _TILE_PX}, {row * _TILE_PX}) pixels differ by {tiles.max():.1f}")
    if similarity < LEAST_SIMILARITY:
        found.append(f"the structural similarity is {similarity:.3f}")
    return found
