"""A sensor's time is taken where it can be one, and the arrival's where not."""

import time

import pytest

from device.capture.sources.timestamps import SensorTime, boottime_ns, monotonic_ns
from tests.fakes import FakeClock

SECOND_NS = 1_000_000_000


class KernelClock:
    def __init__(self, now_ns: int) -> None:
        self.now_ns = now_ns

    def __call__(self) -> int:
        return self.now_ns


@pytest.fixture
def clock():
    return FakeClock()


def test_the_age_of_the_exposure_is_taken_off(clock):
    sensor_time = SensorTime(clock, [KernelClock(900 * SECOND_NS)])
    time_s, taken_at = sensor_time.place(900 * SECOND_NS - 30_000_000)
    assert time_s == pytest.approx(clock.monotonic_s() - 0.03)
    assert (clock.now() - taken_at).total_seconds() == pytest.approx(0.03)


@pytest.mark.parametrize("sensor_ns", [None, 0, 900 * SECOND_NS + 1, 890 * SECOND_NS])
def test_a_stamp_that_is_missing_or_cannot_be_true_counts_for_nothing(clock, sensor_ns):
    sensor_time = SensorTime(clock, [KernelClock(900 * SECOND_NS)])
    assert sensor_time.place(sensor_ns) == (clock.monotonic_s(), clock.now())


def test_a_stamp_of_another_clock_is_recognised(clock):
    asleep_ns = 5000 * SECOND_NS
    sensor_time = SensorTime(clock, [KernelClock(900 * SECOND_NS + asleep_ns), KernelClock(900 * SECOND_NS)])
    assert sensor_time.place(900 * SECOND_NS - 10_000_000)[0] == pytest.approx(clock.monotonic_s() - 0.01)


def test_time_only_grows(clock):
    kernel = KernelClock(900 * SECOND_NS)
    sensor_time = SensorTime(clock, [kernel])
    first_s, _ = sensor_time.place(None)
    clock.time_s += 0.05
    kernel.now_ns += 50_000_000
    second_s, _ = sensor_time.place(kernel.now_ns - 60_000_000)
    assert second_s > first_s


def test_each_clock_is_the_kernels_of_that_name(monkeypatch):
    # On a machine that was never asleep the two tell the same.
    asked = {time.CLOCK_BOOTTIME: 7 * SECOND_NS, time.CLOCK_MONOTONIC: 5 * SECOND_NS}
    monkeypatch.setattr(time, "clock_gettime_ns", asked.__getitem__)
    assert (boottime_ns(), monotonic_ns()) == (7 * SECOND_NS, 5 * SECOND_NS)


def test_the_kernels_clocks_run():
    monotonic = monotonic_ns()
    assert boottime_ns() >= monotonic > 0
