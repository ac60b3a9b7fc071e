"""What models read in the faces of a clip over time, drawn: ``python -m tests.benchmarks.readings OUT.png [CLIP]``.

Without a clip, the face is one that changes: :mod:`tests.benchmarks.fade`.

A column for each of the two faces that are longest in view: what was seen of it, and below, for each model that ships,
the smoothed probabilities, and the emotion that was told.
"""

import sys
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from device.classify.classifier import BUNDLED_MODEL
from device.contract.labels import EMOTIONS
from device.contract.preprocess import InputSpec, crop_face
from device.errors import EXIT_USAGE
from device.overlay.palette import colour_of
from device.records import Frame, Scores
from tests.benchmarks.clips import decoded
from tests.benchmarks.contenders import Ours
from tests.benchmarks.fade import fading

FACES = 2
PICTURES = 8
CROP = InputSpec(96, 96)
FONT = {"color": "#1d2327", "fontsize": 9}


@dataclass
class Story:
    """What one model read in one track: a row for each frame in which something was told."""

    times_s: list[float] = field(default_factory=list)
    probabilities: list[Scores] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    crops: list[NDArray[np.uint8]] = field(default_factory=list)

    def changes(self) -> list[tuple[float, str]]:
        """When which emotion was told first."""
        before = ["", *self.told[:-1]]
        return [(at, now) for at, now, was in zip(self.times_s, self.told, before, strict=True) if now != was]


def read(frames: list[Frame], model: Path) -> list[Story]:
    """The faces that are longest in view, as they come."""
    eyes, stories = Ours(model), dict[int, Story]()
    for frame in frames:
        for face in eyes.step(frame):
            if face.reading is None:
                continue
            story = stories.setdefault(face.track.id, Story())
            story.times_s.append(frame.time_s)
            story.probabilities.append(face.reading.scores)
            story.told.append(face.reading.emotion)
            story.crops.append(crop_face(frame.grey, face.track.box, CROP))
    longest = dict(Counter({track: len(story.times_s) for track, story in stories.items()}).most_common(FACES))
    return [story for track, story in stories.items() if track in longest]


def draw(columns: list[tuple[str, list[Story]]], out: Path) -> None:
    """Write the picture; ``columns`` holds each model's name and its stories."""
    faces = max(len(stories) for _, stories in columns)
    figure = Figure(figsize=(6.4 * faces, 0.9 + 1.9 * len(columns)), dpi=110, layout="constrained")
    heights = [0.62] + [1.0] * len(columns)
    grid = figure.subplots(1 + len(columns), faces, squeeze=False, gridspec_kw={"height_ratios": heights})
    for column in range(faces):
        _strip(grid[0][column], columns[0][1][column])
        for row, (name, stories) in enumerate(columns, 1):
            if column < len(stories):
                _story(grid[row][column], stories[column])
            grid[row][column].set_title(name, loc="left", **FONT)
        grid[-1][column].set_xlabel("seconds", **FONT)
    handles, labels = grid[1][0].get_legend_handles_labels()
    across = len(labels) if faces > 1 else 4
    figure.legend(handles, labels, loc="outside lower center", ncols=across, frameon=False, fontsize=9)
    figure.savefig(out)


def _strip(axes, story: Story) -> None:
    chosen = np.linspace(0, len(story.crops) - 1, PICTURES).round().astype(int)
    axes.imshow(np.hstack([story.crops[index][..., 0] for index in chosen]), cmap="gray", vmin=0, vmax=255)
    axes.set_axis_off()


def _story(axes, story: Story) -> None:
    shares = np.array([scores.probabilities for scores in story.probabilities]).T
    colours = [mpl.colors.to_hex(np.array(colour_of(label, EMOTIONS)[::-1]) / 255) for label in EMOTIONS]
    axes.stackplot(story.times_s, shares, labels=EMOTIONS, colors=colours, linewidth=0)
    for at_s, emotion in story.changes():
        axes.axvline(at_s, color="#1d2327", linewidth=0.8)
        axes.annotate(emotion, (at_s, 0.03), rotation=90, xytext=(2, 0), textcoords="offset points", fontsize=8)
    axes.set_xlim(story.times_s[0], story.times_s[-1])
    axes.set_ylim(0, 1)
    axes.set_yticks([0, 0.5, 1])
    axes.tick_params(length=0, labelsize=8)
    axes.spines[:].set_visible(False)


def main() -> int:
    if len(sys.argv) not in {2, 3}:
        print("give the picture to write, and a clip: python -m tests.benchmarks.readings OUT.png [CLIP]")
        return EXIT_USAGE
    frames = decoded(Path(sys.argv[2]))[0] if len(sys.argv) == 3 else fading()
    models = sorted(BUNDLED_MODEL.parent.glob("*.tflite"))
    columns = [(model.name, read(frames, model)) for model in models]
    for name, stories in columns:
        for number, story in enumerate(stories, 1):
            told = ", ".join(f"{at_s:.1f} s {emotion}" for at_s, emotion in story.changes())
            print(f"{name}, face {number}: {told}")
    draw(columns, Path(sys.argv[1]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
