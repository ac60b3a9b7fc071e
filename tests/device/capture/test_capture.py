import logging
import queue
import threading
import time
from dataclasses import replace

import numpy as np
import pytest

from device.capture.capture import build_capture
from device.capture.latest_frame import NewestFrame
from device.capture.reader import SourceReader
from device.capture.sources.isolated import IsolatedSource
from device.capture.sources.settings import SourceSettings
from device.errors import HangError, SourceError
from tests.fakes import FakeClock, frame

PATIENCE_S = 30.0
SETTINGS = SourceSettings(reopen_delay_s=0.001, reopen_delay_max_s=0.004)


def until(condition) -> None:
    """Wait for another thread to make ``condition`` true."""
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, "the other thread did not get there"
        time.sleep(0.002)


class Recording:
    """Gives three frames, ten a second."""

    name = "film"
    live = False

    def __init__(self, count=3):
        self.count = count
        self.opened = 0

    def open(self):
        self.opened += 1
        self.frames = [frame(number) for number in range(self.count)]

    def read(self):
        return self.frames.pop(0) if self.frames else None

    def close(self):
        self.frames = []


class LiveSource:
    """Gives what a test puts in: a frame, None for an end, or an exception to raise; waits where nothing is in."""

    name = "camera"
    live = True

    def __init__(self):
        self.script = queue.Queue()
        self.openings = queue.Queue()
        self.reads = 0
        self.opened = self.closed = 0

    def open(self):
        self.opened += 1
        if not self.openings.empty():
            raise self.openings.get()

    def read(self):
        self.reads += 1
        item = self.script.get()
        if isinstance(item, Exception):
            raise item
        return item

    def close(self):
        self.closed += 1


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def source():
    return LiveSource()


@pytest.fixture
def capture(source, clock):
    made = build_capture(source, SETTINGS, clock)
    yield made
    source.script.put(None)
    made.close()


def test_a_recording_gives_every_frame_when_it_is_due_and_ends(clock):
    waits = []

    def wait(seconds):
        waits.append(seconds)
        clock.time_s += seconds

    capture = build_capture(Recording(), SourceSettings(), clock, wait)
    capture.start()
    assert [capture.next(1.0).index for _ in range(3)] == [0, 1, 2]
    assert waits == pytest.approx([0.1, 0.1])
    assert not capture.ended
    assert capture.next(1.0) is None
    assert capture.ended
    assert (capture.state, capture.trouble) == ("ok", None)


def test_a_recording_that_is_not_due_within_the_timeout_is_given_later(clock):
    def wait(seconds):
        clock.time_s += seconds

    capture = build_capture(Recording(), SourceSettings(), clock, wait)
    capture.start()
    assert capture.next(0.06).index == 0
    assert capture.next(0.06) is None
    assert not capture.ended
    assert capture.next(0.06).index == 1


def test_a_recording_as_fast_as_possible_does_not_wait(clock):
    def wait(_):
        pytest.fail("waited")

    capture = build_capture(Recording(), SourceSettings(pace="as-fast-as-possible"), clock, wait)
    capture.start()
    assert [capture.next(1.0).index for _ in range(3)] == [0, 1, 2]


def test_a_slow_reader_misses_no_frame_of_a_recording(clock):
    capture = build_capture(Recording(), SourceSettings(), clock)
    capture.start()
    numbers = []
    while (taken := capture.next(1.0)) is not None:
        numbers.append(taken.index)
        clock.time_s += 60.0
    assert numbers == [0, 1, 2]


def test_a_recording_can_be_started_again_after_its_end(clock):
    capture = build_capture(Recording(1), SourceSettings(), clock)
    for _ in range(2):
        capture.start()
        assert capture.next(1.0).index == 0
        assert capture.next(1.0) is None
        assert capture.close()


def test_a_live_source_gives_the_newest_frame_alone(source, capture):
    for number in range(3):
        source.script.put(frame(number))
    capture.start()
    until(lambda: source.reads == 4)
    assert capture.next(PATIENCE_S).index == 2
    assert capture.next(0.0) is None
    source.script.put(frame(3))
    assert capture.next(PATIENCE_S).index == 3


