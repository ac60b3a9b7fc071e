"""Draw the pictures that the documentation shows: ``python -m tests.device.overlay.make_screenshots``.

The bundled clip goes through the real pipeline; what is read from it is what the model says.
"""

import sys
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

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
AT_S = 11.2
_JPEG_QUALITY = 82


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


def _scene_at(at_s: float) -> Scene:
    config, clock = Config(), SystemClock()
    classifier = TfliteClassifier.load(config.classifier.model_path, config.classifier.threads)
    pipeline = build_pipeline(config, clock, classifier, Telemetry(clock), ())
    source = VideoFile(CLIP_PATH, clock, colour=True)
    source.open()
    first = source.read()
    assert first is not None
    observation = pipeline.step(first)
    while observation.frame.time_s - first.time_s < at_s and (frame := source.read()) is not None:
        observation = pipeline.step(frame)
    source.close()
    frame = observation.frame
    faces = tuple(FaceMark.of(face, frame.width, frame.height, frame.time_s) for face in observation.faces)
    return Scene(frame.bgr, faces, frame.time_s, fps=15.0, source="ok", broker="connected")


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
    size = path.stat().st_size
    sys.stdout.write(f"{path.name}: {size / 1000:.0f} kB\n")
    if size > MOST_BYTES:
        sys.exit(f"{path} has {size} bytes, more than the {MOST_BYTES} that a page should load")


if __name__ == "__main__":
    main()
