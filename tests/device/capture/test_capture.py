"""A live source is read for its newest frame, and opened again when it is lost."""

import logging
import threading
import time

import pytest

from device.capture.capture import build_capture
from device.capture.latest_frame import NewestFrame
from device.capture.reader import SourceReader
from device.errors import SourceError
from tests.device.capture.played import PATIENCE_S, SETTINGS, LiveSource, until
from tests.fakes import frame


def test_a_live_source_gives_the_newest_frame_alone(source, capture):
    for number in range(3):
        source.script.put(frame(number))
    capture.start()
    until(lambda: source.reads == 4)
    assert capture.next(PATIENCE_S).index == 2
    assert capture.next(0.0) is None
    source.script.put(frame(3))
    assert capture.next(PATIENCE_S).index == 3


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


def test_closing_before_starting_is_harmless(capture, source):
    assert capture.close()
    assert source.closed == 0


def test_a_fault_in_the_reading_thread_reaches_the_caller(source, capture):
    capture.start()
    source.script.put(ZeroDivisionError("a bug"))
    with pytest.raises(ZeroDivisionError, match="a bug"):
        capture.next(PATIENCE_S)
