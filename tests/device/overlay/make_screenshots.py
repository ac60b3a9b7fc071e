"""Draw the pictures that the documentation shows: ``python -m tests.device.overlay.make_screenshots``.

The bundled clip goes through the real pipeline; what is read from it is what the model says.
"""

import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from device.app import build_pipeline
from device.capture.sources.video import VideoFile
from device.classify.classifier import TfliteClassifier
from device.config import Config
from device.demo import CLIP_PATH
from device.overlay.display_options import DisplayOptions
from device.overlay.draw import Drawer
from device.overlay.scene import FaceMark, Scene
from device.system.clock import SystemClock
from device.system.telemetry import Telemetry

FOLDER = Path(__file__).parents[3] / "docs"
SIZE = (1280, 720)
SHOWN_SIZE = (960, 540)
MOST_BYTES = 60_000
FILM_SIZE = (640, 360)
FILM_EVERY = 3
"""Frames of the clip for one of the film."""
MOST_FILM_BYTES = 1_000_000
AT_S = 11.2
_JPEG_QUALITY = 82
_WEBP_QUALITY = 55


def main() -> None:
    """Write all of them."""
    watching = _scene_at(AT_S)
    views = {
        "full": (watching, DisplayOptions()),
        "blur": (watching, DisplayOptions(privacy="blur")),
        "boxes": (watching, DisplayOptions(privacy="boxes")),
        "help": (watching, DisplayOptions(help_shown=True)),
        "paused": (replace(watching, source="paused"), DisplayOptions()),
        "lost": (replace(watching, source="lost", broker="away"), DisplayOptions()),
    }
    for name, (scene, view) in views.items():
        _write(name, Drawer(Config().overlay).draw(scene, SIZE, view, scene.time_s))
    _write("idle", _idle())
    _film()


def _scenes() -> Iterator[tuple[float, Scene]]:
    """The clip's frames as the pipeline sees them, each with its seconds from the first."""
    config, clock = Config(), SystemClock()
    classifier = TfliteClassifier.load(config.classifier.model_path, config.classifier.threads)
    pipeline = build_pipeline(config, clock, classifier, Telemetry(clock), ())
    source = VideoFile(CLIP_PATH, clock, colour="whole")
    source.open()
    first_s: float | None = None
    while (frame := source.read()) is not None:
        first_s = frame.time_s if first_s is None else first_s
        observation = pipeline.step(frame)
        faces = tuple(FaceMark.of(face, frame.width, frame.height, frame.time_s) for face in observation.faces)
        scene = Scene(frame.bgr, faces, frame.time_s, fps=15.0, source="ok", broker="connected")
        yield frame.time_s - first_s, scene
    source.close()


def _scene_at(at_s: float) -> Scene:
    return next(scene for elapsed_s, scene in _scenes() if elapsed_s >= at_s)


def _film() -> None:
    """The clip in the overlay, as the README shows it."""
    drawer, view, pictures = Drawer(Config().overlay), DisplayOptions(), []
    for number, (_, scene) in enumerate(_scenes()):
        drawn = drawer.draw(scene, SIZE, view, scene.time_s)
        if number % FILM_EVERY == 0:
            shown = cv2.resize(drawn, FILM_SIZE, interpolation=cv2.INTER_AREA)
            pictures.append(Image.fromarray(cv2.cvtColor(shown, cv2.COLOR_BGR2RGB)))
    path = FOLDER / "demo.webp"
    duration_ms = round(1000 * FILM_EVERY / 15.0)
    pictures[0].save(
        path, save_all=True, append_images=pictures[1:], duration=duration_ms, loop=0, quality=_WEBP_QUALITY, method=6
    )
    _tell(path, MOST_FILM_BYTES)


def _idle() -> np.ndarray:
    """The clip's first picture, in which nobody is, after a minute."""
    empty, drawer = _scene_at(0.0), Drawer(Config().overlay)
    drawer.draw(empty, SIZE, DisplayOptions(), empty.time_s)
    later = replace(empty, time_s=empty.time_s + 70.0)
    return drawer.draw(later, SIZE, DisplayOptions(), later.time_s)


def _write(name: str, drawn: np.ndarray) -> None:
    shown = cv2.resize(drawn, SHOWN_SIZE, interpolation=cv2.INTER_AREA)
    path = FOLDER / f"overlay-{name}.jpg"
    cv2.imwrite(str(path), shown, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])
    _tell(path, MOST_BYTES)


def _tell(path: Path, most_bytes: int) -> None:
    size = path.stat().st_size
    sys.stdout.write(f"{path.name}: {size / 1000:.0f} kB\n")
    if size > most_bytes:
        sys.exit(f"{path} has {size} bytes, more than the {most_bytes} that a page should load")


if __name__ == "__main__":
    main()
