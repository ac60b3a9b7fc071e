"""Too warm, a device looks at fewer frames; it comes back when it has cooled, and does not flutter in between."""

import pytest
from pydantic import ValidationError

from device.system.heat import HeatGuard, HeatSettings
from device.system.telemetry import Throttling
from tests.device.sightings import FakeClock


class Processor:
    """As warm and as held back as a test wants it."""

    def __init__(self, celsius: float | None = 50.0) -> None:
        self.celsius = celsius
        self.now: tuple[str, ...] = ()

    def temperature(self) -> float | None:
        return self.celsius

    def throttling(self) -> Throttling:
        return Throttling(self.now, self.now)


@pytest.fixture
def processor() -> Processor:
    return Processor()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def guard(processor, clock) -> HeatGuard:
    settings = HeatSettings(slow_above_c=75.0, normal_below_c=68.0, slowest_fps=2.0)
    return HeatGuard(settings, 16.0, clock, temperature=processor.temperature, throttling=processor.throttling)


def wait(guard, clock, seconds) -> None:
    """Turn the loop for so long."""
    for _ in range(int(seconds * 4)):
        clock.time_s += 0.25
        guard.check()


def admitted(guard, clock, *, fps=16.0, seconds=10.0) -> float:
    """How many frames a second are let through."""
    count = 0
    for _ in range(int(seconds * fps)):
        clock.time_s += 1 / fps
        count += guard.admits(clock.time_s)
    return count / seconds


def test_a_cool_device_looks_at_every_frame(guard, clock):
    wait(guard, clock, 60)
    assert guard.limit_fps is None
    assert admitted(guard, clock) == 16.0


def test_a_warm_one_looks_at_half_of_them_and_one_that_stays_warm_at_fewer(guard, processor, clock):
    processor.celsius = 80.0
    wait(guard, clock, 10)
    assert guard.limit_fps == 8.0
    assert admitted(guard, clock) == pytest.approx(8.0, abs=0.2)
    wait(guard, clock, 30)
    assert guard.limit_fps == 4.0
    assert admitted(guard, clock) == pytest.approx(4.0, abs=0.2)


def test_it_never_looks_at_fewer_than_it_is_told(guard, processor, clock):
    processor.celsius = 99.0
    wait(guard, clock, 600)
    assert guard.limit_fps == 2.0
    processor.celsius = 50.0
    wait(guard, clock, 20)
    assert guard.limit_fps == 4.0


def test_between_the_two_temperatures_nothing_changes(guard, processor, clock):
    processor.celsius = 76.0
    wait(guard, clock, 10)
    processor.celsius = 70.0
    wait(guard, clock, 600)
    assert guard.limit_fps == 8.0
    processor.celsius = 67.0
    wait(guard, clock, 10)
    assert guard.limit_fps is None


def test_a_processor_that_its_firmware_throttles_is_too_warm_whatever_the_thermometer_says(guard, processor, clock):
    processor.now = ("throttled",)
    wait(guard, clock, 10)
    assert guard.limit_fps == 8.0


def test_a_weak_power_supply_is_not_heat(guard, processor, clock):
    processor.now = ("under_voltage", "throttled")
    wait(guard, clock, 60)
    assert guard.limit_fps is None


def test_a_device_without_a_thermometer_looks_at_every_frame(guard, processor, clock):
    processor.celsius = None
    wait(guard, clock, 60)
    assert guard.limit_fps is None


def test_a_limit_of_null_never_slows_down(processor, clock):
    processor.celsius = 99.0
    guard = HeatGuard(HeatSettings(slow_above_c=None), 16.0, clock, temperature=processor.temperature)
    wait(guard, clock, 60)
    assert guard.limit_fps is None


def test_a_film_that_begins_again_is_looked_at_from_its_beginning(guard, processor, clock):
    processor.celsius = 80.0
    wait(guard, clock, 10)
    assert guard.admits(500.0)
    assert guard.admits(0.0)


def test_the_temperature_of_the_way_back_is_the_lower_one():
    with pytest.raises(ValidationError, match="normal_below_c 80 is not below slow_above_c 75"):
        HeatSettings(slow_above_c=75.0, normal_below_c=80.0)
