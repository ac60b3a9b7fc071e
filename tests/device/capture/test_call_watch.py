import pytest

from device.capture.call_watch import CallWatch
from device.errors import HangError
from tests.fakes import FakeClock


@pytest.fixture
def clock():
    return FakeClock()


def test_a_call_within_its_time_and_grace_is_sound(clock):
    calls = CallWatch("/dev/video0", clock, grace_s=10.0)
    with calls.during("a read", usual_s=3.0):
        clock.time_s += 13.0
        calls.check()


def test_a_call_that_does_not_come_back_is_told_with_its_time_and_what_to_do(clock):
    calls = CallWatch("/dev/video0", clock, grace_s=10.0)
    with calls.during("a read", usual_s=3.0):
        clock.time_s += 13.5
        with pytest.raises(HangError, match=r"/dev/video0 hangs in its driver: a read has not come back for 1[34] s"):
            calls.check()


def test_a_call_that_came_back_is_over_even_when_it_failed(clock):
    calls = CallWatch("/dev/video0", clock, grace_s=10.0)
    with pytest.raises(OSError, match="gone"), calls.during("a read"):
        raise OSError("gone")
    clock.time_s += 1000.0
    calls.check()
