"""``make bench-summary``: what the memory costs, on the disk that the repository is on."""

import re
import statistics
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

from device.records import Box, Observation, ObservedFace, Track
from device.summary.tally import Tally, Visits
from device.system.clock import SystemClock
from tests.benchmarks.daemon import ROOT, measure_daemon
from tests.device.sightings import frame_at, reading
from tests.device.summary.machine import Clock, Machine

EMOTIONS = ("happy", "neutral", "sad")
FRAMES, TURNS, WRITES = 50_000, 5_000, 50
RUNS = 3


def main() -> None:
    """Measure and print."""
    build = ROOT / "build"
    build.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=build) as folder:
        for name, visits_an_hour in (("nobody", 0), ("30 visits an hour, 9 to 18", 30), ("300 visits an hour", 300)):
            written, system_calls, kept, per_day = measure_day(Path(folder) / name[:3] / name[-3:], visits_an_hour)
            print(f"a day, {name:<28} {written:>10,} bytes written, {system_calls:>6,} write calls, {kept:>7,} kept")
            print(f"{'':<36}{per_day:>10,} more kept for a day after it")
        turn_ms, write_ms = upkeep_ms(Path(folder) / "upkeep")
    print(f"CPU: {frame_us():.1f} µs a frame with two faces, {turn_ms:.2f} ms a second, {write_ms:.1f} ms a write")
    pairs = [daemons() for _ in range(RUNS)]
    with_it, without = (statistics.median(figures.peak_mb for figures in side) for side in zip(*pairs, strict=True))
    print(f"the daemon: {with_it:.1f} MB at most, {without:.1f} MB where it counts nothing (medians of {RUNS})")


def daemons():
    """Figures of the daemon that counts, and of one that does not, by turns."""
    return measure_daemon(), measure_daemon(summary={"enabled": False})


def measure_day(folder: Path, visits_an_hour: int) -> tuple[int, int, int, int]:
    """Bytes and calls of a whole day in which the daemon runs all the time, and the file's size after one and two."""
    machine = Machine(folder, Clock(datetime(2026, 11, 19, 23, 0, tzinfo=UTC)))
    machine.wait(60.0)
    before = _io()
    sizes = []
    for day in range(2):
        begun = machine.clock.now()
        for hour in range(24):
            if visits_an_hour == 300 or (visits_an_hour and 9 <= hour < 18):
                for number in range(visits_an_hour):
                    machine.visit(5.0 + number % 17, EMOTIONS[number % 3], step_s=5.0)
                    machine.wait(3600.0 / visits_an_hour - 25.0, step_s=60.0) if visits_an_hour < 100 else None
            machine.wait_until(begun + timedelta(hours=hour + 1))
        sizes.append(machine.path.stat().st_size)
        if day == 0:
            after = _io()
    machine.stop()
    return after[0] - before[0], after[1] - before[1], sizes[0], sizes[1] - sizes[0]


def upkeep_ms(folder: Path) -> tuple[float, float]:
    """Milliseconds of CPU that looking at the clock and booking the time takes, and that a write takes."""
    machine, real = Machine(folder), Machine(folder / "real", cast("Any", SystemClock()))
    begun_s = time.process_time()
    for _ in range(TURNS):
        real.sink._turn()
    turned_s = time.process_time()
    for _ in range(WRITES):
        machine.clock.time_s += 600.0
        machine.settle()
    done_s = time.process_time()
    return 1000 * (turned_s - begun_s) / TURNS, 1000 * (done_s - turned_s) / WRITES


def _io() -> tuple[int, int]:
    """Bytes that this process has sent to a disk, and its calls that write."""
    text = Path("/proc/self/io").read_text(encoding="ascii")
    found = dict(re.findall(r"(\w+): (\d+)", text))
    return int(found["write_bytes"]) - int(found["cancelled_write_bytes"]), int(found["syscw"])


def frame_us() -> float:
    """Microseconds that counting takes of a frame."""
    visits = Visits(Tally())
    observations = [
        Observation(
            frame_at(number / 10),
            tuple(
                ObservedFace(Track(who, Box(64, 48, 128, 96), 0.0, number / 10, visible=True), reading("happy"))
                for who in (1, 2)
            ),
        )
        for number in range(1000)
    ]
    begun_s = time.process_time()
    for _ in range(FRAMES // len(observations)):
        visits._visits.clear()
        for observation in observations:
            visits.see(observation.faces)
    return 1e6 * (time.process_time() - begun_s) / FRAMES


if __name__ == "__main__":
    main()
