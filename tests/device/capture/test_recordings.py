"""A recording is read as it plays: every frame, when it is due."""

import pytest

from device.capture.capture import build_capture
from device.capture.sources.settings import SourceSettings
from tests.device.capture.played import Recording


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


def test_a_recording_that_is_opened_again_gives_nothing_from_before(clock):
    capture = build_capture(Recording(), SourceSettings(), clock, lambda _: None)
    capture.start()
    capture.next(0.0)
    assert capture.next(0.0) is None  # the second frame is held until it is due
    capture.close()
    capture.start()
    assert capture.next(0.0).index == 0
