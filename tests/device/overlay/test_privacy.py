import cv2
import numpy as np
import pytest

from device.detect import DetectorSettings, HaarDetector
from device.overlay.display_options import DisplayOptions
from device.overlay.draw import Drawer, draw
from device.overlay.privacy import CELLS, HOLD_S, LOOSE_HOLD_S, REACH, Veil, blur_faces, conceal, loose_boxes
from device.overlay.settings import OverlaySettings
from device.records import Box, RelativeBox
from tests.device.overlay.scenes import CLIP_SIZE, clip_picture, clip_scene, face, scene

SETTINGS = OverlaySettings()
BLURRED = DisplayOptions(privacy="blur", status_shown=False)
SIZE = (640, 480)
BOX = RelativeBox(0.3, 0.3, 0.2, 0.2 * 4 / 3)


def _stripes(phase: int = 0) -> np.ndarray:
    """Detail as fine as pixels are; another phase has its light where this one has its dark."""
    rows, columns = np.indices((480, 640))
    return np.repeat((((rows + columns + phase) % 2) * 255)[..., None], 3, axis=2).astype(np.uint8)


def _inside(picture: np.ndarray, box: RelativeBox) -> np.ndarray:
    height, width = picture.shape[:2]
    top, left = round(box.y * height), round(box.x * width)
    return picture[top : top + round(box.h * height), left : left + round(box.w * width)]


def _detail(pixels: np.ndarray) -> float:
    return float(cv2.Laplacian(pixels.astype(np.float32), cv2.CV_32F).var())


def test_pictures_that_differ_only_in_detail_become_the_same_so_nothing_can_bring_it_back():
    one, other = (_inside(blur_faces(_stripes(phase), [BOX]), BOX) for phase in (0, 1))
    assert np.abs(one.astype(int) - other).max() <= 2
    assert np.abs(_inside(_stripes(0), BOX).astype(int) - _inside(_stripes(1), BOX)).min() == 255


def test_what_is_left_of_a_face_is_no_more_than_the_colours_of_a_few_cells():
    random = np.random.default_rng(3)
    noise = random.integers(0, 256, (480, 640, 3), np.uint8)
    left = _inside(blur_faces(noise, [BOX]), BOX)
    few = cv2.resize(cv2.resize(left, (CELLS, CELLS), interpolation=cv2.INTER_AREA), left.shape[1::-1])
    assert np.abs(few.astype(int) - left).mean() < 3.0


@pytest.mark.parametrize("at_s", [5.5, 7.5, 10.0, 18.0])
def test_the_detector_finds_nobody_in_what_is_shown_of_the_clip_and_finds_them_without_the_blur(at_s):
    detector = HaarDetector(DetectorSettings())
    views = BLURRED, DisplayOptions(status_shown=False)
    shown = {view: draw(clip_scene(at_s), SIZE, SETTINGS, view) for view in views}
    found = {
        view: detector.detect(np.asarray(cv2.cvtColor(shown[view], cv2.COLOR_BGR2GRAY), np.uint8)) for view in views
    }
    truth = [
        Box(mark.box.x * 640, mark.box.y * 480, mark.box.w * 640, mark.box.h * 480) for mark in clip_scene(at_s).faces
    ]
    seen = {view: [one for one in truth if any(one.iou(face.box) > 0.4 for face in found[view])] for view in found}
    assert not seen[BLURRED]
    assert seen[DisplayOptions(status_shown=False)]


def test_edges_in_a_face_are_gone_and_those_elsewhere_are_as_they_were():
    picture = clip_picture(5.0)
    (mark,) = (one for one in clip_scene(5.0).faces if one.track_id == 1)
    blurred = blur_faces(picture, [mark.box])
    assert _detail(_inside(blurred, mark.box)) < 0.01 * _detail(_inside(picture, mark.box))
    far = np.abs(np.indices((480, 640))[1] - (mark.box.x + mark.box.w / 2) * 640) > mark.box.w * 640 * REACH / 2 + 1
    assert np.array_equal(blurred[far], picture[far])


