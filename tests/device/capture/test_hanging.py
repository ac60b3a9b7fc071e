"""Reads and openings that do not come back."""

import queue
import threading

import pytest

from device.capture.capture import build_capture
from device.capture.sources.isolated import IsolatedSource
from device.capture.sources.settings import SourceSettings
from device.errors import HangError, SourceError
from tests.device.capture.played import PATIENCE_S, SETTINGS, until


def test_a_source_that_takes_long_to_open_is_not_lost_for_that(source, capture, clock, monkeypatch):
    def open_slowly():
        clock.time_s += 2 * SETTINGS.stall_timeout_s

    monkeypatch.setattr(source, "open", open_slowly)
    capture.start()
    assert capture.state == "ok"


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
