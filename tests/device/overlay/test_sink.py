"""What the sensor does for the overlay: as little as can be, and no picture where there is to be none."""

from datetime import UTC, datetime

import numpy as np
import pytest

from device.overlay.channel import Report
from device.overlay.settings import OverlaySettings
from device.overlay.sink import OverlaySink
from device.records import Box, BrokerState, Frame, Observation
from tests.device.sightings import NOON, FakeClock, face, reading
from tests.device.system.test_supervisor import SHOWN, FakeProcess

FACE = face(7, reading("happy", since_s=2.0), box=Box(64, 48, 128, 96))


class Bench:
    def __init__(self, **settings):
        self.clock = FakeClock(10.0)
        self.process = FakeProcess()
        self.turned = []
        self.broker: BrokerState = "connected"
        self.slot = None
        self.sink = OverlaySink(
            OverlaySettings(enabled=True, **settings),
            self.clock,
            broker=lambda: self.broker,
            on_pause=self.turned.append,
            launch=self.launch,
        )

    def launch(self, _, slot):
        self.slot = slot
        return self.process

    def hear(self, *kinds):
        self.process.reports += [Report(kind) for kind in kinds]
        self.sink.check()

    def open(self):
        self.sink.check()
        self.process.reports.append(SHOWN)
        self.sink.check()
        self.process.heard.clear()

    def observe(self, *, level=200, bgr=None, found=(), after_s=0.1):
        self.clock.time_s += after_s
        grey = np.random.default_rng(1).integers(level - 50, level + 50, (480, 640), np.uint8)
        frame = Frame(grey, self.clock.time_s, NOON, 0, bgr)
        self.sink.observe(Observation(frame, (FACE,), (), found))
        return frame

    @property
    def lies_there(self):
        return self.slot.read((480, 640))


@pytest.fixture
def bench(request):
    made = Bench(**getattr(request, "param", {}))
    made.open()
    yield made
    made.sink.close()


def test_a_frame_is_only_passed_on_when_it_was_asked_for(bench):
    bench.observe()
    assert not bench.process.heard
    assert not bench.lies_there.any()
    bench.hear("ready")
    frame = bench.observe()
    bench.observe()
    (update,) = bench.process.heard
    assert np.array_equal(bench.slot.read(update.moment.shape), frame.grey)


def test_a_face_comes_with_its_place_its_emotion_and_how_long_it_has_had_it(bench):
    bench.hear("ready")
    frame = bench.observe()
    (mark,) = bench.process.heard[-1].moment.faces
    assert (mark.track_id, mark.emotion) == (7, "happy")
    assert mark.held_s == pytest.approx(frame.time_s - 2.0)
    assert (mark.box.x, mark.box.y, mark.box.w, mark.box.h) == (0.1, 0.1, 0.2, 0.2)


def test_a_coloured_picture_is_taken_where_there_is_one_also_a_larger_one(bench):
    bench.hear("ready")
    bgr = np.random.default_rng(2).integers(0, 256, (960, 1280, 3), np.uint8)
    bench.observe(bgr=bgr)
    shape = bench.process.heard[-1].moment.shape
    assert np.array_equal(bench.slot.read(shape), bgr)


def test_a_frame_that_the_overlay_did_not_take_is_followed_by_the_next(bench):
    bench.hear("ready")
    bench.process.send = lambda _: False
    bench.observe()
    del bench.process.send
    bench.observe()
    assert len(bench.process.heard) == 1


@pytest.mark.parametrize("state", ["paused", "lost"])
def test_while_the_camera_is_closed_no_picture_is_laid_down_and_the_last_is_wiped(bench, state):
    bench.hear("ready")
    bench.observe()
    assert bench.lies_there.any()
    bench.sink.set_source_state(state)
    assert not bench.lies_there.any()
    assert (bench.process.heard[-1].source, bench.process.heard[-1].moment) == (state, None)
    bench.hear("ready")
    bench.observe()
    assert not bench.lies_there.any()
    bench.sink.set_source_state("ok")
    bench.observe()
    assert bench.lies_there.any()


@pytest.mark.parametrize("bench", [{"privacy": "boxes"}], indirect=True)
def test_boxes_alone_need_no_picture(bench):
    bench.hear("ready")
    bench.observe()
    moment = bench.process.heard[-1].moment
    assert (moment.shape, moment.aspect, len(moment.faces)) == (None, 640 / 480, 1)
    assert not bench.lies_there.any()


