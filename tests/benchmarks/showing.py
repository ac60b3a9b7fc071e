"""``make bench-overlay``: what the overlay costs the sensor, measured with it and without it in turn.

The pipeline works through the bundled clip in this process as the daemon's loop does, and the overlay shows it from a
process of its own: on SDL's dummy display, or on the one that SDL_VIDEODRIVER names.
"""

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass

import cv2

from device.app import build_pipeline
from device.classify.classifier import BUNDLED_MODEL, TfliteClassifier
from device.config import Config
from device.interfaces import Sink
from device.overlay.process import OverlayProcess
from device.overlay.settings import OverlaySettings, PrivacyMode
from device.overlay.sink import OverlaySink
from device.overlay.slot import PictureSlot
from device.records import Event, Frame, Observation
from device.system.clock import SystemClock
from device.system.telemetry import Telemetry
from tests.benchmarks.clips import bundled_clip
from tests.benchmarks.cpu import cpu_s_of, work_through

ROUNDS = 3
CAMERA_FPS = 15.0
CAMERA_FRAMES = 90
MODES: tuple[PrivacyMode | None, ...] = (None, "full", "blur", "boxes")


@dataclass(frozen=True)
class Figures:
    """One round.

    Attributes:
        fps: frames per second of wall time.
        sensor_ms: milliseconds of CPU per frame in the sensor's process.
        sink_ms: how many of them go into the overlay's sink.
        overlay_ms: milliseconds of CPU per frame in the overlay's process.
    """

    fps: float
    sensor_ms: float
    sink_ms: float
    overlay_ms: float


class Shown:
    """An overlay whose process can be watched."""

    def __init__(self, privacy: PrivacyMode) -> None:
        self.pid = 0
        self.cpu_s = 0.0
        settings = OverlaySettings(enabled=True, privacy=privacy)
        self.sink = OverlaySink(settings, SystemClock(), launch=self._launch)
        while not self.sink.is_shown:
            self.sink.check()
            time.sleep(0.01)

    def observe(self, observation: Observation) -> None:
        """As the daemon's loop and its pipeline do together."""
        begun_s = time.thread_time()
        self.sink.check()
        self.sink.observe(observation)
        self.cpu_s += time.thread_time() - begun_s

    def emit(self, event: Event) -> None:
        """Not of interest here."""

    def _launch(self, settings: OverlaySettings, slot: PictureSlot) -> OverlayProcess:
        process = OverlayProcess(settings, slot)
        self.pid = process.pid
        return process


def main() -> None:
    """Measure and print."""
    os.environ.setdefault("SDL_VIDEODRIVER", "dummy")
    cv2.setNumThreads(1)
    frames = bundled_clip("whole").frames
    display = os.environ["SDL_VIDEODRIVER"]
    print(f"{len(frames)} frames of the bundled clip, {ROUNDS} rounds in turn, display {display}, 1280 x 720, 15 fps")
    for title, pace_fps, part in (
        ("as fast as possible", None, frames),
        (f"from a camera of {CAMERA_FPS:g} fps", CAMERA_FPS, frames[:CAMERA_FRAMES]),
    ):
        rounds: dict[PrivacyMode | None, list[Figures]] = {mode: [] for mode in MODES}
        for _ in range(ROUNDS):
            for mode in MODES:
                rounds[mode].append(_measure(mode, part, pace_fps))
        _print_table(title, rounds)


def _measure(mode: PrivacyMode | None, frames: list[Frame], pace_fps: float | None) -> Figures:
    shown = None if mode is None else Shown(mode)
    sinks: Sequence[Sink] = [shown] if shown else []
    clock = SystemClock()
    pipeline = build_pipeline(Config(), clock, TfliteClassifier.load(BUNDLED_MODEL), Telemetry(clock), sinks)
    overlay_begun_s = cpu_s_of(shown.pid) if shown else 0.0
    wall_s, cpu_s = work_through(pipeline, frames, pace_fps)
    overlay_s = cpu_s_of(shown.pid) - overlay_begun_s if shown else 0.0
    if shown:
        shown.sink.close()
    count = len(frames)
    sink_s = shown.cpu_s if shown else 0.0
    return Figures(count / wall_s, 1000 * cpu_s / count, 1000 * sink_s / count, 1000 * overlay_s / count)


def _print_table(title: str, rounds: dict[PrivacyMode | None, list[Figures]]) -> None:
    """The best round of each: what is worse is other programs' doing."""
    without_fps = max(figures.fps for figures in rounds[None])
    print(f"\n{title}; CPU in milliseconds per frame")
    print(f"{'':<12}{'fps':>8}{'':>8}{'sensor':>10}{'its sink':>10}{'overlay':>10}")
    for mode, results in rounds.items():
        fps = max(figures.fps for figures in results)
        sensor_ms = min(figures.sensor_ms for figures in results)
        sink_ms = min(figures.sink_ms for figures in results)
        overlay_ms = min(figures.overlay_ms for figures in results)
        print(
            f"{mode or 'no overlay':<12}{fps:8.1f}{fps / without_fps - 1:+8.1%}"
            f"{sensor_ms:10.2f}{sink_ms:10.3f}{overlay_ms:10.2f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