def test_a_source_that_takes_long_to_open_is_not_lost_for_that(source, capture, clock, monkeypatch):
    def open_slowly():
        clock.time_s += 2 * SETTINGS.stall_timeout_s

    monkeypatch.setattr(source, "open", open_slowly)
    capture.start()
    assert capture.state == "ok"


def test_a_source_that_is_not_there_at_the_start_is_the_callers_to_know(source, capture):
    source.openings.put(SourceError("no camera at /dev/video0"))
    with pytest.raises(SourceError, match="no camera at /dev/video0"):
        capture.start()


def test_a_start_that_fails_has_let_go_of_a_source_however_slow_that_is_and_another_may_follow(clock):
    class SlowToClose(LiveSource):
        def close(self):
            time.sleep(0.1)
            super().close()

    source = SlowToClose()
    capture = build_capture(source, SETTINGS, clock)
    source.openings.put(SourceError("no camera at /dev/video0"))
    with pytest.raises(SourceError, match="no camera"):
        capture.start()
    assert source.closed == 1
    capture.start(must_open=False)
    source.script.put(frame(0))
    assert capture.next(PATIENCE_S).index == 0
    source.script.put(None)
    assert capture.close()


def test_a_source_that_need_not_be_there_is_lost_until_it_comes(source, capture, caplog):
    source.openings.put(SourceError("no camera at /dev/video0"))
    capture.start(must_open=False)
    assert capture.state == "lost"
    until(lambda: capture.trouble is not None)
    assert capture.trouble == "no camera at /dev/video0"
    source.script.put(frame(0))
    assert capture.next(PATIENCE_S).index == 0
    assert (capture.state, capture.trouble) == ("ok", None)
    assert "no camera at /dev/video0; trying again in 0.001 s" in caplog.text


def test_a_frame_from_before_a_loss_is_not_given_after_it(source, capture):
    capture.start()
    source.script.put(frame(0))
    source.script.put(SourceError("the cable is out"))
    until(lambda: source.opened == 2)
    assert capture.next(0.0) is None


@pytest.mark.parametrize("loss", [SourceError("the cable is out"), None])
def test_a_source_that_fails_or_ends_is_lost_closed_and_opened_again(source, capture, loss):
    capture.start()
    source.script.put(frame(0))
    assert capture.next(PATIENCE_S).index == 0
    source.script.put(loss)
    until(lambda: source.opened == 2)
    assert source.closed == 1
    assert capture.state == "lost"
    assert not capture.ended
    source.script.put(frame(1))
    assert capture.next(PATIENCE_S).index == 1
    assert capture.state == "ok"


def test_the_waits_between_openings_double_up_to_the_longest_and_begin_anew_after_a_frame(source, capture, caplog):
    caplog.set_level(logging.DEBUG, "device.capture.reader")
    capture.start()
    for _ in range(4):
        source.openings.put(SourceError("no camera"))
    source.script.put(SourceError("the cable is out"))
    source.script.put(frame(0))
    assert capture.next(PATIENCE_S).index == 0
    source.script.put(SourceError("the cable is out"))
    until(lambda: source.opened == 7)
    waits = [record.getMessage().rpartition(" in ")[2] for record in caplog.records if " in " in record.msg]
    assert waits == ["0.001 s", "0.002 s", "0.004 s", "0.004 s", "0.004 s", "0.001 s"]


class Stop(threading.Event):
    """Is set after so many waits, and remembers how long each was to be."""

    def __init__(self, waits):
        super().__init__()
        self.left = waits
        self.waits_s = []

    def is_set(self):
        return self.left == 0

    def wait(self, timeout=None):
        self.left -= 1
        self.waits_s.append(timeout)
        return self.is_set()


