"""All faces of some photographs on one sheet, by what a model says of them: to see at a glance what it gets wrong."""

from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from device.contract.preprocess import InputSpec, crop_face
from trainer.photos import PictureAnswer
from trainer.plots import contact_sheet

MOST = 2000
"""More would be a picture that few programs open."""
_SPEC = InputSpec(96, 96)
_MOST_NAME = 14


@dataclass(slots=True)
class Sheet:
    """Collects faces, picture by picture."""

    _faces: list[tuple[str, float, str, NDArray[np.uint8]]] = field(default_factory=list)
    _passed_over: int = 0

    def add(self, answer: PictureAnswer, bgr: NDArray[np.uint8]) -> None:
        """The faces of a picture, whose pixels are uint8 (height, width, 3); none above ``MOST`` in all."""
        grey = cv2.cvtColor(bgr, cv2.COLOR_BGR2GRAY).astype(np.uint8, copy=False)
        for number, face in enumerate(answer.faces, start=1):
            if len(self._faces) >= MOST:
                self._passed_over += 1
                continue
            crop = crop_face(grey, face.box, _SPEC) if face.box else cv2.resize(grey, (_SPEC.width, _SPEC.height))
            label, confidence = face.scores.top
            name = answer.path.stem[:_MOST_NAME] + (f" {number}" if len(answer.faces) > 1 else "")
            self._faces.append((label, confidence, name, crop.reshape(_SPEC.height, _SPEC.width, 1).astype(np.uint8)))

    def png(self) -> bytes:
        """The sheet: emotion by emotion, the surest answers first."""
        ordered = sorted(self._faces, key=lambda face: (face[0], -face[1]))
        images = np.stack([image for *_, image in ordered]) if ordered else np.empty((0, 96, 96, 1), np.uint8)
        title = f"{len(ordered):,} faces, by what they are taken for"
        if self._passed_over:
            title += f"; {self._passed_over:,} more are left out"
        return contact_sheet(images, [(f"{label} {sure:.0%}", name) for label, sure, name, _ in ordered], title)
