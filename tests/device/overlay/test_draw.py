import subprocess
import sys
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from device.overlay.display_options import DisplayOptions
from device.overlay.draw import FROZEN_AFTER_S, Drawer, draw
from device.overlay.settings import OverlaySettings
from tests.device.overlay.scenes import crowd, face, room, scene

SETTINGS = OverlaySettings()
SIZE = (640, 360)
NOISE = np.random.default_rng(7).integers(0, 256, (480, 640, 3), np.uint8)


def _bar_of(canvas: np.ndarray) -> np.ndarray:
    return canvas[:20]


@pytest.mark.parametrize("source", ["paused", "lost"])
@pytest.mark.parametrize("privacy", ["full", "blur", "boxes"])
def test_while_paused_or_lost_no_pixel_depends_on_the_picture_or_on_a_face(source, privacy):
    view = DisplayOptions(privacy=privacy)
    with_one = draw(scene(face(), picture=NOISE, source=source), SIZE, SETTINGS, view)
    without = draw(scene(picture=None, source=source), SIZE, SETTINGS, view)
    assert np.array_equal(with_one, without)


def test_a_pause_hides_the_picture_that_was_shown_before():
    drawer = Drawer(SETTINGS)
    drawer.draw(scene(face(), picture=NOISE), SIZE, DisplayOptions(), 10.0)
    paused = drawer.draw(scene(face(), picture=NOISE, source="paused"), SIZE, DisplayOptions(), 10.1)
    assert np.array_equal(paused, draw(scene(picture=None, source="paused"), SIZE, SETTINGS, DisplayOptions()))


def test_in_the_mode_boxes_no_pixel_comes_from_the_camera():
    view = DisplayOptions(privacy="boxes")
    noisy, quiet = (draw(scene(face(), picture=picture), SIZE, SETTINGS, view) for picture in (NOISE, room()))
    assert np.array_equal(noisy, quiet)
    assert not np.array_equal(noisy, draw(scene(picture=room()), SIZE, SETTINGS, view)), "the box itself is missing"


def test_a_picture_that_is_withheld_is_drawn_like_one_that_is_hidden():
    view = DisplayOptions(privacy="boxes")
    withheld = draw(scene(face(), picture=None, aspect=4 / 3), SIZE, SETTINGS, view)
    assert np.array_equal(withheld, draw(scene(face()), SIZE, SETTINGS, view))


def test_the_same_moment_is_shown_whether_the_picture_is_grey_or_colour_and_of_whatever_size():
    grey = np.full((480, 640), 90, np.uint8)
    drawn = draw(scene(face(), picture=grey), SIZE, SETTINGS)
    for picture in (np.full((480, 640, 3), 90, np.uint8), np.full((1200, 1600, 3), 90, np.uint8), grey[:240, :320]):
        assert np.array_equal(drawn, draw(scene(face(), picture=picture), SIZE, SETTINGS))


def test_a_mirror_turns_the_picture_and_moves_the_labels_but_does_not_turn_them():
    even = np.full((480, 640, 3), 90, np.uint8)
    left, right = face(1, (0.1, 0.3, 0.15, 0.2)), face(1, (0.75, 0.3, 0.15, 0.2))
    mirrored = draw(scene(left, picture=even), SIZE, SETTINGS, DisplayOptions(mirrored=True))
    assert np.array_equal(mirrored, draw(scene(right, picture=even), SIZE, SETTINGS, DisplayOptions(mirrored=False)))
    bare = DisplayOptions(privacy="full", status_shown=False)
    plain, turned = (draw(scene(), (640, 480), SETTINGS, replace(bare, mirrored=m)) for m in (False, True))
    assert np.array_equal(plain[:, ::-1], turned)
    assert not np.array_equal(plain, turned)


def test_a_wide_picture_is_letterboxed_and_a_tall_one_pillarboxed_without_distortion():
    white = 255
    for picture_size, size in (((100, 400), (640, 480)), ((400, 100), (640, 480)), ((480, 640), (480, 800))):
        picture = np.full((*picture_size, 3), white, np.uint8)
        drawn = draw(scene(picture=picture), size, SETTINGS, DisplayOptions(status_shown=False))
        rows, columns = np.nonzero(drawn[..., 0] == white)
        height, width = rows.max() - rows.min() + 1, columns.max() - columns.min() + 1
        assert width / height == pytest.approx(picture_size[1] / picture_size[0], rel=0.02)
        assert width == size[0] or height == size[1]


def test_the_scene_s_own_picture_is_never_changed():
    picture = NOISE.copy()
    for privacy in ("full", "blur"):
        draw(
            scene(*crowd(4, seed=2), picture=picture), SIZE, SETTINGS, DisplayOptions(privacy=privacy, help_shown=True)
        )
    assert np.array_equal(picture, NOISE)


