import numpy as np
import pytest

from device.overlay.canvas import Rect
from device.overlay.labels import DETAILS, Label, LabelPainter, tell_time
from device.overlay.scale import Scale
from device.overlay.settings import OverlaySettings
from device.overlay.text import typeface
from tests.device.overlay.scenes import face

FACE = typeface(None)
SCALE = Scale.of((1280, 720), 1.0, FACE)
PAINTER = LabelPainter(FACE, SCALE, 1280)
SETTINGS = OverlaySettings()


@pytest.mark.parametrize(
    ("seconds", "told"), [(0.4, "0 s"), (59.9, "59 s"), (60, "1 min"), (3599, "59 min"), (3600, "1 h"), (90000, "25 h")]
)
def test_time_is_told_as_a_person_would(seconds, told):
    assert tell_time(seconds) == told


def test_a_label_speaks_the_user_s_words():
    settings = OverlaySettings(labels={"happy": "glücklich", "uncertain": "unsicher"})
    happy, uncertain = Label.of(face(), settings), Label.of(face(emotion="uncertain"), settings)
    assert (happy.word, uncertain.word) == ("glücklich", "unsicher")
    assert [bar.word for bar in happy.bars][3] == "glücklich"


def test_a_label_keeps_its_size_when_the_emotion_or_the_time_changes():
    for detail in DETAILS[:2]:
        sizes = {
            PAINTER.size(Label.of(face(emotion=emotion, held_s=held_s), SETTINGS), detail)
            for emotion in ("sad", "surprise", "uncertain")
            for held_s in (1.0, 12.0, 2000.0)
        }
        assert len(sizes) == 1


def test_a_face_without_a_reading_has_a_number_and_no_bars():
    label = Label.of(face(3, emotion=None), SETTINGS)
    assert (label.number, label.word, label.bars) == ("3", "…", ())
    assert {PAINTER.size(label, detail) for detail in DETAILS[:-1]} == {PAINTER.size(label, "tag")}


def test_one_picture_alone_has_no_time_to_tell():
    assert Label.of(face(held_s=0.0), SETTINGS).held == ""


def test_a_number_alone_can_be_read_on_a_picture_as_light_as_it_is():
    label = Label.of(face(24, emotion="neutral"), SETTINGS)
    width, height = PAINTER.size(label, "number")
    assert width < PAINTER.size(label, "tag")[0] / 2
    canvas = np.full((height, width, 3), label.colour, np.uint8)
    PAINTER.draw(canvas, label, "number", Rect(0, 0, width, height))
    rim = canvas[height // 2, [0, -1]].astype(int)
    assert (np.abs(rim - label.colour).max(axis=1) > 100).all()
    assert (canvas[height // 2, width // 4 : -width // 4].min(axis=1) < 60).any()


@pytest.mark.parametrize("detail", DETAILS)
@pytest.mark.parametrize("most_px", [90, 200, 1000])
def test_nothing_is_drawn_outside_the_label_however_long_the_words(detail, most_px):
    words = {"happy": "überschwänglich heiter", "surprise": "ein wenig überrascht"}
    label = Label.of(face(123456, held_s=3000.0), OverlaySettings(labels=words))
    painter = LabelPainter(FACE, SCALE, most_px)
    width, height = painter.size(label, detail)
    assert width <= most_px
    canvas = np.full((height + 200, width + 200, 3), 137, np.uint8)
    rect = Rect(100, 100, width, height)
    painter.draw(canvas, label, detail, rect)
    assert (canvas[100:-100, 100:-100] != 137).any()
    canvas[100:-100, 100:-100] = 137
    assert (canvas == 137).all()


def test_a_bar_is_as_long_as_its_probability():
    label = Label.of(face(), SETTINGS)
    width, height = PAINTER.size(label, "bars")
    canvas = np.zeros((height, width, 3), np.uint8)
    PAINTER.draw(canvas, label, "bars", Rect(0, 0, width, height))
    top = height - 4 * SCALE.row - SCALE.gap // 2
    row = canvas[top : top + SCALE.row, width // 2 - 60 :]
    yellow = (row == label.colour).all(axis=2).any(axis=0).sum()
    track = (row == (74, 74, 74)).all(axis=2).any(axis=0).sum()
    assert yellow / (yellow + track) == pytest.approx(0.7, abs=0.04)
