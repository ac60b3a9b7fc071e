"""Many devices in one process, each the product's own MQTT side, which say what the daemon says of the bundled clip.

``python -m tests.benchmarks.fleet_devices`` takes its orders as JSON, and ends when its input does. A line on its
output tells who has come to the broker, and when.
"""

import heapq
import json
import logging
import resource
import sys
import threading
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import numpy as np

from device.mqtt.payloads import DeviceInfo, StateSnapshot
from device.mqtt.settings import MqttSettings
from device.mqtt.sink import MqttSink
from device.records import Event, Observation
from device.system.clock import SystemClock
from device.system.telemetry import Latency, TelemetrySnapshot
from tests.benchmarks.clips import bundled_clip
from tests.benchmarks.contenders import Ours

_LOOK_EVERY_S = 0.02
_STATS_S = 30.0
_FIGURES = TelemetrySnapshot(
    fps=15.0,
    latency={"detect": Latency(6.1, 12.4), "classify": Latency(3.2, 5.0), "total": Latency(11.3, 21.7)},
    dropped_frames=0,
    temperature_c=54.2,
    throttling=None,
)


@dataclass(frozen=True)
class Orders:
    """Which devices.

    Attributes:
        first: number of the first, which its name has.
        count: how many.
        port: of the broker.
        disk, memory: folders for their spools.
    """

    first: int
    count: int
    port: int
    disk: str
    memory: str


_BLANK = np.zeros((480, 640), np.uint8)


@dataclass(frozen=True)
class _Step:
    """What a frame of the clip brings, ``at_s`` after the clip's begin."""

    at_s: float
    observation: Observation
    events: tuple[Event, ...]


class _Script:
    """The frames of the clip that bring news, as the pipeline tells them."""

    def __init__(self) -> None:
        self.steps: list[_Step] = []
        self._events: list[Event] = []
        self._shown: StateSnapshot | None = None
        clip = bundled_clip()
        self.length_s = len(clip.frames) / clip.fps
        pipeline = Ours()._pipeline
        pipeline._sinks = [self]
        for frame in clip.frames:
            pipeline.step(frame)
        self._note(self._last)

    def observe(self, observation: Observation) -> None:
        self._last = observation
        seen = StateSnapshot.of(observation, occupied=bool(observation.faces))
        if self._events or self._shown is None or seen.differs_from(self._shown):
            self._shown = seen
            self._note(observation)

    def emit(self, event: Event) -> None:
        self._events.append(event)

    def _note(self, observation: Observation) -> None:
        # Pixels go nowhere from here.
        blank = replace(observation, frame=replace(observation.frame, grey=_BLANK))
        self.steps.append(_Step(observation.frame.time_s, blank, tuple(self._events)))
        self._events = []


class _Device:
    """One sink, and its place in the script."""

    def __init__(self, number: int, orders: Orders, script: _Script) -> None:
        self.name = f"device-{number:03}"
        settings = MqttSettings(host="127.0.0.1", port=orders.port, stats_interval_s=_STATS_S)
        folders = [Path(folder) / self.name for folder in (orders.disk, orders.memory)]
        for folder in folders:
            folder.mkdir(parents=True)
        info = DeviceInfo("0.1.0", "emotion", "1", ("happy", "neutral", "sad"), "demo")
        self.sink = MqttSink(settings, self.name, folders[0], info, clock=SystemClock(), runtime_dir=folders[1])
        self._script = script
        self._next = 0
        self._stats_at_s = 0.0
        self.emitted = 0

    def step(self) -> float:
        """Say what the next frame with news brings; returns how long after it the one after that comes, seconds."""
        step = self._script.steps[self._next]
        self._next = (self._next + 1) % len(self._script.steps)
        now_s, moment = time.monotonic(), datetime.now(UTC)
        for event in step.events:
            self.sink.emit(replace(event, id=str(uuid4()), time=moment))
            self.emitted += 1
        frame = replace(step.observation.frame, time_s=now_s, taken_at=moment)
        self.sink.observe(replace(step.observation, frame=frame))
        self._say_figures(now_s)
        return (self._script.steps[self._next].at_s - step.at_s) % self._script.length_s

    def _say_figures(self, now_s: float) -> None:
        if now_s >= self._stats_at_s:
            self._stats_at_s = now_s + _STATS_S
            self.sink.publish_stats(_FIGURES)


def main(orders: Orders) -> None:
    """Run the devices until the input ends."""
    logging.disable(logging.CRITICAL)
    soft = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, soft))
    script = _Script()
    devices = [_Device(orders.first + number, orders, script) for number in range(orders.count)]
    stop = threading.Event()
    threading.Thread(target=_tell_of_connections, args=(devices, stop), daemon=True).start()
    threading.Thread(target=_wait_for_end, args=(stop,), daemon=True).start()
    for device in devices:
        device.sink.start()
    begun_s = time.monotonic()
    due = [(begun_s + script.length_s * number / len(devices), number) for number in range(len(devices))]
    heapq.heapify(due)
    while not stop.is_set():
        at_s, number = due[0]
        time.sleep(max(0.0, at_s - time.monotonic()))
        heapq.heapreplace(due, (at_s + devices[number].step(), number))
    for device in devices:
        device.sink.close(timeout_s=10.0)
    print(json.dumps({"emitted": sum(device.emitted for device in devices)}), flush=True)


def _wait_for_end(stop: threading.Event) -> None:
    sys.stdin.read()
    stop.set()


def _tell_of_connections(devices: list[_Device], stop: threading.Event) -> None:
    up = [False] * len(devices)
    while not stop.wait(_LOOK_EVERY_S):
        for number, device in enumerate(devices):
            if device.sink.connected != up[number]:
                up[number] = not up[number]
                print(json.dumps({"at": time.monotonic(), "device": device.name, "up": up[number]}), flush=True)


if __name__ == "__main__":
    main(Orders(**json.loads(sys.argv[1])))