@pytest.mark.parametrize("size", [(64, 64), (160, 120), (320, 1000), (3840, 2160), (641, 361)])
def test_every_size_of_display_can_be_drawn(size):
    for changes in ({}, {"source": "lost"}, {"source": "paused"}, {"picture": None}):
        drawn = draw(scene(*crowd(12, seed=3), **changes), size, SETTINGS, DisplayOptions(help_shown=True))
        assert drawn.shape == (size[1], size[0], 3)
        assert drawn.dtype == np.uint8


def test_the_display_dims_after_the_time_without_faces_and_wakes_at_once():
    drawer, view = Drawer(SETTINGS.model_copy(update={"idle_after_s": 60.0})), DisplayOptions()
    levels = []
    for now_s in (0.0, 59.9, 60.5, 62.0):
        levels.append(float(drawer.draw(scene(time_s=now_s), SIZE, view, now_s)[30:].mean()))
        assert drawer.idle == (now_s > 60.0)
    assert levels[0] == levels[1] > 1.2 * levels[2] > 1.5 * levels[3]
    awake = drawer.draw(scene(face(), time_s=62.1), SIZE, view, 62.1)
    assert not drawer.idle
    assert np.array_equal(awake, draw(scene(face(), time_s=62.1), SIZE, SETTINGS, view))


def test_the_mark_camera_on_stays_as_bright_on_a_dimmed_display():
    drawer, view = Drawer(SETTINGS), DisplayOptions()
    before = drawer.draw(scene(time_s=0.0), SIZE, view, 0.0)
    after = drawer.draw(scene(time_s=500.0), SIZE, view, 500.0)
    assert drawer.idle
    assert np.array_equal(_bar_of(before), _bar_of(after))


def test_a_display_that_shall_never_dim_does_not():
    drawer = Drawer(SETTINGS.model_copy(update={"idle_after_s": 0.0}))
    drawer.draw(scene(time_s=0.0), SIZE, DisplayOptions(), 0.0)
    drawer.draw(scene(time_s=1e6), SIZE, DisplayOptions(), 1e6)
    assert not drawer.idle


def test_time_that_was_paused_or_lost_is_no_time_without_faces():
    drawer, view = Drawer(SETTINGS), DisplayOptions()
    drawer.draw(scene(), SIZE, view, 0.0)
    drawer.draw(scene(source="paused"), SIZE, view, 100.0)
    drawer.draw(scene(time_s=101.0), SIZE, view, 101.0)
    assert not drawer.idle


def test_a_picture_that_stands_still_is_told_although_it_looks_live():
    drawer, view, still = Drawer(SETTINGS), DisplayOptions(), scene()
    drawer.draw(still, SIZE, view, 10.0)
    fresh = drawer.draw(still, SIZE, view, 10.0 + FROZEN_AFTER_S - 0.1)
    stale = drawer.draw(still, SIZE, view, 10.0 + FROZEN_AFTER_S + 0.1)
    assert not np.array_equal(_bar_of(fresh), _bar_of(stale))
    again = drawer.draw(replace(still, time_s=14.0), SIZE, view, 10.0 + FROZEN_AFTER_S + 0.2)
    assert np.array_equal(_bar_of(again), _bar_of(fresh))


def test_every_state_of_camera_broker_and_privacy_looks_different_in_the_bar():
    scenes = [scene(source=s, broker=b) for s in ("ok", "paused", "lost") for b in ("connected", "away", "off")]
    bars = [_bar_of(draw(one, (1280, 720), SETTINGS, DisplayOptions())).tobytes() for one in scenes]
    bars += [
        _bar_of(draw(scenes[0], (1280, 720), SETTINGS, DisplayOptions(privacy=p))).tobytes() for p in ("blur", "boxes")
    ]
    assert len(set(bars)) == len(bars)


def test_boxes_glide_between_two_scenes():
    drawer, view = Drawer(SETTINGS), DisplayOptions(privacy="boxes", status_shown=False)
    before, after = (scene(face(1, (x, 0.3, 0.15, 0.2), None)) for x in (0.2, 0.5))
    drawer.draw(before, SIZE, view, 0.0)
    lefts = [_left_edge(drawer.draw(after, SIZE, view, now_s)) for now_s in (0.02, 0.06, 0.12, 1.0)]
    assert all(earlier < later for earlier, later in pairwise(lefts))
    assert lefts[-1] == _left_edge(draw(after, SIZE, SETTINGS, view))


def _left_edge(canvas: np.ndarray) -> int:
    return int(np.nonzero((canvas > 160).all(axis=2).any(axis=0))[0].min())


def test_a_face_that_moved_out_of_the_picture_has_no_mark():
    gone = face(1, (0.99, 0.3, 0.01, 0.2), visible=False)
    assert np.array_equal(draw(scene(gone), SIZE, SETTINGS), draw(scene(), SIZE, SETTINGS))


def test_drawing_needs_neither_a_display_nor_pillow_until_it_draws():
    code = "import sys, device.overlay.draw; print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"pygame", "PIL", "ai_edge_litert", "tflite_runtime", "paho"} & set(answer.stdout.split())
