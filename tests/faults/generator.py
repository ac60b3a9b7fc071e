"""A device without a camera: emits events at a rate through the real sink, and writes down each that was emitted.

``python -m tests.faults.generator`` takes its orders as JSON, as ``Orders`` has them. An event's id is written to the
log once ``emit`` has returned: from then on it must not get lost, whatever happens to this process.
"""

import json
import logging
import os
import signal
import sys
import threading
import time
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from device.mqtt.payloads import DeviceInfo
from device.mqtt.settings import MqttSettings
from device.mqtt.sink import MqttSink
from device.records import ClockState, Event, RelativeBox
from device.spool import upkeep

LABELS = ("happy", "neutral", "sad")


@dataclass(frozen=True)
class Orders:
    """What to emit, and where to.

    Attributes:
        device: the device's id.
        state_dir, runtime_dir: of the spool.
        log: gets a line for each event emitted.
        mqtt: the section of the configuration.
        rate_per_s: events a second.
        count: events in all; None goes on until SIGTERM.
        clock_jumps_s: the time of day is set forward by the next of these after every 20 events.
        drain_s: how long to wait for the spool to empty after the last event.
    """

    device: str
    state_dir: str
    runtime_dir: str
    log: str
    mqtt: dict[str, Any]
    rate_per_s: float = 50.0
    count: int | None = None
    clock_jumps_s: list[float] = field(default_factory=list)
    drain_s: float = 60.0


class JumpingClock:
    """The machine's clock, said to be set, and set forward or back now and then."""

    def __init__(self) -> None:
        self.ahead_s = 0.0

    def monotonic_s(self) -> float:
        return time.monotonic()

    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=self.ahead_s)

    def state(self) -> ClockState:
        return "synced"


def main(orders: Orders) -> None:
    logging.basicConfig(level="INFO", format="%(message)s", stream=sys.stderr)
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    clock = JumpingClock()
    info = DeviceInfo("0", "none", "1", LABELS, "generator")
    settings = MqttSettings.model_validate(orders.mqtt)
    sink = MqttSink(
        settings, orders.device, Path(orders.state_dir), info, clock=clock, runtime_dir=Path(orders.runtime_dir)
    )
    if orders.clock_jumps_s:
        upkeep._EXPIRE_EVERY_S = 0.2
    sink.start()
    sink.set_source_state("ok")
    log = os.open(orders.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    jumps = iter(orders.clock_jumps_s)
    due_s, number = time.monotonic(), 0
    while not stop.is_set() and number != orders.count:
        event = make_event(clock, number)
        sink.emit(event)
        os.write(log, f"{event.id}\n".encode())
        number += 1
        if number % 20 == 0:
            clock.ahead_s += next(jumps, 0.0)
        sink.check()
        due_s += 1 / orders.rate_per_s
        stop.wait(max(0.0, due_s - time.monotonic()))
    spool, deadline_s = sink._publisher._spool, time.monotonic() + orders.drain_s
    while len(spool) and time.monotonic() < deadline_s:
        sink.check()
        time.sleep(0.05)
    sink.close()
    print(json.dumps({"dropped": spool.dropped, "last_seq": spool.last_seq}))


def make_event(clock: JumpingClock, number: int) -> Event:
    return Event(
        id=str(uuid.uuid4()),
        type="emotion_changed",
        time=clock.now(),
        clock=clock.state(),
        track=number + 1,
        box=RelativeBox(0.1, 0.1, 0.2, 0.2),
        emotion=LABELS[number % len(LABELS)],
        confidence=0.8,
        probabilities={"happy": 0.8, "neutral": 0.1, "sad": 0.1},
    )


if __name__ == "__main__":
    main(Orders(**json.loads(sys.argv[1])))
