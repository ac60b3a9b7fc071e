import builtins

import cv2
import numpy as np
import pytest

from device.errors import RecordError, UnavailableError
from tests.trainer.judging.answers import drawn_faces, evaluation
from trainer.curves import Epoch
from trainer.plots import contact_sheet, write_curves, write_mistakes

LOG = tuple(Epoch(number, 2.0 / number, 0.5, 1.5 / number, 0.4) for number in range(1, 9))


@pytest.fixture
def needs_matplotlib():
    pytest.importorskip("matplotlib", reason="pictures need matplotlib: pip install 'affectd[train]'")


@pytest.mark.usefixtures("needs_matplotlib")
def test_curves_are_drawn_in_two_colours(tmp_path):
    write_curves(tmp_path / "curves.png", LOG, kept_epoch=3)
    picture = cv2.imread(str(tmp_path / "curves.png"))
    validation = (picture == (0x99, 0x6A, 0x2B)).all(axis=2)
    # One curve in each half.
    assert validation[:, : picture.shape[1] // 2].any()
    assert validation[:, picture.shape[1] // 2 :].any()


@pytest.mark.usefixtures("needs_matplotlib")
def test_a_training_of_one_epoch_has_curves_too(tmp_path):
    write_curves(tmp_path / "curves.png", LOG[:1])
    assert cv2.imread(str(tmp_path / "curves.png")) is not None


@pytest.mark.usefixtures("needs_matplotlib")
def test_a_sheet_grows_by_a_row_for_every_eight_pictures():
    faces = np.zeros((9, 8, 8, 1), np.uint8)
    one, two = (
        cv2.imdecode(np.frombuffer(contact_sheet(faces[:count], [("a", "b")] * count), np.uint8), cv2.IMREAD_COLOR)
        for count in (8, 9)
    )
    assert one.shape[1] == two.shape[1]
    assert two.shape[0] > 1.5 * one.shape[0]


@pytest.mark.usefixtures("needs_matplotlib")
def test_mistakes_are_written_with_their_faces(tmp_path):
    faces = drawn_faces()
    faces.images[:] = 128
    (_, by_majority) = evaluation(faces=faces).splits[0].figures
    write_mistakes(tmp_path / "mistakes.png", by_majority, faces.images)
    picture = cv2.imread(str(tmp_path / "mistakes.png"))
    # Nine faces, a tenth of the sheet or more, are of their grey.
    assert (picture == 128).all(axis=2).mean() > 0.1


@pytest.mark.usefixtures("needs_matplotlib")
def test_a_model_without_mistakes_has_an_empty_sheet(tmp_path):
    faces = drawn_faces(3)
    (figures, *_) = evaluation(faces=faces).splits[0].figures
    empty = type(figures)(figures.metric, figures.confusion, figures.calibration)
    write_mistakes(tmp_path / "mistakes.png", empty, faces.images)
    assert (tmp_path / "mistakes.png").stat().st_size > 0


def test_a_sheet_wants_a_caption_for_each_picture():
    with pytest.raises(RecordError, match="captions"):
        contact_sheet(np.zeros((2, 8, 8, 1), np.uint8), [("a", "b")])


def test_curves_of_no_epoch_are_refused(tmp_path):
    with pytest.raises(RecordError, match="one epoch"):
        write_curves(tmp_path / "curves.png", ())


def test_without_matplotlib_the_user_is_told_what_to_install(tmp_path, monkeypatch):
    real = builtins.__import__

    def without(name, *args, **kwargs):
        if name.startswith("matplotlib"):
            raise ImportError("no matplotlib")
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(UnavailableError, match="needs matplotlib"):
        write_curves(tmp_path / "curves.png", LOG)
