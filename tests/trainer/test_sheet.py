from pathlib import Path

import cv2
import numpy as np
import pytest

from device.records import Box, Scores
from trainer import sheet as module
from trainer.photos import FaceAnswer, PictureAnswer
from trainer.sheet import Sheet

pytest.importorskip("matplotlib", reason="sheets are drawn by matplotlib: pip install 'affectd[train]'")

PHOTO = np.full((200, 300, 3), 90, np.uint8)


def _answer(name, *faces):
    found = [FaceAnswer(box, Scores(("happy", "sad"), shares)) for box, shares in faces]
    return PictureAnswer(Path(name), 300, 200, tuple(found))


@pytest.fixture
def drawn(monkeypatch):
    """What is drawn: (images, captions, title)."""
    calls = []

    def contact_sheet(*parts):
        calls.append(parts)
        return b"png"

    monkeypatch.setattr(module, "contact_sheet", contact_sheet)
    return calls


def test_faces_come_emotion_by_emotion_the_surest_first(drawn):
    sheet = Sheet()
    left, right = Box(10, 10, 80, 80), Box(200, 20, 60, 60)
    sheet.add(_answer("both.jpg", (left, (0.2, 0.8)), (right, (0.7, 0.3))), PHOTO)
    sheet.add(_answer("one.jpg", (None, (0.9, 0.1))), PHOTO)
    assert sheet.png() == b"png"
    images, captions, title = drawn[0]
    assert captions == [("happy 90%", "one"), ("happy 70%", "both 2"), ("sad 80%", "both 1")]
    assert images.shape == (3, 96, 96, 1)
    assert title == "3 faces, by what they are taken for"


def test_faces_above_the_most_are_counted_and_left_out(drawn, monkeypatch):
    monkeypatch.setattr(module, "MOST", 2)
    sheet = Sheet()
    for name in "abc":
        sheet.add(_answer(f"{name}.jpg", (Box(10, 10, 80, 80), (0.5, 0.5))), PHOTO)
    sheet.png()
    assert len(drawn[0][0]) == 2
    assert drawn[0][2].endswith("; 1 more are left out")


@pytest.mark.parametrize("faces", [0, 1])
def test_a_sheet_is_a_picture_whether_or_not_there_are_faces(faces):
    sheet = Sheet()
    for _ in range(faces):
        sheet.add(_answer("a.jpg", (Box(10, 10, 80, 80), (0.5, 0.5))), PHOTO)
    assert cv2.imdecode(np.frombuffer(sheet.png(), np.uint8), cv2.IMREAD_GRAYSCALE) is not None
