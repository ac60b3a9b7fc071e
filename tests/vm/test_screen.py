"""The overlay on a real DRM card without a desktop: what the monitor's look at the display shows."""

import time

import cv2
import pytest

from tests.vm.affectd import Affectd
from tests.vm.display import SETTINGS, SETTLED_S, SIZE, SOURCE, TRACKER, marks_around_faces, shares_as_taken
from tests.vm.machine import FOLDER

pytestmark = [pytest.mark.slow, pytest.mark.integration]

START_S = 1200.0


@pytest.fixture(scope="module")
def shot(machine):
    """What the display shows once both faces are in the picture, uint8 (height, width, 3) BGR."""
    # The display is given a minute to open, and the processor is a slow one: the daemon must leave it some time.
    machine.run("python -c 'import cv2, pygame, device.overlay.draw, device.overlay.screen, device.overlay.viewer'")
    daemon = Affectd(machine, source=SOURCE, tracker=TRACKER, overlay=SETTINGS)
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


def test_the_display_of_a_bare_console_shows_the_picture(shot, clip_picture):
    assert shot.shape == (SIZE[1], SIZE[0], 3)
    share, share_beside = shares_as_taken(shot, clip_picture)
    print(f"\n{share:.0%} of the picture is as it was taken; marks and labels cover the rest")
    assert share > 0.5
    assert share_beside > 0.8


def test_both_faces_are_marked_where_they_are(shot, clip_picture, picture_number):
    marks = marks_around_faces(shot, clip_picture, picture_number)
    assert len(marks) == 2
    for name, (around, within) in marks.items():
        print(f"\n{name}: {around} pixels of marks about the edge of the face, {within} within")
        assert around > 200
        assert within < around / 4