def test_hair_and_chin_around_the_box_are_blurred_too():
    wide = RelativeBox(BOX.x - 0.15 * BOX.w, BOX.y - 0.15 * BOX.h, 1.3 * BOX.w, 1.3 * BOX.h)
    assert _detail(_inside(blur_faces(_stripes(), [BOX]), wide)) < 0.05 * _detail(_stripes())


@pytest.mark.parametrize("box", [(0.0, 0.0, 0.1, 0.2), (0.95, 0.4, 0.05, 0.2), (0.4, 0.97, 0.1, 0.03), (0, 0, 1, 1)])
def test_a_face_at_the_edge_is_blurred_as_far_as_it_shows(box):
    place = RelativeBox(*box)
    assert _detail(_inside(blur_faces(_stripes(), [place]), place)) < 0.01 * _detail(_stripes())


def test_a_grey_picture_is_concealed_like_a_coloured_one():
    grey = np.ascontiguousarray(_stripes()[..., 0])
    conceal(grey, [BOX])
    assert np.array_equal(grey, blur_faces(_stripes(), [BOX])[..., 0])


@pytest.mark.parametrize(
    "marks", [{"faces": (face(1, (0.3, 0.3, 0.2, 0.26), visible=False),)}, {"unconfirmed": (BOX,)}]
)
def test_a_face_that_is_only_expected_and_one_that_does_not_count_yet_are_blurred(marks):
    shown = draw(scene(picture=_stripes(), **marks), SIZE, SETTINGS, BLURRED)
    middle = RelativeBox(0.36, 0.38, 0.08, 0.1)
    assert _detail(_inside(shown, middle)) < 0.01 * _detail(_stripes())


def test_a_place_stays_blurred_for_a_while_after_its_face_was_lost():
    drawer = Drawer(SETTINGS)
    drawer.draw(scene(face(1, (0.3, 0.3, 0.2, 0.26)), picture=_stripes()), SIZE, BLURRED, 10.0)
    empty = scene(picture=_stripes())
    soon, late = (drawer.draw(empty, SIZE, BLURRED, 10.0 + HOLD_S * share) for share in (0.9, 1.1))
    assert _detail(_inside(soon, BOX)) < 0.01 * _detail(_stripes())
    assert np.array_equal(late, _stripes())


def test_what_is_found_in_every_other_picture_only_stays_blurred_in_between():
    drawer = Drawer(SETTINGS)
    drawer.draw(scene(picture=_stripes(), unconfirmed=(BOX,)), SIZE, BLURRED, 10.0)
    between, later = (
        drawer.draw(scene(picture=_stripes()), SIZE, BLURRED, 10.0 + share * LOOSE_HOLD_S) for share in (0.5, 1.1)
    )
    assert _detail(_inside(between, BOX)) < 0.01 * _detail(_stripes())
    assert np.array_equal(later, _stripes())


def test_what_is_found_of_a_face_that_counts_leaves_no_trail_behind_it():
    veil, found = Veil(), RelativeBox(0.31, 0.3, 0.2, 0.25)
    followed = scene(face(1, (0.3, 0.3, 0.2, 0.26)), unconfirmed=(found,))
    assert loose_boxes(followed) == ()
    veil.boxes(followed, 10.0)
    moved = face(1, (0.5, 0.3, 0.2, 0.26))
    assert veil.boxes(scene(moved), 10.1) == (moved.box,)


def test_two_faces_side_by_side_do_not_uncover_each_other():
    pair = [RelativeBox(0.3, 0.3, 0.15, 0.2), RelativeBox(0.42, 0.32, 0.15, 0.2)]
    blurred = blur_faces(_stripes(), pair)
    assert all(_detail(_inside(blurred, box)) < 0.01 * _detail(_stripes()) for box in pair)


def test_the_true_faces_of_the_clip_have_the_size_that_is_meant():
    assert clip_picture(1.0).shape == (CLIP_SIZE[1], CLIP_SIZE[0], 3)
