"""What a model says of pictures, as a table, CSV, JSON and annotated pictures."""

import csv
import io
import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from device.overlay.draw import draw
from device.overlay.scene import FaceMark, Scene
from device.overlay.settings import OverlaySettings
from device.overlay.view import View
from device.records import RelativeBox
from trainer.photos import PictureAnswer

SCHEMA = 1
"""The version of the JSON that is written here."""
_SHORTEST_SIDE_PX = 360
_CROP_SHARE = 0.6
_JPEG_QUALITY = 92


def lines(answer: PictureAnswer) -> Iterator[str]:
    """The picture's faces for a terminal, a line each."""
    if not answer.faces:
        yield f"{answer.path}: no face found"
    for number, face in enumerate(answer.faces, start=1):
        label, confidence = face.scores.top
        others = sorted(face.scores.as_dict().items(), key=lambda item: -item[1])[1:3]
        then = ", ".join(f"{other} {share:.0%}" for other, share in others)
        where = "" if face.box is None else f" face {number} at {face.box.x:.0f},{face.box.y:.0f} {_size(face.box)}"
        yield f"{answer.path}:{where} {label} {confidence:.0%} (then {then})"


def as_csv(answers: Sequence[PictureAnswer], labels: tuple[str, ...]) -> str:
    """A row for each face; a picture without one has a row with its name alone. Boxes in pixels."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["picture", "face", "x", "y", "w", "h", "emotion", "confidence", *(f"p_{one}" for one in labels)])
    for answer in answers:
        if not answer.faces:
            writer.writerow([answer.path, *[""] * (7 + len(labels))])
        for number, face in enumerate(answer.faces, start=1):
            said = face.as_dict()
            box = list(said["box"].values()) if said["box"] else [""] * 4
            shares = said["probabilities"].values()
            writer.writerow([answer.path, number, *box, said["emotion"], said["confidence"], *shares])
    return text.getvalue()


def as_dict(answers: Sequence[PictureAnswer], model: dict[str, Any]) -> dict[str, Any]:
    """The JSON document, schema 1; ``model`` says which one was asked."""
    return {
        "schema": SCHEMA,
        "model": model,
        "pictures": [
            {"picture": str(answer.path), "faces": [face.as_dict() for face in answer.faces]} for answer in answers
        ],
    }


def annotated(answer: PictureAnswer) -> NDArray[np.uint8]:
    """The picture with its faces marked as on the device's display, uint8 (height, width, 3) BGR.

    Small pictures are enlarged so that words can be read; a crop stands on a ground that leaves room for them.
    """
    picture, marks = answer.pixels, []
    height, width = picture.shape[:2]
    for number, face in enumerate(answer.faces, start=1):
        if face.box is None:
            picture, box = _framed(picture)
        else:
            scale = answer.scale
            box = RelativeBox.of(
                type(face.box)(face.box.x * scale, face.box.y * scale, face.box.w * scale, face.box.h * scale),
                width,
                height,
            )
        marks.append(FaceMark(number, box, face.scores.top[0], face.scores, 0.0, visible=True))
    scene = Scene(picture, tuple(marks), time_s=0.0, fps=None, source="ok", broker="off")
    grown = max(1, math.ceil(_SHORTEST_SIDE_PX / min(picture.shape[:2])))
    size = (picture.shape[1] * grown, picture.shape[0] * grown)
    return draw(scene, size, OverlaySettings(), View(privacy="full", mirrored=False, status_shown=False))


def annotated_names(answers: Sequence[PictureAnswer], suffix: str = ".jpg") -> list[str]:
    """A file name for each picture, told apart where two have the same."""
    taken: set[str] = set()
    names = []
    for answer in answers:
        candidates = (f"{answer.path.stem}{f'-{turn}' if turn > 1 else ''}{suffix}" for turn in range(1, 10**9))
        names.append(next(name for name in candidates if name not in taken))
        taken.add(names[-1])
    return names


def encode(picture: NDArray[np.uint8]) -> bytes:
    """A JPEG of uint8 (height, width, 3) BGR."""
    _, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])
    return data.tobytes()


def _framed(crop: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], RelativeBox]:
    """A crop in the middle of a ground of its own mean grey, and where it is."""
    height, width = crop.shape[:2]
    across, down = round(width / _CROP_SHARE), round(height / _CROP_SHARE)
    left, top = (across - width) // 2, (down - height) // 2
    ground = np.full((down, across, 3), 44, np.uint8)
    ground[top : top + height, left : left + width] = crop
    return ground, RelativeBox(left / across, top / down, width / across, height / down)


def _size(box: Any) -> str:
    return f"({box.w:.0f} x {box.h:.0f})"
