"""Whether the time of day can be believed, as the kernel has it."""

import ctypes
from datetime import UTC

import pytest

from device.system.clock import SystemClock


@pytest.mark.parametrize(("answer", "state"), [(0, "synced"), (2, "synced"), (5, "unsynced"), (-1, "unsynced")])
def test_the_clock_is_set_once_the_kernel_says_so(monkeypatch, answer, state):
    class Libc:
        def adjtimex(self, _):
            return answer

    monkeypatch.setattr(ctypes, "CDLL", lambda _: Libc())
    assert SystemClock().state() == state


def test_the_kernel_is_really_asked():
    assert SystemClock().state() in {"synced", "unsynced"}


def test_the_time_of_day_has_a_zone():
    assert SystemClock().now().tzinfo is UTC
