"""The overlay's own loop, with a display and a pen that only remember."""

from dataclasses import replace

import numpy as np
import pytest

from device.overlay.channel import Moment, Report, Update, daemon_end, overlay_end
from device.overlay.scene import FaceMark
from device.overlay.settings import OverlaySettings
from device.overlay.slot import PictureSlot
from device.overlay.viewer import Viewer
from device.records import RelativeBox
from device.system.channel import socket_pair

FACES = (FaceMark(1, RelativeBox(0.1, 0.2, 0.3, 0.4), None, None, 0.0, visible=True),)
FRAME_S = 0.1


class FakeDisplay:
    def __init__(self):
        self.canvas_size = (320, 180)
        self.pressed = []
        self.shown = []
        self.toggled = 0

    def show(self, canvas):
        self.shown.append(canvas)

    def presses(self):
        pressed, self.pressed = self.pressed, []
        return pressed

    def check(self):
        pass

    def toggle_fullscreen(self):
        self.toggled += 1


class FakeArtist:
    idle = False

    def __init__(self):
        self.drawn = []

    def draw(self, scene, size, view, now_s):
        self.drawn.append((scene, size, view, now_s))
        return np.zeros((size[1], size[0], 3), np.uint8)

    @property
    def scene(self):
        return self.drawn[-1][0]

    @property
    def view(self):
        return self.drawn[-1][2]


class Bench:
    """A viewer, all that is around it, and a clock that is moved by hand."""

    def __init__(self, **settings):
        self.now_s = 100.0
        one, other = socket_pair()
        self.daemon, self.channel = daemon_end(one), overlay_end(other)
        self.slot = PictureSlot.create()
        self.display, self.artist = FakeDisplay(), FakeArtist()
        options = OverlaySettings(**({"fps": 1 / FRAME_S, "mirror": False} | settings))
        self.viewer = Viewer(
            self.display, self.artist, self.channel, self.slot, settings=options, now=lambda: self.now_s
        )

    def turn(self, *updates, presses=(), after_s=FRAME_S):
        """One round after some time; what it said to the daemon."""
        self.now_s += after_s
        for update in updates:
            assert self.daemon.send(update)
        self.display.pressed += presses
        self.going = self.viewer.turn()
        return [report.kind for report in self.daemon.receive()]

    def watch(self, level=200):
        """One round with a new picture."""
        shape = self.slot.write(np.full((48, 64), level, np.uint8))
        return self.turn(Update("ok", "connected", 15.0, Moment(FACES, self.now_s, shape)))

    def close(self):
        self.daemon.close()
        self.channel.close()
        self.slot.close()


@pytest.fixture
def bench():
    made = Bench()
    yield made
    made.close()


def test_nothing_is_shown_before_the_daemon_has_said_how_things_are(bench):
    bench.turn()
    assert not bench.display.shown
    bench.turn(Update("ok", "away", None))
    assert (bench.artist.scene.source, bench.artist.scene.broker, bench.artist.scene.picture) == ("ok", "away", None)
    assert len(bench.display.shown) == 1


def test_the_newest_picture_is_shown_with_its_faces(bench):
    bench.turn(Update("ok", "connected", None))
    bench.watch(level=200)
    assert (bench.artist.scene.picture == 200).all()
    assert bench.artist.scene.faces == FACES
    assert bench.artist.scene.fps == 15.0


def test_a_frame_is_asked_for_at_once_and_then_each_time_one_has_been_taken(bench):
    assert "ready" in bench.turn(Update("ok", "connected", None))
    assert "ready" not in bench.turn()
    assert "ready" in bench.watch()
    assert "ready" not in bench.turn(Update("ok", "away", None))


def test_frames_are_asked_for_no_faster_than_the_configured_rate(bench):
    bench.turn(Update("ok", "connected", None))
    asked = 0
    for _ in range(100):
        moment = Moment((), bench.now_s, bench.slot.write(np.ones((4, 4), np.uint8)))
        asked += bench.turn(Update("ok", "connected", None, moment), after_s=FRAME_S / 5).count("ready")
    assert 18 <= asked <= 21


def test_boxes_glide_between_pictures(bench):
    bench.watch()
    drawn = len(bench.artist.drawn)
    for _ in range(3):
        bench.turn()
    assert len(bench.artist.drawn) == drawn + 3


