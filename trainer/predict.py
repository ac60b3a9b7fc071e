"""What a model says of pictures, as a table, CSV, JSON and annotated pictures."""

import csv
import io
import itertools
import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from device.overlay.display_options import DisplayOptions
from device.overlay.draw import draw
from device.overlay.scene import FaceMark, Scene
from device.overlay.settings import OverlaySettings
from device.records import RelativeBox
from trainer.cells import harmless
from trainer.datasets.listing import printable
from trainer.photos import PictureAnswer

SCHEMA = 1
"""The version of the JSON that is written here."""
_SHORTEST_SIDE_PX = 360
_WIDEST_PATH = 40
_CROP_MARGIN = 0.08
_ROOM_FOR_WORDS = 0.8
_GROUND = 44
_JPEG_QUALITY = 92


class Table:
    """The faces for a terminal, a line each, in columns as wide as the longest of ``paths`` and ``labels``."""

    def __init__(self, paths: Sequence[Path], labels: Sequence[str]) -> None:
        self._wide = min(_WIDEST_PATH, max(len("picture"), *(len(printable(str(path))) for path in paths)))
        self._word = max(len("emotion"), *map(len, labels))

    @property
    def head(self) -> str:
        """The columns' titles."""
        return self._row("picture", "face", "box (pixels)", "emotion", "sure", "then")

    def lines(self, answer: PictureAnswer) -> Iterator[str]:
        """A line for each face of a picture; one that says so where there is none."""
        path = answer.name
        shown = path if len(path) <= self._wide else "…" + path[1 - self._wide :]
        if not answer.faces:
            yield self._row(shown, "-", "", "no face found", "", "")
        for number, face in enumerate(answer.faces, start=1):
            label, confidence = face.scores.top
            others = sorted(face.scores.as_dict().items(), key=lambda item: -item[1])[1:3]
            then = ", ".join(f"{other} {share:.0%}" for other, share in others)
            box = face.box
            where = f"{box.x:.0f},{box.y:.0f} {box.w:.0f}x{box.h:.0f}" if box else "whole"
            yield self._row(shown, str(number), where, label, f"{confidence:.0%}", then)

    def _row(self, *cells: str) -> str:
        path, face, box, emotion, sure, then = cells
        return f"{path:<{self._wide}}  {face:>4}  {box:<17}  {emotion:<{self._word}}  {sure:>4}  {then}".rstrip()


def as_csv(answers: Sequence[PictureAnswer], labels: tuple[str, ...]) -> str:
    """A row for each face; a picture without one has a row with its name alone. Boxes in pixels."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["picture", "face", "x", "y", "w", "h", "emotion", "confidence", *(f"p_{one}" for one in labels)])
    for answer in answers:
        if not answer.faces:
            writer.writerow([harmless(answer.name), *[""] * (7 + len(labels))])
        for number, face in enumerate(answer.faces, start=1):
            said = face.as_dict()
            box = list(said["box"].values()) if said["box"] else [""] * 4
            shares = said["probabilities"].values()
            emotion = harmless(said["emotion"])
            writer.writerow([harmless(answer.name), number, *box, emotion, said["confidence"], *shares])
    return text.getvalue()


def as_dict(answers: Sequence[PictureAnswer], model: dict[str, Any]) -> dict[str, Any]:
    """The JSON document, schema 1; ``model`` says which one was asked."""
    return {
        "schema": SCHEMA,
        "model": model,
        "pictures": [
            {"picture": answer.name, "faces": [face.as_dict() for face in answer.faces]} for answer in answers
        ],
    }


def annotated(
    answer: PictureAnswer, pixels: NDArray[np.uint8], size: tuple[int, int] | None = None
) -> NDArray[np.uint8]:
    """A picture with its faces marked as on the device's display, uint8 (height, width, 3) BGR.

    Args:
        answer: what was found.
        pixels: the picture, uint8 (h, w, 3) BGR. Where it is a face itself it is put on a ground, for room for words.
        size: (width, height) to draw for; None for the picture's own, enlarged where it is too small for words.
    """
    marks = []
    for number, face in enumerate(answer.faces, start=1):
        if face.box is None:
            pixels, box = _framed(pixels)
        else:
            box = RelativeBox.of(face.box, answer.width, answer.height)
        marks.append(FaceMark(number, box, face.scores.top[0], face.scores, 0.0, visible=True))
    scene = Scene(pixels, tuple(marks), time_s=0.0, fps=None, source="ok", broker="off")
    height, width = pixels.shape[:2]
    grown = max(1, math.ceil(_SHORTEST_SIDE_PX / min(height, width)))
    view = DisplayOptions(privacy="full", mirrored=False, status_shown=False)
    return draw(scene, size or (width * grown, height * grown), OverlaySettings(), view)


def free_name(path: Path, taken: set[str]) -> str:
    """A JPEG's name after ``path``'s, unlike those in ``taken``, to which it is added."""
    candidates = (f"{path.stem}{f'-{turn}' if turn > 1 else ''}.jpg" for turn in itertools.count(1))
    name = next(name for name in candidates if name not in taken)
    taken.add(name)
    return name


def encode(picture: NDArray[np.uint8]) -> bytes:
    """A JPEG of uint8 (height, width, 3) BGR."""
    _, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])
    return data.tobytes()


def _framed(crop: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], RelativeBox]:
    """A crop at the left of a dark ground, and where it is."""
    height, width = crop.shape[:2]
    left = top = max(1, round(width * _CROP_MARGIN))
    across, down = round(width * (1 + _ROOM_FOR_WORDS)) + 2 * left, height + 2 * top
    ground = np.full((down, across, 3), _GROUND, np.uint8)
    ground[top : top + height, left : left + width] = crop
    return ground, RelativeBox(left / across, top / down, width / across, height / down)
