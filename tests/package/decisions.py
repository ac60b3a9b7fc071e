"""What the daemon's stages make of a folder of pictures, as JSON; run inside a root, by the package's own Python.

Usage: python3 decisions.py FOLDER FPS
"""

import json
import platform
import sys
from typing import Any

import numpy as np

from device.app import build_pipeline
from device.capture.sources import build_source
from device.classify.modelstore import open_model
from device.config import Config
from device.records import Event, Observation
from device.system.clock import SystemClock
from device.system.telemetry import Telemetry


class Notes:
    """A sink that keeps all it hears."""

    def __init__(self) -> None:
        self.pictures: list[list[dict[str, Any]]] = []
        self.events: list[dict[str, Any]] = []

    def observe(self, observation: Observation) -> None:
        """The faces of one picture."""
        self.pictures.append(
            [
                {
                    "track": face.track.id,
                    "box": [face.track.box.x, face.track.box.y, face.track.box.w, face.track.box.h],
                    "emotion": face.reading.emotion,
                    "scores": face.reading.scores.probabilities,
                }
                for face in observation.faces
                if face.reading
            ]
        )

    def emit(self, event: Event) -> None:
        """One decision, and at which picture it fell."""
        told = {"type": event.type, "track": event.track, "emotion": event.emotion, "previous": event.previous}
        self.events.append({"picture": len(self.pictures), **told})


def main(folder: str, fps: str) -> dict[str, Any]:
    """Take every picture through all stages."""
    clock, notes = SystemClock(), Notes()
    source = {"uri": folder, "fps": float(fps), "pace": "as-fast-as-possible"}
    config = Config.model_validate({"device": {"id": "hall"}, "source": source, "mqtt": {"enabled": False}})
    classifier = open_model(config.classifier, config.models, config.device.resolved_state_dir)
    pipeline = build_pipeline(config, clock, classifier, Telemetry(clock), [notes])
    pictures = build_source(config.source, clock)
    pictures.open()
    while (frame := pictures.read()) is not None:
        pipeline.step(frame)
    pipeline.finish("source_ended")
    golden = classifier.model_card.golden
    crops = [example.array(classifier.input_spec) for example in golden.examples]
    return {
        "machine": platform.machine(),
        "python": platform.python_version(),
        "runtime": classifier.runtime,
        "tolerance": golden.tolerance,
        "golden": [classifier.classify(np.asarray(crop)).probabilities for crop in crops],
        "pictures": notes.pictures,
        "events": notes.events,
    }


if __name__ == "__main__":
    print(json.dumps(main(*sys.argv[1:])))
