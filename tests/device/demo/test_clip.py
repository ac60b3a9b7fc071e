"""The shipped clip shows what its true boxes say, and can be made again."""

import json
import subprocess
import sys
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from device.demo import CLIP_PATH, TRUE_BOXES_PATH, TrueFace, load_true_boxes
from tests.clip import make_clip
from tests.clip.choreography import FPS, FRAME_COUNT, true_faces
from tests.clip.portraits import PORTRAITS, load_cutouts
from tests.clip.render import FrameRenderer

Image = npt.NDArray[np.uint8]
Box = Sequence[float]

NEEDS_EXTRAS = "needs the development extras: pip install 'affectd[dev]'"


@pytest.fixture(scope="module")
def frames() -> list[Image]:
    capture = cv2.VideoCapture(str(CLIP_PATH))
    assert capture.isOpened(), f"OpenCV cannot open {CLIP_PATH}"
    pictures: list[Image] = []
    while True:
        read, picture = capture.read()
        if not read:
            return pictures
        pictures.append(picture.astype(np.uint8, copy=False))


@pytest.fixture(scope="module")
def truth() -> tuple[tuple[TrueFace, ...], ...]:
    return load_true_boxes()


def cascade() -> cv2.CascadeClassifier:
    name = "haarcascade_frontalface_default.xml"
    bundled = getattr(getattr(cv2, "data", None), "haarcascades", "")
    for folder in (bundled, "/usr/share/opencv4/haarcascades"):
        if folder and (Path(folder) / name).is_file():
            return cv2.CascadeClassifier(str(Path(folder) / name))
    pytest.skip(f"no {name}: install opencv-python-headless, or Debian's opencv-data")


def overlap(first: Box, second: Box) -> float:
    """Intersection over union of two boxes given as left, top, width, height."""
    width = min(first[0] + first[2], second[0] + second[2]) - max(first[0], second[0])
    height = min(first[1] + first[3], second[1] + second[3]) - max(first[1], second[1])
    shared = max(width, 0.0) * max(height, 0.0)
    return shared / (first[2] * first[3] + second[2] * second[3] - shared)


def presence(truth: Sequence[Sequence[TrueFace]], face_id: str) -> list[tuple[int, int]]:
    """The first and last frame of each stretch in which the face is listed."""
    present = [False, *(any(face.id == face_id for face in faces) for faces in truth), False]
    edges = [index for index, (before, after) in enumerate(pairwise(present)) if before != after]
    return [(start, stop - 1) for start, stop in zip(edges[::2], edges[1::2], strict=True)]


def test_the_clip_is_small_and_has_one_frame_for_each_entry_of_its_true_boxes(
    frames: list[Image], truth: tuple[tuple[TrueFace, ...], ...]
) -> None:
    assert CLIP_PATH.stat().st_size < 1_000_000
    assert len(frames) == len(truth) == FRAME_COUNT
    assert {picture.shape for picture in frames} == {(480, 640, 3)}


def test_the_true_boxes_file_names_the_size_and_rate_that_the_clip_has() -> None:
    document = json.loads(TRUE_BOXES_PATH.read_text(encoding="utf-8"))
    capture = cv2.VideoCapture(str(CLIP_PATH))
    assert document["width"] == capture.get(cv2.CAP_PROP_FRAME_WIDTH)
    assert document["height"] == capture.get(cv2.CAP_PROP_FRAME_HEIGHT)
    assert document["fps"] == pytest.approx(capture.get(cv2.CAP_PROP_FPS))
    assert [frame["index"] for frame in document["frames"]] == list(range(FRAME_COUNT))


def test_two_people_take_part(truth: tuple[tuple[TrueFace, ...], ...]) -> None:
    assert {face.id for faces in truth for face in faces} == {"collins", "hopper"}
    assert max(len(faces) for faces in truth) == 2


def test_they_cross_and_one_passes_in_front_of_the_other(truth: tuple[tuple[TrueFace, ...], ...]) -> None:
    both = [faces for faces in truth if len(faces) == 2]
    collins_left_of_hopper = [faces[0].box_xywh[0] < faces[1].box_xywh[0] for faces in both if faces[0].id == "collins"]
    assert len(collins_left_of_hopper) == len(both)
    assert len([1 for before, after in pairwise(collins_left_of_hopper) if before != after]) == 1
    covered = [faces[0].visible for faces in both if overlap(faces[0].box_xywh, faces[1].box_xywh) > 0.5]
    assert covered
    assert max(covered) < 0.5


def test_both_leave_and_one_comes_back_after_more_than_two_seconds(truth: tuple[tuple[TrueFace, ...], ...]) -> None:
    collins, hopper = presence(truth, "collins"), presence(truth, "hopper")
    assert len(collins) == 2
    assert len(hopper) == 1
    (_, left), (returned, _) = collins
    assert returned - left > 2 * FPS


