"""The overlay on a real DRM card without a desktop: what the monitor's look at the display shows."""

import time

import cv2
import numpy as np
import pytest

from device.demo import load_true_boxes
from device.overlay import palette
from device.overlay.draw import draw
from device.overlay.scene import Scene
from device.overlay.settings import OverlaySettings
from tests.vm.affectd import Affectd
from tests.vm.machine import FOLDER

pytestmark = [pytest.mark.slow, pytest.mark.integration]

SIZE = (1280, 720)
CLIP_WIDTH, CLIP_HEIGHT = 640, 480
START_S = 1200.0
# Boxes glide to their places, and labels wait a moment before they say more.
SETTLED_S = 20.0
MARKS = (
    palette.ORANGE,
    palette.SKY_BLUE,
    palette.GREEN,
    palette.YELLOW,
    palette.VERMILLION,
    palette.PURPLE,
    palette.LIGHT_GREY,
    palette.MUTED_TEXT,
)


@pytest.fixture(scope="module")
def shot(machine):
    """What the display shows once both faces are in the picture, uint8 (height, width, 3) BGR."""
    # The display is given a minute to open, and the processor is a slow one: the daemon must leave it some time.
    machine.run("python -c 'import cv2, pygame, device.overlay.draw, device.overlay.screen, device.overlay.viewer'")
    daemon = Affectd(
        machine,
        source={"uri": "/carried/pictures", "loop": True, "fps": 1.0},
        tracker={"lost_s": 5.0},
        overlay={"enabled": True, "driver": "kmsdrm", "mirror": False, "fps": 2.0},
    )
    begun_s = time.monotonic()
    daemon.wait_until_said("the overlay is (shown|back): kmsdrm, 1280 x 720 pixels, full screen", START_S)
    print(f"\nthe display was open after {time.monotonic() - begun_s:.0f} s")
    daemon.wait_until_heard('"face_count": *2', START_S)
    time.sleep(SETTLED_S)
    shot = machine.screendump()
    daemon.end()
    cv2.imwrite(str(FOLDER / "screen.png"), shot)
    print(f"what it showed is in {FOLDER / 'screen.png'}")
    return shot


def drawn_without_faces(picture):
    """What the display would show if nobody were in the picture."""
    scene = Scene(picture, (), 100.0, 10.0, "ok", "connected")
    return draw(scene, SIZE, OverlaySettings(mirror=False))


def is_marked(pixels):
    """Where the colours are that faces are marked with, bool (height, width)."""
    return np.min([np.abs(pixels.astype(int) - colour).max(axis=2) for colour in MARKS], axis=0) <= 2


def window(place, box_xywh, grow):
    """The rows and columns of a box in the clip's pixels, its sides ``grow`` times as long, on the display."""
    (left, top, width, height), (x, y, w, h) = place, box_xywh
    scale = width / CLIP_WIDTH
    assert scale == pytest.approx(height / CLIP_HEIGHT, abs=0.01)
    half_w, half_h = grow * w * scale / 2, grow * h * scale / 2
    middle_x, middle_y = left + (x + w / 2) * scale, top + (y + h / 2) * scale
    return slice(round(middle_y - half_h), round(middle_y + half_h)), slice(
        round(middle_x - half_w), round(middle_x + half_w)
    )


@pytest.fixture(scope="module")
def place():
    """Where the picture lies on the display: left, top, width, height."""
    white = np.full((CLIP_HEIGHT, CLIP_WIDTH, 3), 255, np.uint8)
    rows, columns = np.nonzero((drawn_without_faces(white) == 255).all(axis=2))
    return columns.min(), rows.min(), columns.max() + 1 - columns.min(), rows.max() + 1 - rows.min()


def test_the_display_of_a_bare_console_shows_the_picture(shot, clip_picture, place):
    assert shot.shape == (SIZE[1], SIZE[0], 3)
    left, top, width, height = place
    plain = drawn_without_faces(clip_picture)
    same = np.abs(shot.astype(int) - plain).max(axis=2) <= 2
    share = same[top : top + height, left : left + width].mean()
    print(f"\n{share:.0%} of the picture is as it was taken; marks and labels cover the rest")
    assert share > 0.5
    beside = np.hstack([same[top:, :left], same[top:, left + width :]])
    assert beside.mean() > 0.8


def test_both_faces_are_marked_where_they_are(shot, clip_picture, place, picture_number):
    marked = is_marked(shot) & ~is_marked(drawn_without_faces(clip_picture))
    for face in load_true_boxes()[picture_number]:
        # Haar's box is near the true one, not the same.
        within, around = (marked[window(place, face.box_xywh, grow)].sum() for grow in (0.7, 1.3))
        print(f"\n{face.id}: {around - within} pixels of marks about the edge of the face, {within} within")
        assert around - within > 200
        assert within < (around - within) / 4
