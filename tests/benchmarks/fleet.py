"""``make bench-fleet``: what 1, 10, 50 and 200 devices cost a Mosquitto here, and how they come back to it."""

import json
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion

from tests.benchmarks.cpu import cpu_s_of
from tests.benchmarks.fleet_devices import Orders
from tests.brokers import LOOPBACK, Mosquitto, find_mosquitto, wait_until

ROOT = Path(__file__).parents[2]
COUNTS = (1, 10, 50, 200)
STEADY_S = 60.0
OUTAGES_S = (2.0, 30.0)
_SETTLE_S = 5.0
_IN_A_PROCESS = 50
_BACK_S = 120.0


class Ear:
    """Hears everything, and when."""

    def __init__(self, port: int) -> None:
        self.latencies_ms: list[float] = []
        self.messages = self.bytes = 0
        self.ids: set[str] = set()
        self.repeats = 0
        self.last_late_s = 0.0
        client = self._client = paho.Client(CallbackAPIVersion.VERSION2, client_id="ear", clean_session=False)
        client.reconnect_delay_set(1, 1)
        client.on_connect = lambda client, *_: client.subscribe("#", qos=1)
        client.on_message = self._hear
        client.connect(LOOPBACK, port)
        client.loop_start()

    def forget(self) -> None:
        """Count anew; ids stay known."""
        self.latencies_ms, self.messages, self.bytes = [], 0, 0

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def _hear(self, _client: Any, _data: Any, message: Any) -> None:
        now_s = time.time()
        self.messages += 1
        self.bytes += len(message.topic) + len(message.payload)
        if not message.topic.endswith("/events"):
            return
        event = json.loads(message.payload)
        self.repeats += event["id"] in self.ids
        self.ids.add(event["id"])
        if event["replayed"]:
            self.last_late_s = time.monotonic()
        else:
            self.latencies_ms.append(1000 * (now_s - datetime.fromisoformat(event["time"]).timestamp()))


class Fleet:
    """The processes that the devices are in; paho's select() takes no more than some fifty of them in one."""

    def __init__(self, count: int, port: int, folder: Path) -> None:
        self.count = count
        self.came_s: list[float] = []
        self.up: set[str] = set()
        self.emitted = 0
        shared = Path("/dev/shm")  # noqa: S108 a folder of its own is made in it
        self._memory = tempfile.TemporaryDirectory(dir=shared if shared.is_dir() else folder)
        shares = [(first, min(_IN_A_PROCESS, count - first)) for first in range(0, count, _IN_A_PROCESS)]
        orders = [Orders(first, share, port, str(folder / "disk"), self._memory.name) for first, share in shares]
        self.processes = [self._start(one) for one in orders]
        self._readers = [threading.Thread(target=self._read, args=(one,), daemon=True) for one in self.processes]
        for reader in self._readers:
            reader.start()

    @property
    def pids(self) -> list[int]:
        """Of the processes."""
        return [process.pid for process in self.processes]

    def wait_until_up(self) -> None:
        wait_until(lambda: len(self.up) == self.count, "every device to come", _BACK_S)

    def close(self) -> None:
        """End them, once what they have is sent."""
        for process in self.processes:
            assert process.stdin is not None
            process.stdin.close()
        for process, reader in zip(self.processes, self._readers, strict=True):
            process.wait(120)
            reader.join(10)
        self._memory.cleanup()

    def kill(self) -> None:
        """End them at once, those that run still."""
        for process in self.processes:
            process.kill()
            process.wait(10)

    @staticmethod
    def _start(orders: Orders) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [sys.executable, "-m", "tests.benchmarks.fleet_devices", json.dumps(vars(orders))],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def _read(self, process: "subprocess.Popen[str]") -> None:
        assert process.stdout is not None
        for line in process.stdout:
            told = json.loads(line)
            if "emitted" in told:
                self.emitted += told["emitted"]
            elif told["up"]:
                self.up.add(told["device"])
                self.came_s.append(told["at"])
            else:
                self.up.discard(told["device"])


@dataclass(frozen=True)
class Steady:
    """A fleet at work: rates by the second, CPU as a share of a core, and the time from frame to subscriber."""

    count: int
    events: float
    messages: float
    kilobytes: float
    broker_cpu: float
    broker_mb: float
    devices_cpu: float
    median_ms: float
    p99_ms: float


@dataclass(frozen=True)
class Herd:
    """Who came back to a broker that was away, seconds after it listened again."""

    count: int
    away_s: float
    half_s: float
    all_s: float
    most_in_a_second: int
    drained_s: float


def main() -> None:
    """Measure and print."""
    counts = [int(word) for word in sys.argv[1:]] or COUNTS
    steady, herds = [], []
    for count in counts:
        one, back = measure(count)
        steady.append(one)
        herds += back
    _print_steady(steady)
    _print_herds(herds)


