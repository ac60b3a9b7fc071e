"""Telemetry counts what happened lately, and is silent about what it cannot know."""

from pathlib import Path

import pytest

from device.system.telemetry import Latency, Telemetry, Throttling, read_temperature_c, read_throttling
from tests.device.sightings import FakeClock, frame_at


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def telemetry(clock, tmp_path) -> Telemetry:
    return Telemetry(clock, window_s=10, sysfs=tmp_path)


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_frames_ten_a_second_are_ten_a_second(telemetry, clock):
    for index in range(31):
        clock.time_s = index / 10
        telemetry.add_frame(frame_at(clock.time_s, index))
    assert telemetry.snapshot().fps == 10.0


def test_the_rate_falls_when_frames_stay_away_and_old_ones_are_forgotten(telemetry, clock):
    for index in range(11):
        clock.time_s = index / 10
        telemetry.add_frame(frame_at(clock.time_s, index))
    clock.time_s = 5
    assert telemetry.snapshot().fps == 2.0
    clock.time_s = 60
    assert telemetry.snapshot().fps == 0.0


def test_a_gap_in_the_index_is_counted_as_dropped_frames(telemetry):
    for index in (0, 1, 5, 6):
        telemetry.add_frame(frame_at(0, index))
    assert telemetry.snapshot().dropped_frames == 3


def test_a_source_that_begins_again_from_zero_drops_nothing(telemetry):
    for index in (7, 8, 0, 1):
        telemetry.add_frame(frame_at(0, index))
    assert telemetry.snapshot().dropped_frames == 0


def test_latencies_are_ranked_within_the_window(telemetry, clock):
    telemetry.add_latency("detect", 9.0)
    clock.time_s = 20
    for milliseconds in range(1, 101):
        telemetry.add_latency("detect", milliseconds / 1000)
    latency = telemetry.snapshot().latency
    assert latency == {"detect": Latency(50.0, 95.0), "classify": None, "total": None}


@pytest.mark.parametrize(
    ("count", "p50_ms", "p95_ms"), [(1, 1.0, 1.0), (2, 1.0, 2.0), (19, 10.0, 19.0), (30, 15.0, 29.0)]
)
def test_of_few_latencies_the_nearest_rank_above_is_told(telemetry, count, p50_ms, p95_ms):
    for milliseconds in range(count, 0, -1):
        telemetry.add_latency("total", milliseconds / 1000)
    assert telemetry.snapshot().latency["total"] == Latency(p50_ms, p95_ms)


def test_the_temperature_is_read_in_degrees(tmp_path):
    write(tmp_path / "class/thermal/thermal_zone0/temp", "54321\n")
    assert read_temperature_c(tmp_path) == 54.3


@pytest.mark.parametrize("soc", ["soc/soc:firmware", "soc@107c000000/soc@107c000000:firmware"])
def test_throttling_is_told_as_the_firmware_has_it(tmp_path, soc):
    write(tmp_path / "devices/platform" / soc / "get_throttled", "d0005\n")
    assert read_throttling(tmp_path) == Throttling(
        now=("under_voltage", "throttled"), since_boot=("under_voltage", "throttled", "soft_temperature_limit")
    )


@pytest.mark.parametrize("nonsense", [None, "", "warm"])
def test_what_the_kernel_does_not_tell_is_unknown(tmp_path, nonsense):
    if nonsense is not None:
        write(tmp_path / "class/thermal/thermal_zone0/temp", nonsense)
        write(tmp_path / "devices/platform/soc/soc:firmware/get_throttled", nonsense)
    assert read_temperature_c(tmp_path) is None
    assert read_throttling(tmp_path) is None


def test_a_source_that_counts_anew_or_stands_still_has_dropped_nothing(telemetry):
    for index in (7, 7, 0, 1):
        telemetry.add_frame(frame_at(0, index))
    assert telemetry.snapshot().dropped_frames == 0