def test_both_turn_small_for_a_while(truth: tuple[tuple[TrueFace, ...], ...]) -> None:
    small = [len(faces) == 2 and all(face.box_xywh[2] < 70 for face in faces) for faces in truth]
    assert sum(small) >= FPS


def test_the_clip_begins_empty_and_its_last_second_is_empty(
    frames: list[Image], truth: tuple[tuple[TrueFace, ...], ...]
) -> None:
    assert truth[0] == ()
    assert all(faces == () for faces in truth[-FPS:])
    assert not cv2.Canny(frames[-1][:380], 60, 120).any(), "something stands before the wall in the last frame"


def test_haar_finds_the_true_faces_and_nothing_else(
    frames: list[Image], truth: tuple[tuple[TrueFace, ...], ...]
) -> None:
    detector = cascade()
    wholly_visible = found = elsewhere = 0
    for picture, faces in zip(frames[::5], truth[::5], strict=True):
        grey = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
        detections = [tuple(map(float, box)) for box in detector.detectMultiScale(grey, 1.1, 5, minSize=(30, 30))]
        for face in faces:
            if face.visible == 1.0:
                wholly_visible += 1
                found += any(overlap(face.box_xywh, box) >= 0.4 for box in detections)
        elsewhere += sum(all(overlap(face.box_xywh, box) < 0.4 for face in faces) for box in detections)
    assert wholly_visible > 60
    assert found >= 0.9 * wholly_visible
    assert elsewhere <= 1


def test_the_true_boxes_are_those_the_choreography_gives(truth: tuple[tuple[TrueFace, ...], ...]) -> None:
    for index in range(0, FRAME_COUNT, 7):
        computed = true_faces(index)
        assert [face.id for face in truth[index]] == [face.id for face in computed]
        for shipped, expected in zip(truth[index], computed, strict=True):
            assert shipped.box_xywh == pytest.approx(expected.box_xywh, abs=0.02)
            assert shipped.visible == pytest.approx(expected.visible, abs=0.01)


def test_the_clip_shows_what_the_script_draws(frames: list[Image]) -> None:
    for package in ("skimage", "matplotlib"):
        pytest.importorskip(package, reason=NEEDS_EXTRAS)
    renderer = FrameRenderer({portrait.id: load_cutouts(portrait) for portrait in PORTRAITS})
    for index in (0, 92, 119, 155, 205):
        difference = np.abs(renderer.draw(index / FPS).astype(float) - frames[index])
        assert difference.mean() < 4.0, f"frame {index} is not the one drawn"


def test_a_missing_extra_is_told_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "av", None)
    monkeypatch.setattr(sys, "argv", ["make_clip", str(tmp_path)])
    with pytest.raises(SystemExit) as stopped:
        make_clip.main()
    message = str(stopped.value.code)
    assert "'av'" in message
    assert "pip install 'affectd[dev]'" in message
    assert "\n" not in message
    assert list(tmp_path.iterdir()) == []
    assert capsys.readouterr().out == ""


def test_an_interrupted_run_keeps_the_clip_that_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop_half_way(path: Path) -> None:
        path.write_bytes(b"half a clip")
        raise KeyboardInterrupt

    (tmp_path / CLIP_PATH.name).write_bytes(b"a whole clip")
    monkeypatch.setattr(make_clip, "encode_clip", stop_half_way)
    monkeypatch.setattr(sys, "argv", ["make_clip", str(tmp_path)])
    with pytest.raises(SystemExit, match="interrupted"):
        make_clip.main()
    assert [path.name for path in tmp_path.iterdir()] == [CLIP_PATH.name]
    assert (tmp_path / CLIP_PATH.name).read_bytes() == b"a whole clip"


def test_asking_where_the_clip_is_loads_neither_opencv_nor_the_extras() -> None:
    program = (
        "import sys, device.demo; device.demo.load_true_boxes();"
        "print(*sorted({'cv2', 'numpy', 'skimage', 'matplotlib', 'av'} & set(sys.modules)))"
    )
    root = Path(__file__).parents[3]
    done = subprocess.run([sys.executable, "-c", program], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


@pytest.mark.parametrize(
    ("box_xywh", "visible", "complaint"),
    [((10.0, 10.0, 0.0, 20.0), 1.0, "above 0 px"), ((10.0, 10.0, 20.0, 20.0), 1.2, "expected 0 to 1")],
)
def test_an_impossible_true_face_is_refused(
    box_xywh: tuple[float, float, float, float], visible: float, complaint: str
) -> None:
    with pytest.raises(ValueError, match=complaint):
        TrueFace(id="collins", box_xywh=box_xywh, visible=visible)