def test_the_reader_waits_for_so_long_before_it_opens_a_lost_source_again(source, clock):
    for _ in range(4):
        source.openings.put(SourceError("no camera"))
    stop = Stop(waits=4)
    SourceReader(source, SETTINGS, clock, NewestFrame(clock, 3.5)).read_until(stop)
    assert (source.opened, stop.waits_s) == (4, [0.001, 0.002, 0.004, 0.004])


def test_a_source_that_falls_silent_is_lost_until_it_speaks_and_is_told_once(source, clock, capture, caplog):
    capture.start()
    source.script.put(frame(0))
    assert capture.next(PATIENCE_S).index == 0
    clock.time_s += SETTINGS.stall_timeout_s
    assert capture.state == "ok"
    clock.time_s += 0.1
    assert capture.state == "lost"
    assert capture.next(0.0) is None
    assert capture.next(0.0) is None
    assert caplog.text.count("camera has given no frame for 3.6 s") == 1
    source.script.put(frame(1))
    assert capture.next(PATIENCE_S).index == 1
    assert capture.state == "ok"


def test_closing_lets_go_of_the_source_and_starting_opens_it_again(source, capture):
    capture.start()
    source.script.put(frame(0))
    until(lambda: source.reads == 2)
    closer = threading.Thread(target=capture.close, args=(PATIENCE_S,))
    closer.start()
    until(capture._stop.is_set)
    source.script.put(frame(1))
    closer.join()
    assert (source.opened, source.closed) == (1, 1)
    assert capture.next(0.0) is None, "nothing taken before or while closing may come out after it"
    capture.start()
    source.script.put(frame(2))
    assert capture.next(PATIENCE_S).index == 2


def test_a_stuck_read_does_not_hold_up_closing_and_bars_a_second_start(source, capture):
    capture.start()
    until(lambda: source.reads == 1)
    assert not capture.close(0.01)
    with pytest.raises(SourceError, match="still held"):
        capture.start()
    source.script.put(None)
    until(lambda: source.closed > 0)


def test_closing_cuts_the_wait_for_another_opening_short(source, clock):
    capture = build_capture(source, SourceSettings(reopen_delay_s=3600.0, reopen_delay_max_s=3600.0), clock)
    source.openings.put(SourceError("no camera"))
    capture.start(must_open=False)
    until(lambda: source.opened == 1)
    assert capture.close(PATIENCE_S)


def test_closing_before_starting_is_harmless(capture, source):
    assert capture.close()
    assert source.closed == 0


def test_a_fault_in_the_reading_thread_reaches_the_caller(source, capture):
    capture.start()
    source.script.put(ZeroDivisionError("a bug"))
    with pytest.raises(ZeroDivisionError, match="a bug"):
        capture.next(PATIENCE_S)


def noisy(index, size=(48, 64)):
    """A frame such as a living sensor gives."""
    pixels = np.random.default_rng(index).integers(90, 110, size).astype(np.uint8)
    return replace(frame(index), grey=pixels)


def black(index):
    return replace(frame(index), grey=np.zeros((48, 64), np.uint8))


def lose_to_dead_pictures(source, capture, clock):
    capture.start()
    for number in range(3):
        source.script.put(noisy(number))
    until(lambda: source.reads == 4)
    capture.next(0.0)
    for number in range(4):
        clock.time_s += 1.0
        source.script.put(black(number))
        until(lambda number=number: source.reads >= 5 + number)
    clock.time_s += 1.0
    source.script.put(black(4))
    until(lambda: capture.state == "lost")
    capture.next(0.0)


def test_dead_pictures_are_a_loss_and_are_not_given(source, capture, clock, caplog):
    lose_to_dead_pictures(source, capture, clock)
    assert "camera gives a black picture without any noise; trying again in 0.001 s" in caplog.text
    source.script.put(black(6))
    assert capture.next(0.02) is None
    assert capture.state == "lost"


