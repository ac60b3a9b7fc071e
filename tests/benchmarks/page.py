"""``make bench-page``: what the page costs, with nobody, one and five people who look at it.

The pipeline works through the bundled clip in this process as the daemon's loop does. The page is served by its own
process, and a third one looks: it follows the live stream as a browser does.
"""

import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import cv2

from device.app import build_pipeline
from device.classify.classifier import BUNDLED_MODEL, TfliteClassifier
from device.config import Config
from device.interfaces import Sink
from device.page.process import PageProcess
from device.page.settings import PageSettings
from device.page.sink import PageActions, PageSink, Sources
from device.page.state_file import StateFile
from device.records import Event, Frame, Observation
from device.system.clock import SystemClock
from device.system.telemetry import Telemetry
from device.tools.aim.look import Look
from device.tools.aim.meter import FaceMeter, brightness_of
from device.tools.aim.words import as_json
from tests.benchmarks.clips import bundled_clip
from tests.benchmarks.cpu import cpu_s_of, work_through
from tests.brokers import LOOPBACK, free_port

ROUNDS = 3
CAMERA_FPS = 15.0
CAMERA_FRAMES = 150
VIEWERS: tuple[int | None, ...] = (None, 0, 1, 5)
"""None is without a page."""

_LOOK = """
import socket, sys, threading
port, count = int(sys.argv[1]), int(sys.argv[2])
def look():
    connection = socket.create_connection(("127.0.0.1", port))
    connection.sendall(b"GET /stream HTTP/1.1\\r\\nHost: localhost\\r\\n\\r\\n")
    while connection.recv(65536):
        pass
threads = [threading.Thread(target=look) for _ in range(count)]
for thread in threads:
    thread.start()
print("looking", flush=True)
"""


@dataclass(frozen=True)
class Figures:
    """One round.

    Attributes:
        fps: frames per second of wall time.
        sensor_ms: milliseconds of CPU per frame in the sensor's process.
        sink_ms: how many of them go into the page's sink.
        page_share: of one core, that the page's process takes.
        page_mb: of memory that is the page's alone (PSS), MiB.
    """

    fps: float
    sensor_ms: float
    sink_ms: float = 0.0
    page_share: float = 0.0
    page_mb: float = 0.0


class Served:
    """A page whose process can be watched, and who looks at it."""

    def __init__(self, viewers: int, folder: Path) -> None:
        self.pid, self.cpu_s = 0, 0.0
        meter = FaceMeter()

        def look(observation: Observation, fps: float | None) -> dict[str, Any]:
            frame = observation.frame
            faces = meter.take(frame, (face.track for face in observation.faces))
            seen = Look(frame.width, frame.height, brightness_of(frame), faces, 0.0, fps, None)
            return as_json(seen, CAMERA_FPS)

        port = free_port()
        self.sink = PageSink(
            PageSettings(enabled=True, port=port),
            SystemClock(),
            sources=Sources(lambda: {"id": "bench", "colours": {}}, lambda: {"broker": "off"}, look),
            actions=PageActions(pause=lambda _: None, reload=lambda: None),
            state_file=StateFile(folder, folder),
            launch=self._launch,
        )
        while not self.sink.is_shown:
            self.sink.check()
            time.sleep(0.01)
        command = [sys.executable, "-c", _LOOK, str(port), str(viewers)]
        self._looking = subprocess.Popen(command, stdout=subprocess.PIPE)
        assert self._looking.stdout
        self._looking.stdout.readline()

    def observe(self, observation: Observation) -> None:
        """As the daemon's loop and its pipeline do together."""
        begun_s = time.thread_time()
        self.sink.check()
        self.sink.observe(observation)
        self.cpu_s += time.thread_time() - begun_s

    def emit(self, event: Event) -> None:
        """Likewise."""
        self.sink.emit(event)

    def close(self) -> None:
        """End both processes."""
        self.sink.close()
        self._looking.kill()
        self._looking.wait()
        assert self._looking.stdout
        self._looking.stdout.close()

    def _launch(self, settings: PageSettings, hello: Mapping[str, Any]) -> PageProcess:
        process = PageProcess(settings, hello)
        self.pid = process.pid
        return process


def main() -> None:
    """Measure and print."""
    cv2.setNumThreads(1)
    frames = bundled_clip("none").frames
    print(f"{len(frames)} frames of the bundled clip at {LOOPBACK}, {ROUNDS} rounds in turn, the best of each")
    for title, pace_fps, part in (
        ("as fast as possible", None, frames),
        (f"from a camera of {CAMERA_FPS:g} fps", CAMERA_FPS, frames[:CAMERA_FRAMES]),
    ):
        rounds: dict[int | None, list[Figures]] = {viewers: [] for viewers in VIEWERS}
        for _ in range(ROUNDS):
            for viewers in VIEWERS:
                with TemporaryDirectory() as folder:
                    rounds[viewers].append(_measure(viewers, part, pace_fps, Path(folder)))
        _print_table(title, rounds)


def _measure(viewers: int | None, frames: list[Frame], pace_fps: float | None, folder: Path) -> Figures:
    served = None if viewers is None else Served(viewers, folder)
    sinks: Sequence[Sink] = [served] if served else []
    clock = SystemClock()
    pipeline = build_pipeline(Config(), clock, TfliteClassifier.load(BUNDLED_MODEL), Telemetry(clock), sinks)
    page_begun_s = cpu_s_of(served.pid) if served else 0.0
    wall_s, cpu_s = work_through(pipeline, frames, pace_fps)
    count = len(frames)
    if served is None:
        return Figures(count / wall_s, 1000 * cpu_s / count)
    page_s, page_mb = cpu_s_of(served.pid) - page_begun_s, _pss_mb(served.pid)
    served.close()
    return Figures(count / wall_s, 1000 * cpu_s / count, 1000 * served.cpu_s / count, page_s / wall_s, page_mb)


def _print_table(title: str, rounds: dict[int | None, list[Figures]]) -> None:
    """The best round of each: what is worse is other programs' doing."""
    without_fps = max(figures.fps for figures in rounds[None])
    print(f"\n{title}; CPU in milliseconds per frame, the page's share of one core and its memory")
    print(f"{'':<14}{'fps':>8}{'':>8}{'sensor':>10}{'its sink':>10}{'page':>8}{'memory':>12}")
    for viewers, results in rounds.items():
        fps = max(figures.fps for figures in results)
        name = "no page" if viewers is None else f"{viewers} look" if viewers != 1 else "1 looks"
        print(
            f"{name:<14}{fps:8.1f}{fps / without_fps - 1:+8.1%}{min(one.sensor_ms for one in results):10.2f}"
            f"{min(one.sink_ms for one in results):10.3f}{min(one.page_share for one in results):8.1%}"
            f"{max(one.page_mb for one in results):8.1f} MiB",
            flush=True,
        )


def _pss_mb(pid: int) -> float:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


if __name__ == "__main__":
    main()