def test_a_picture_that_is_withheld_leaves_its_proportions(bench):
    bench.turn(Update("ok", "connected", None))
    bench.turn(Update("ok", "connected", 15.0, Moment(FACES, 1.0, None, aspect=1.5)))
    assert (bench.artist.scene.picture, bench.artist.scene.aspect) == (None, 1.5)


@pytest.mark.parametrize("source", ["paused", "lost"])
def test_picture_and_faces_are_forgotten_at_once_when_the_camera_is_closed(bench, source):
    bench.watch()
    bench.watch()
    bench.turn(Update(source, "connected", None))
    assert (bench.artist.scene.source, bench.artist.scene.picture, bench.artist.scene.faces) == (source, None, ())
    bench.turn(Update("ok", "connected", None))
    assert bench.artist.scene.picture is None


def test_a_broker_that_goes_away_is_shown_over_the_last_picture(bench):
    bench.watch()
    bench.watch(level=90)
    bench.turn(Update("ok", "away", 14.0))
    assert bench.artist.scene.broker == "away"
    assert (bench.artist.scene.picture == 90).all()


def test_a_card_that_stands_still_is_hardly_ever_drawn_again(bench):
    for _ in range(2):
        bench.turn(Update("paused", "connected", None))
    drawn = len(bench.artist.drawn)
    for _ in range(30):
        bench.turn()
    assert 2 <= len(bench.artist.drawn) - drawn <= 4


def test_without_faces_for_long_fewer_frames_are_asked_for(bench):
    bench.turn(Update("ok", "connected", None))
    bench.artist.idle = True
    asked = sum(bench.watch().count("ready") for _ in range(30))
    assert 10 <= asked <= 14


def test_p_asks_for_what_is_not_so_now(bench):
    bench.watch()
    bench.watch()
    assert "pause" in bench.turn(presses=["pause"])
    bench.turn(Update("paused", "connected", None))
    assert "resume" in bench.turn(presses=["pause"])
    assert bench.artist.scene.source == "paused", "what is shown is the daemon's state, not the key's"


def test_m_and_h_turn_the_view_and_turn_it_back(bench):
    bench.watch()
    bench.turn(presses=["mirror", "help"])
    assert (bench.artist.view.mirrored, bench.artist.view.help_shown) == (True, True)
    bench.turn(presses=["mirror", "help"])
    assert (bench.artist.view.mirrored, bench.artist.view.help_shown) == (False, False)


def test_f_is_the_display_s_business(bench):
    bench.turn(presses=["fullscreen"])
    assert bench.display.toggled == 1


def test_a_person_who_leaves_ends_it_and_the_daemon_hears_of_it(bench):
    bench.watch()
    assert "closed" in bench.turn(presses=["leave"])
    assert not bench.going


def test_a_daemon_that_ends_ends_it(bench):
    bench.watch()
    bench.daemon.close()
    assert not bench.viewer.turn()


def test_a_window_of_another_size_is_drawn_at_once(bench):
    bench.turn(Update("paused", "connected", None))
    bench.display.canvas_size = (640, 360)
    bench.turn()
    assert bench.artist.drawn[-1][1] == (640, 360)


def test_it_says_now_and_then_that_it_lives(bench):
    alive = sum(bench.turn().count("alive") for _ in range(50))
    assert 4 <= alive <= 6


def test_what_was_said_before_it_listened_counts_only_with_its_last_state(bench):
    bench.watch()
    bench.turn(Update("paused", "away", None), Update("ok", "away", None), Update("paused", "connected", None))
    assert (bench.artist.scene.source, bench.artist.scene.broker) == ("paused", "connected")


def test_a_daemon_that_does_not_listen_for_a_while_is_asked_again(bench):
    bench.turn(Update("ok", "connected", None))
    while bench.channel.send(Report("alive")):
        pass
    bench.watch()
    bench.daemon.receive()
    assert "ready" in bench.turn()


def test_settings_choose_the_first_view():
    bench = Bench(mirror=True, privacy="blur")
    bench.watch()
    assert replace(bench.artist.view, help_shown=False) == bench.artist.view
    assert (bench.artist.view.mirrored, bench.artist.view.privacy) == (True, "blur")
    bench.close()
