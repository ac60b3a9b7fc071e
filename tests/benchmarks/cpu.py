"""What a pipeline, and another process beside it, take of the processor."""

import os
import time
from collections.abc import Sequence
from pathlib import Path

from device.pipeline import Pipeline
from device.records import Frame


def work_through(pipeline: Pipeline, frames: Sequence[Frame], pace_fps: float | None) -> tuple[float, float]:
    """Seconds of wall time and of this process's CPU that ``frames`` take.

    Args:
        pipeline: takes them, one after the other.
        frames: in their order.
        pace_fps: so many a second, as a camera gives them; None for as fast as they are worked through.
    """
    begun_s, cpu_begun_s = time.perf_counter(), time.process_time()
    for index, frame in enumerate(frames):
        if pace_fps:
            time.sleep(max(0.0, begun_s + index / pace_fps - time.perf_counter()))
        pipeline.step(frame)
    return time.perf_counter() - begun_s, time.process_time() - cpu_begun_s


def cpu_s_of(pid: int) -> float:
    """CPU seconds that a process has taken (proc(5), fields 14 and 15 of stat)."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
