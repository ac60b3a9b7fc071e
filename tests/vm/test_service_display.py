"""The service with its drop-in for a display: the overlay takes the first console, and the display shows it."""

import time

import cv2
import pytest

from tests.vm.display import SETTINGS, SETTLED_S, SIZE, SOURCE, TRACKER, marks_around_faces, shares_as_taken
from tests.vm.machine import FOLDER
from tests.vm.service import DROP_INS

pytestmark = [pytest.mark.slow, pytest.mark.integration]

START_S = 1200.0
EXAMPLE = "/usr/share/doc/affectd/examples/overlay.conf"
LOGIN = "getty@tty1.service"


@pytest.fixture(scope="module")
def showing(service):
    """The service with its overlay on the display."""
    service.machine.run(f"systemctl unmask {LOGIN} && systemctl start {LOGIN}")
    service.machine.run(f"install -D -m 644 {EXAMPLE} {DROP_INS}/overlay.conf && systemctl daemon-reload")
    service.configure(source=SOURCE, tracker=TRACKER, overlay=SETTINGS)
    service.restart()
    begun_s = time.monotonic()
    shown = "the overlay is (shown|back): kmsdrm, 1280 x 720 pixels, full screen"
    service.machine.wait_until(
        f"journalctl -b -u affectd -o cat --no-pager | grep -qE '{shown}'", "the overlay", START_S, service.journal
    )
    print(f"\nthe display was open {time.monotonic() - begun_s:.0f} s after the service was ready")
    yield service
    service.drop_in("overlay", "")
    service.machine.run(f"systemctl mask --quiet {LOGIN}")


@pytest.fixture(scope="module")
def shot(showing):
    """What the display shows once both faces are in the picture, uint8 (height, width, 3) BGR."""
    begun_s = showing.now_s()
    showing.wait_until(
        lambda: any(state.payload["face_count"] == 2 for state in showing.heard("state", begun_s)), "both faces"
    )
    time.sleep(SETTLED_S)
    shot = showing.machine.screendump()
    cv2.imwrite(str(FOLDER / "service.png"), shot)
    print(f"what it showed is in {FOLDER / 'service.png'}")
    return shot


def test_the_overlay_takes_the_console_from_the_login(showing):
    assert showing.machine.ask(f"systemctl is-active {LOGIN}").stdout == "inactive\n"
    assert showing.show()["ActiveState"] == "active"


def test_the_display_shows_the_picture_and_both_faces_where_they_are(shot, clip_picture, picture_number):
    assert shot.shape == (SIZE[1], SIZE[0], 3)
    share, share_beside = shares_as_taken(shot, clip_picture)
    marks = marks_around_faces(shot, clip_picture, picture_number)
    print(f"\n{share:.0%} of the picture is as it was taken; pixels of marks around and within faces: {marks}")
    assert share > 0.5
    assert share_beside > 0.8
    assert len(marks) == 2
    assert all(around > 200 and within < around / 4 for around, within in marks.values())


@pytest.mark.usefixtures("shot")
def test_its_memory_stays_below_the_drop_in_s_bounds(showing):
    shown = showing.show()
    used, peak, high, most = (int(shown[f"Memory{name}"]) / 2**20 for name in ("Current", "Peak", "High", "Max"))
    print(f"\nwith the overlay: {used:.0f} MiB now, {peak:.0f} MiB at most; bounds {high:.0f} and {most:.0f} MiB")
    assert (high, most) == (600, 700)
    assert peak < high
