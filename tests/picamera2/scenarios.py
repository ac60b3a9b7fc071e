"""What happens inside the root: a scenario runs in a process of its own and prints what it saw as JSON.

Usage: python -m cured scenarios NAME CONFIG
"""

import json
import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from device.app import build_stages
from device.capture.sources import build_source
from device.capture.sources.colours import Colour
from device.capture.sources.picamera import PiCamera
from device.config import Config, load_config
from device.daemon import Daemon
from device.errors import SourceError
from device.pipeline import Pipeline
from device.system.clock import SystemClock
from device.system.log import LastTrouble
from device.system.systemd import ServiceManager

HELD = Path(os.environ["VIRTUAL_CAMERA_HELD"])


def pictures(config: Config, *, colour: Colour = "none") -> dict[str, Any]:
    """Thirty frames, their arrays in files, beside what the camera says of itself."""
    with _opened(config, colour=colour) as camera:
        given = camera._camera.camera_configuration()
        taken, ages_s = [], []
        for _ in range(30):
            taken.append(camera.read())
            ages_s.append(time.monotonic() - taken[-1].time_s)
    np.save("grey.npy", np.array([frame.grey for frame in taken]))
    if colour != "none":
        np.save("bgr.npy", np.array([frame.colours() for frame in taken]))
    streams = {name: given[name] for name in ("main", "lores") if given[name]}
    return {
        "streams": {
            name: {key: stream[key] for key in ("format", "size", "stride")} for name, stream in streams.items()
        },
        "times_s": [frame.time_s for frame in taken],
        "ages_s": ages_s,
        "indices": [frame.index for frame in taken],
    }


def colour_pictures(config: Config) -> dict[str, Any]:
    """The same with colours."""
    return pictures(config, colour="whole")


def small_colour_pictures(config: Config) -> dict[str, Any]:
    """The same with colours that are made when somebody looks."""
    return pictures(config, colour="small")


def silence(config: Config) -> dict[str, Any]:
    """A camera that gives nothing: how long the read waits that says so, and what comes once it was opened again."""
    with _opened(config) as camera:
        camera.read()
        HELD.touch()
        told = None
        while told is None:  # what lies ready is given first
            begun_s = time.monotonic()
            try:
                camera.read()
            except SourceError as error:
                told, waited_s = str(error), time.monotonic() - begun_s
        camera.close()
        HELD.unlink()
        camera.open()
        again = [camera.read().index for _ in range(5)]
    return {"told": told, "waited_s": waited_s, "again": again}


def reopening(config: Config) -> dict[str, Any]:
    """Opened, read and closed again and again: what the process holds after each round."""
    rounds = []
    for _ in range(22):
        begun_s = time.monotonic()
        with _opened(config) as camera:
            opened_s = time.monotonic() - begun_s
            for _ in range(3):
                camera.read()
        rounds.append(
            {
                "opened_s": opened_s,
                "closed_s": time.monotonic() - begun_s - opened_s,
                "descriptors": len(list(Path("/proc/self/fd").iterdir())),
                "threads": threading.active_count(),
                "resident_mb": _resident_mb(),
            }
        )
    return {"rounds": rounds}


def first_frame(config: Config) -> dict[str, Any]:
    """Seconds from the process's start until the daemon is through with its first frame."""
    clock = SystemClock()
    daemon = Daemon(build_stages(config, clock, LastTrouble()), clock, ServiceManager(clock, {}))
    built_s = _age_s()
    through_s: list[float] = []
    step = Pipeline.step

    def timed_step(pipeline, frame):
        step(pipeline, frame)
        through_s.append(_age_s())
        daemon.stop()

    Pipeline.step = timed_step  # type: ignore[method-assign]
    daemon.run()
    return {"built_s": built_s, "through_s": through_s[0]}


@contextmanager
def _opened(config: Config, *, colour: Colour = "none") -> Iterator[PiCamera]:
    camera = build_source(config.source, SystemClock(), colour=colour)
    assert isinstance(camera, PiCamera)
    camera.open()
    try:
        yield camera
    finally:
        camera.close()


def _resident_mb() -> float:
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS:"))


def _age_s() -> float:
    """How long ago this process was started, to a hundredth of a second."""
    started_ticks = int(Path("/proc/self/stat").read_text(encoding="ascii").rpartition(")")[2].split()[19])
    return time.clock_gettime(time.CLOCK_BOOTTIME) - started_ticks / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    every = (pictures, colour_pictures, small_colour_pictures, silence, reopening, first_frame)
    scenario = {each.__name__: each for each in every}[sys.argv[1]]
    print(json.dumps(scenario(load_config(Path(sys.argv[2])))))