@pytest.mark.parametrize("bench", [{"privacy": "blur"}], indirect=True)
def test_faces_are_unrecognisable_before_their_picture_leaves_the_sensor(bench, monkeypatch):
    laid, write = [], bench.slot.write

    def keep(picture):
        laid.append(picture.copy())
        return write(picture)

    monkeypatch.setattr(bench.slot, "write", keep)
    bench.hear("ready")
    frame = bench.observe(found=(Box(64, 48, 128, 96), Box(400, 300, 100, 100)))
    picture = bench.lies_there
    assert picture[60:130, 80:180].std() < frame.grey[60:130, 80:180].std() / 2
    assert picture[310:390, 410:490].std() < frame.grey[310:390, 410:490].std() / 2, "found, and not a face yet"
    assert np.array_equal(picture[:100, 400:], frame.grey[:100, 400:])
    assert np.array_equal(laid, [picture]), "the clear picture was never there, not even for a moment"


@pytest.mark.parametrize("bench", [{"privacy": "blur"}], indirect=True)
def test_a_face_that_has_just_left_is_blurred_a_while_longer(bench):
    bench.hear("ready")
    frame = bench.observe()
    bench.hear("ready")
    bench.clock.time_s += 0.5
    bench.sink.observe(Observation(Frame(frame.grey, bench.clock.time_s, datetime.now(UTC), 1), ()))
    assert bench.lies_there[60:130, 80:180].std() < frame.grey[60:130, 80:180].std() / 2


@pytest.mark.parametrize("bench", [{"privacy": "blur"}], indirect=True)
def test_what_was_found_in_a_frame_that_is_not_shown_is_blurred_in_the_next(bench):
    bench.observe(found=(Box(400, 300, 100, 100),))
    bench.hear("ready")
    frame = bench.observe()
    assert bench.lies_there[310:390, 410:490].std() < frame.grey[310:390, 410:490].std() / 2


@pytest.mark.parametrize("bench", [{"privacy": "blur"}], indirect=True)
def test_in_a_crowd_every_face_is_blurred_even_those_that_are_not_marked(bench):
    bench.hear("ready")
    crowd = tuple(Box(16.0 * column, 100.0 * row, 16.0, 16.0) for row in range(4) for column in range(10))
    last = Box(560, 400, 64, 64)
    frame = bench.observe(found=(*crowd, last))
    assert len(bench.process.heard[-1].moment.unconfirmed) == 32
    assert bench.lies_there[405:460, 565:620].std() < frame.grey[405:460, 565:620].std() / 2


def test_a_key_turns_the_switch(bench):
    bench.hear("pause")
    bench.hear("resume")
    assert bench.turned == [True, False]


def test_the_broker_s_state_is_told_when_it_changes_and_only_then(bench):
    bench.sink.check()
    assert not bench.process.heard
    bench.broker = "away"
    bench.sink.check()
    bench.sink.check()
    assert [update.broker for update in bench.process.heard] == ["away"]


def test_a_state_that_did_not_fit_is_told_later(bench):
    bench.process.send = lambda _: False
    bench.sink.set_source_state("paused")
    del bench.process.send
    bench.sink.check()
    assert bench.process.heard[-1].source == "paused"


def test_an_overlay_that_starts_anew_is_told_how_things_are_and_asks_for_itself(bench):
    bench.hear("ready")
    bench.observe()
    bench.hear("ready")
    bench.process.ended = "killed by SIGKILL"
    bench.sink.check()
    assert not bench.lies_there.any()
    bench.process = FakeProcess()
    bench.clock.time_s += 5.0
    bench.sink.check()
    bench.process.reports.append(SHOWN)
    bench.sink.check()
    assert [update.moment for update in bench.process.heard] == [None]
    bench.observe()
    assert len(bench.process.heard) == 1


def test_the_sensor_s_own_rate_is_told(bench):
    for _ in range(40):
        bench.observe(after_s=0.05)
    bench.hear("ready")
    bench.observe(after_s=0.05)
    assert bench.process.heard[-1].fps == pytest.approx(20.0)


def test_it_can_be_closed_before_it_was_opened():
    sink = OverlaySink(OverlaySettings(enabled=True), FakeClock(), launch=lambda *_: FakeProcess())
    sink.close()
    assert sink._slot.descriptor == -1