def test_dead_pictures_are_told_once_however_often_the_source_is_opened_for_them(source, capture, clock, caplog):
    lose_to_dead_pictures(source, capture, clock)
    for number in range(20):
        clock.time_s += 1.0
        reads = source.reads
        source.script.put(black(number))
        until(lambda reads=reads: source.reads > reads)
    assert source.opened > 3
    assert source.opened - source.closed in {0, 1}
    assert caplog.text.count("black picture") == 1


def test_the_first_living_picture_ends_the_loss_without_another_opening(source, capture, clock):
    lose_to_dead_pictures(source, capture, clock)
    opened = source.opened
    source.script.put(noisy(10))
    source.script.put(noisy(11))
    assert capture.next(PATIENCE_S).index in {10, 11}
    assert capture.state == "ok"
    assert source.opened - opened in {0, 1}


def test_a_fault_that_lasts_is_told_once_and_a_new_one_anew(source, capture, caplog):
    for reason in ("no camera", "no camera", "no camera", "no permission"):
        source.openings.put(SourceError(reason))
    capture.start(must_open=False)
    source.script.put(frame(0))
    assert capture.next(PATIENCE_S).index == 0
    assert caplog.text.count("no camera") == 1
    assert caplog.text.count("no permission") == 1


def test_a_picture_of_another_size_ends_what_was_followed_and_opens_the_source_again(source, capture, caplog):
    capture.start()
    source.script.put(noisy(0))
    assert capture.next(PATIENCE_S).index == 0
    source.script.put(noisy(1, (24, 32)))
    until(lambda: source.opened == 2)
    assert capture.state == "lost"
    assert "camera gives 32 x 24 pixels now, and gave 64 x 48" in caplog.text
    source.script.put(noisy(2, (24, 32)))
    assert capture.next(PATIENCE_S).width == 32


def test_a_read_that_never_comes_back_is_told_to_whoever_asks_for_frames(source, capture, clock):
    capture.start()
    until(lambda: source.reads == 1)
    clock.time_s += SETTINGS.stall_timeout_s + SETTINGS.hang_timeout_s
    assert capture.next(0.0) is None
    clock.time_s += 0.1
    with pytest.raises(HangError, match="camera hangs in its driver: a read has not come back"):
        capture.next(0.0)
    assert not capture.close(0.01)


def test_what_a_process_of_its_own_reads_never_counts_as_a_driver_that_hangs(clock, monkeypatch):
    source = IsolatedSource(SourceSettings(uri="rtsp://camera.lan/live"), clock, colour="none")
    reading, ending = threading.Event(), threading.Event()

    def read():
        reading.set()
        assert ending.wait(PATIENCE_S)
        raise SourceError("the camera is silent")

    for name, stand_in in (("open", lambda: None), ("read", read), ("close", lambda: None)):
        monkeypatch.setattr(source, name, stand_in)
    capture = build_capture(source, SETTINGS, clock)
    capture.start()
    assert reading.wait(PATIENCE_S)
    clock.time_s += 10_000.0
    assert capture.next(0.0) is None
    capture.check()
    ending.set()
    assert capture.close(PATIENCE_S)


def test_an_opening_that_never_comes_back_does_not_hold_up_the_start_for_ever(source, clock):
    opening = threading.Event()

    def hang():
        opening.set()
        threading.Event().wait()

    source.open = hang
    capture = build_capture(source, SETTINGS, clock)
    started = queue.Queue()

    def start():
        try:
            capture.start()
        except HangError as error:
            started.put(str(error))

    threading.Thread(target=start, daemon=True).start()
    assert opening.wait(PATIENCE_S)
    clock.time_s += SETTINGS.open_timeout_s + SETTINGS.hang_timeout_s + 1.0
    assert "an opening has not come back" in started.get(timeout=PATIENCE_S)


def test_a_recording_that_is_opened_again_gives_nothing_from_before(clock):
    capture = build_capture(Recording(), SourceSettings(), clock, lambda _: None)
    capture.start()
    capture.next(0.0)
    assert capture.next(0.0) is None  # the second frame is held until it is due
    capture.close()
    capture.start()
    assert capture.next(0.0).index == 0
