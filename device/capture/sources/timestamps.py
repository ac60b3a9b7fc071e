"""From a sensor's own timestamps to our clock."""

import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from device.interfaces import Clock

_OLDEST_S = 2.0  # a frame that waited longer than this in a driver was not stamped by the clock we take it for


class SensorTime:
    """Says when a frame was exposed.

    A stamp that is missing, in the future, too old or no later than the one before is not believed: the frame's arrival
    counts instead.

    Args:
        clock: the time that frames carry.
        kernel_clocks_ns: the clocks a stamp may come from, likeliest first; each gives its time now, nanoseconds.
    """

    def __init__(self, clock: Clock, kernel_clocks_ns: Sequence[Callable[[], int]]) -> None:
        self._clock = clock
        self._kernel_clocks_ns = kernel_clocks_ns
        self._last_s = float("-inf")

    def place(self, sensor_ns: int | None) -> tuple[float, datetime]:
        """The monotonic time, seconds, and the time of day of a frame that has just come with ``sensor_ns``."""
        arrived_s, arrived_at = self._clock.monotonic_s(), self._clock.now()
        age_s = self._age_s(sensor_ns)
        if arrived_s - age_s <= self._last_s:
            age_s = 0.0
        self._last_s = arrived_s - age_s
        return self._last_s, arrived_at - timedelta(seconds=age_s)

    def _age_s(self, sensor_ns: int | None) -> float:
        """Seconds since the exposure; 0 where the stamp says nothing."""
        if not sensor_ns:
            return 0.0
        ages_s = ((now_ns() - sensor_ns) / 1e9 for now_ns in self._kernel_clocks_ns)
        return next((age_s for age_s in ages_s if 0.0 <= age_s <= _OLDEST_S), 0.0)


def boottime_ns() -> int:
    """Nanoseconds since the start of the machine, time asleep included: what a Raspberry Pi's cameras stamp with."""
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME)


def monotonic_ns() -> int:
    """Nanoseconds on the kernel's monotonic clock: what USB cameras stamp with."""
    return time.clock_gettime_ns(time.CLOCK_MONOTONIC)