def measure(count: int) -> tuple[Steady, list[Herd]]:
    """A fleet at work, then its broker goes away and comes back."""
    with tempfile.TemporaryDirectory(dir=_build()) as folder:
        (Path(folder) / "broker").mkdir()
        broker = Mosquitto(find_mosquitto(), Path(folder) / "broker")
        broker.start("max_queued_messages 0", "max_connections -1")
        ear, fleet = Ear(broker.port), Fleet(count, broker.port, Path(folder))
        try:
            fleet.wait_until_up()
            time.sleep(_SETTLE_S)
            steady = _steady(count, broker, ear, fleet)
            herds = [_herd(count, broker, ear, fleet, away_s) for away_s in OUTAGES_S]
            fleet.close()
            wait_until(lambda: len(ear.ids) >= fleet.emitted, "all events", _BACK_S)
            print(f"{count} devices: {fleet.emitted} events emitted, {len(ear.ids)} received, {ear.repeats} repeated")
            return steady, herds
        finally:
            fleet.kill()
            ear.close()
            broker.stop()


def _steady(count: int, broker: Mosquitto, ear: Ear, fleet: Fleet) -> Steady:
    pid = _pid(broker)
    begun_s, before = time.monotonic(), (cpu_s_of(pid), sum(map(cpu_s_of, fleet.pids)))
    events = len(ear.ids)
    ear.forget()
    time.sleep(STEADY_S)
    took_s = time.monotonic() - begun_s
    broker_cpu, devices_cpu = cpu_s_of(pid) - before[0], sum(map(cpu_s_of, fleet.pids)) - before[1]
    latencies = sorted(ear.latencies_ms) or [float("nan")]
    return Steady(
        count,
        (len(ear.ids) - events) / took_s,
        ear.messages / took_s,
        ear.bytes / took_s / 1000,
        broker_cpu / took_s,
        _memory_mb(pid),
        devices_cpu / took_s,
        statistics.median(latencies),
        latencies[int(0.99 * (len(latencies) - 1))],
    )


def _herd(count: int, broker: Mosquitto, ear: Ear, fleet: Fleet, away_s: float) -> Herd:
    broker.stop()
    wait_until(lambda: not fleet.up, "every device to notice", _BACK_S)
    time.sleep(away_s)
    fleet.came_s.clear()
    ear.last_late_s = 0.0
    broker.start("max_queued_messages 0", "max_connections -1")
    begun_s = time.monotonic()
    fleet.wait_until_up()
    came_s = sorted(at_s - begun_s for at_s in fleet.came_s)
    quiet = -1.0
    while quiet != ear.last_late_s:
        quiet = ear.last_late_s
        time.sleep(3.0)
    most = max(sum(at_s <= other_s < at_s + 1.0 for other_s in came_s) for at_s in came_s)
    time.sleep(12.0)  # a connection that has held for so long is a steady one to the devices
    return Herd(count, away_s, statistics.median(came_s), came_s[-1], most, max(0.0, quiet - begun_s))


def _print_steady(rows: list[Steady]) -> None:
    first = rows[0]
    print(f"\na fleet at work, {STEADY_S:.0f} s each; CPU is of one core, and of all devices together in their column")
    heads = [
        "events/s",
        "messages/s",
        "kB/s",
        "broker CPU",
        "a device's share",
        "broker MB",
        "devices' CPU",
        "median; p99",
    ]
    print(f"| devices | {' | '.join(heads)} |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    for row in rows:
        share = (row.broker_cpu / row.count) / (first.broker_cpu / first.count) if first.broker_cpu else float("nan")
        print(
            f"| {row.count} | {row.events:.1f} | {row.messages:.1f} | {row.kilobytes:.1f} | {row.broker_cpu:.2%} "
            f"| {share:.2f} of the first row's | {row.broker_mb:.1f} | {row.devices_cpu:.1%} "
            f"| {row.median_ms:.1f}; {row.p99_ms:.1f} ms |"
        )


def _print_herds(rows: list[Herd]) -> None:
    print("\nthe broker goes away and comes back; seconds after it listens again")
    print("| devices | away | half are back | all are back | most within a second | late events are through |")
    print("| --- | --- | --- | --- | --- | --- |")
    for row in rows:
        print(
            f"| {row.count} | {row.away_s:.0f} s | {row.half_s:.1f} s | {row.all_s:.1f} s | {row.most_in_a_second} "
            f"| {row.drained_s:.1f} s |"
        )


def _pid(broker: Mosquitto) -> int:
    assert broker._process is not None
    return broker._process.pid


def _memory_mb(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:")) / 1024


def _build() -> Path:
    build = ROOT / "build"
    build.mkdir(exist_ok=True)
    return build


if __name__ == "__main__":
    main()
