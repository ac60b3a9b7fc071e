import os
from pathlib import Path

import cv2
import numpy as np
import pytest

from device.classify.classifier import TfliteClassifier
from device.commands import main
from device.config import Config, parse_config
from device.errors import SourceError, StorageError, UsageError
from device.records import Box, Scores
from device.tools.snapshot import LONGEST_SIDE_PX, snapshot
from tests.device.contract.test_picture_header import png
from tests.device.overlay.scenes import CLIP_SIZE, clip_picture, clip_scene
from tests.device.sightings import FakeClock

CONFIG = Config()


@pytest.fixture
def photo(tmp_path):
    path = tmp_path / "photo.png"
    cv2.imwrite(str(path), clip_picture(7.5))
    return path


def _read(path: Path) -> np.ndarray:
    picture = cv2.imread(str(path))
    assert picture is not None
    return picture


def _box(mark) -> Box:
    return Box(mark.box.x, mark.box.y, mark.box.w, mark.box.h)


def test_the_faces_of_a_photo_are_found_numbered_from_the_left_and_marked(tmp_path, photo):
    out = tmp_path / "out.png"
    faces = snapshot(CONFIG, str(photo), out, None, FakeClock())
    drawn, given = _read(out), _read(photo)
    truth = sorted((_box(mark) for mark in clip_scene(7.5).faces), key=lambda box: box.x)
    assert [face.track_id for face in faces] == list(range(1, len(truth) + 1))
    assert all(_box(face).iou(box) > 0.5 for face, box in zip(faces, truth, strict=True))
    assert all(face.scores is not None for face in faces)
    assert drawn.shape == given.shape
    assert 0.01 < (drawn != given).any(axis=2).mean() < 0.6


def test_a_face_the_model_is_not_sure_of_is_uncertain(tmp_path, photo, monkeypatch):
    def waver(classifier: TfliteClassifier, _crop: object) -> Scores:
        return Scores(classifier.labels, (1 / len(classifier.labels),) * len(classifier.labels))

    monkeypatch.setattr(TfliteClassifier, "classify", waver)
    # The same network bears witness to a face: what wavers so is none to it.
    config = CONFIG.model_copy(update={"detector": CONFIG.detector.model_copy(update={"evidence": None})})
    faces = snapshot(config, str(photo), tmp_path / "out.png", None, FakeClock())
    assert {face.emotion for face in faces} == {"uncertain"}


@pytest.mark.parametrize(("at_s", "shown_s"), [(None, 0.0), (8.0, 8.0), (8.03, 8.0), (8.04, 8.067)])
def test_a_moment_of_a_video_is_the_picture_nearest_to_it(tmp_path, at_s, shown_s):
    out = tmp_path / "out.png"
    config = parse_config("overlay: {text_scale: 0.4}\n", "c.yaml")
    snapshot(config, "demo", out, at_s, FakeClock())
    corner = (slice(0, 40), slice(0, 40))
    assert np.array_equal(_read(out)[corner], clip_picture(shown_s + 0.001)[corner])


def test_a_photo_that_claims_too_much_is_refused_by_its_size(tmp_path):
    (tmp_path / "bomb.png").write_bytes(png(60_000, 60_000))
    with pytest.raises(SourceError, match=r"gives pictures of 60000 x 60000 pixels, more than source\.max_megapixels"):
        snapshot(CONFIG, str(tmp_path / "bomb.png"), tmp_path / "out.png", None, FakeClock())


def test_a_photo_whose_name_is_not_utf_8_is_read(tmp_path, photo):
    path = photo.rename(Path(os.fsdecode(bytes(tmp_path) + b"/\xff.png")))
    assert snapshot(CONFIG, str(path), tmp_path / "out.png", None, FakeClock())


def test_a_pipe_in_the_place_of_a_photo_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "photo.png")
    with pytest.raises(SourceError, match="is not a file"):
        snapshot(CONFIG, str(tmp_path / "photo.png"), tmp_path / "out.png", None, FakeClock())


def test_privacy_holds_for_a_snapshot(tmp_path, photo):
    config = parse_config("overlay: {privacy: boxes}\n", "c.yaml")
    snapshot(config, str(photo), tmp_path / "out.png", None, FakeClock())
    assert _read(tmp_path / "out.png")[:40, :40].std() < 20


def test_a_large_photo_is_reduced_and_keeps_its_shape(tmp_path):
    large = tmp_path / "large.jpg"
    cv2.imwrite(str(large), cv2.resize(clip_picture(7.5), (4000, 3000)))
    faces = snapshot(CONFIG, str(large), tmp_path / "out.jpg", None, FakeClock())
    assert _read(tmp_path / "out.jpg").shape == (LONGEST_SIDE_PX * 3 // 4, LONGEST_SIDE_PX, 3)
    assert len(faces) == len(clip_scene(7.5).faces)


def test_a_grey_photo_and_one_without_faces_will_do(tmp_path):
    grey = tmp_path / "grey.png"
    cv2.imwrite(str(grey), np.full((100, 200), 90, np.uint8))
    assert snapshot(CONFIG, str(grey), tmp_path / "out.png", None, FakeClock()) == ()
    assert np.array_equal(_read(tmp_path / "out.png"), _read(grey))


@pytest.mark.parametrize("file", ["0", "/dev/video0", "rtsp://camera/live"])
def test_a_live_source_is_refused(tmp_path, file):
    with pytest.raises(UsageError, match="is live: no picture of a camera is ever kept"):
        snapshot(CONFIG, file, tmp_path / "out.png", None, FakeClock())
    assert not list(tmp_path.iterdir())


def test_a_folder_a_strange_address_and_a_strange_kind_of_file_are_refused(tmp_path, photo):
    for file, out, told in [
        (str(tmp_path), "out.png", "is a folder"),
        ("ftp://x/y", "out.png", "no photo and no video"),
        (str(photo), "out.gif", "written as .png, .jpg, .jpeg, not as out.gif"),
    ]:
        with pytest.raises(UsageError, match=told):
            snapshot(CONFIG, file, tmp_path / out, None, FakeClock())


def test_a_moment_of_a_photo_and_one_after_the_end_are_told(tmp_path, photo):
    with pytest.raises(UsageError, match="is a photo"):
        snapshot(CONFIG, str(photo), tmp_path / "out.png", 1.0, FakeClock())
    with pytest.raises(SourceError, match=r"no picture at 99 s: it ends after 23\.9 s"):
        snapshot(CONFIG, "demo", tmp_path / "out.png", 99.0, FakeClock())


@pytest.fixture
def animation(tmp_path):
    """Two pictures in a GIF, half a second each: an empty room, and somebody."""
    path = tmp_path / "animation.gif"
    film = cv2.Animation()
    film.frames = [clip_picture(0.2), clip_picture(7.5)]
    film.durations = [500, 500]
    assert cv2.imwriteanimation(str(path), film)
    return path


@pytest.mark.skipif(not hasattr(cv2, "imwriteanimation"), reason="this OpenCV writes no GIF")
def test_a_moment_of_an_animated_gif_is_read_and_without_one_its_first_picture(tmp_path, animation):
    assert snapshot(CONFIG, str(animation), tmp_path / "first.png", None, FakeClock()) == ()
    assert len(snapshot(CONFIG, str(animation), tmp_path / "later.png", 0.6, FakeClock())) == len(clip_scene(7.5).faces)
    with pytest.raises(SourceError, match="no picture at 9 s: it ends after"):
        snapshot(CONFIG, str(animation), tmp_path / "none.png", 9.0, FakeClock())


def test_a_photo_that_is_damaged_and_a_file_that_is_missing_are_told(tmp_path, photo):
    damaged = tmp_path / "damaged.png"
    damaged.write_bytes(photo.read_bytes()[:60])
    for file in (damaged, tmp_path / "none.jpg"):
        with pytest.raises(SourceError):
            snapshot(CONFIG, str(file), tmp_path / "out.png", None, FakeClock())
    assert not (tmp_path / "out.png").exists()


def test_a_folder_that_is_not_there_is_told(tmp_path, photo):
    with pytest.raises(StorageError, match="is not there"):
        snapshot(CONFIG, str(photo), tmp_path / "none" / "out.png", None, FakeClock())


def test_the_command_lists_the_faces(tmp_path, photo, capsys):
    out = tmp_path / "out.png"
    assert main(["snapshot", str(photo), str(out)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith(f"{out}: {len(lines) - 1} face")
    assert lines[1].split()[0] == "1"


@pytest.mark.parametrize("at", ["soon", "-1", "nan", "inf"])
def test_the_command_refuses_a_moment_that_is_none(tmp_path, photo, at, capsys):
    with pytest.raises(SystemExit) as ended:
        main(["snapshot", str(photo), str(tmp_path / "out.png"), f"--at={at}"])
    assert ended.value.code == 2
    assert "expected seconds from the beginning" in capsys.readouterr().err


def test_the_clip_is_of_the_size_that_is_meant():
    assert clip_picture(7.5).shape == (CLIP_SIZE[1], CLIP_SIZE[0], 3)
