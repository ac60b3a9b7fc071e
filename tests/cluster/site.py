"""Devices and a consumer at a cluster, and what became of the events between them."""

import json
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any

from tests.brokers import wait_until
from tests.cluster.network import NODES, front, inside
from tests.cluster.nodes import Cluster
from tests.faults.ledger import first_of_each, kept_ids, read_log

PROJECT = Path(__file__).parents[2]
_RATE_PER_S = 20.0
_PATIENCE_S = 240.0
_QUIET_S = 45.0


@dataclass
class Account:
    """One row of the table.

    Attributes:
        broker: whose cluster.
        fault: what was done to it.
        sent: events whose emitting was confirmed.
        received: different events that the consumer got.
        lost: neither received, nor in a spool for the next start.
        repeated: what the consumer got again, and knows by the event's id.
        silence_s: longest time without an event of a device, of the one that it was longest for.
    """

    broker: str
    fault: str
    sent: int
    received: int
    lost: int
    repeated: int
    silence_s: float


@dataclass(frozen=True)
class Heard:
    """A message as it came."""

    at_s: float
    topic: str
    text: str
    retained: bool

    @cached_property
    def message(self) -> dict[str, Any]:
        told: dict[str, Any] = json.loads(self.text)
        return told


class Site:
    """What is at the ends of a cluster; topics begin with ``base``.

    Args:
        cluster: runs already.
        folder: for spools and books.
        base: of all topics.
    """

    def __init__(self, cluster: Cluster, folder: Path, base: str) -> None:
        self.cluster = cluster
        self._folder = folder
        self.base = base
        """Of all topics."""
        self._processes: list[subprocess.Popen[str]] = []
        self._devices: dict[str, subprocess.Popen[str]] = {}
        self._out: dict[str, Path] = {}

    def start_device(self, name: str, node: int, rate_per_s: float = _RATE_PER_S, **mqtt: Any) -> None:
        """A device that tries ``node`` first, with the waits that it ships with."""
        place = self._folder / name
        place.mkdir()
        orders = {
            "device": name,
            "state_dir": str(place / "state"),
            "runtime_dir": str(place / "memory"),
            "log": str(place / "emitted"),
            "rate_per_s": rate_per_s,
            "drain_s": 120.0,
            "mqtt": {"hosts": _from(node), "base_topic": self.base} | mqtt,
        }
        self._devices[name] = self._start("tests.faults.generator", orders, place / "said")

    def stop_devices(self) -> None:
        """They send what they have, and end."""
        for process in self._devices.values():
            process.send_signal(signal.SIGTERM)
        for name, process in self._devices.items():
            process.wait(_PATIENCE_S)
            assert process.returncode == 0, (self._folder / name / "said").read_text()

    def kill_device(self, name: str) -> None:
        """As a power cut does."""
        self._devices.pop(name).kill()

    def listen(self, topic: str, node: int, *, keep: bool = True, name: str = "consumer") -> str:
        """Somebody who listens, at ``node`` first; returns the name by which ``heard`` knows who."""
        out = self._folder / f"{name}.jsonl"
        self._out[name] = out
        orders = {
            "hosts": _from(node),
            "client_id": f"{self.base}-{name}",
            "topic": f"{self.base}/{topic}",
            "out": str(out),
            "keep": keep,
        }
        self._start("tests.cluster.consumer", orders, self._folder / f"{name}.said")
        wait_until(lambda: out.exists() and "subscribed" in out.read_text(), f"{name} to listen", _PATIENCE_S)
        return name

    def heard(self, name: str = "consumer") -> list[Heard]:
        """What came, in order."""
        return [
            Heard(line["at"], line["topic"], line["text"], line["retained"])
            for line in self._lines(name)
            if "topic" in line
        ]

    def connections(self, name: str = "consumer") -> list[dict[str, Any]]:
        """To which nodes it was connected, and whether those had kept its session."""
        return [line for line in self._lines(name) if "connected" in line]

    def emitted(self, name: str) -> list[str]:
        """Ids of a device's events."""
        return read_log(self._folder / name / "emitted")

    def wait_for_new(self, *, after_s: float) -> None:
        """Until the consumer has an event of every device that came after the moment ``after_s``."""

        def all_there() -> bool:
            return {heard.message["device"] for heard in self.heard() if heard.at_s > after_s} >= self._devices.keys()

        wait_until(all_there, "events of every device", _PATIENCE_S)

    def restart_nodes(self) -> None:
        """Stop and start one node after the other, each once the last is whole and every device is heard again."""
        for number in range(1, NODES + 1):
            self.cluster.stop(number)
            self.cluster.start(number)
            self.cluster.wait_until_whole(number)
            self.wait_for_new(after_s=time.monotonic())
            time.sleep(5.0)

    def account(self, fault: str) -> Account:
        """The books, once nothing more comes."""
        self.stop_devices()
        emitted = {event for name in self._devices for event in self.emitted(name)}
        kept = {event for name in self._devices for event in self._kept(name)}
        quiet_since_s, count = time.monotonic(), 0
        while time.monotonic() < quiet_since_s + _QUIET_S:
            heard = self.heard()
            if emitted - kept <= {one.message["id"] for one in heard}:
                break
            if len(heard) != count:
                quiet_since_s, count = time.monotonic(), len(heard)
            time.sleep(0.5)
        heard = self.heard()
        received = {event for name in self._devices for event in self._numbers(name)}
        return Account(
            self.cluster.kind,
            fault,
            sent=len(emitted),
            received=len(received),
            lost=len(emitted - received - kept),
            repeated=len(heard) - len(received),
            silence_s=max(self._silence_s(name) for name in self._devices),
        )

    def close(self) -> None:
        for process in self._processes:
            if process.poll() is None:
                process.kill()
            process.wait(30)

    def _lines(self, name: str) -> list[dict[str, Any]]:
        # What follows the last line's end is still being written.
        whole, _, _ = self._out[name].read_text().rpartition("\n")
        return [json.loads(line) for line in whole.splitlines()]

    def _kept(self, name: str) -> set[str]:
        return kept_ids(self._folder / name / "state", self._folder / name / "memory")

    def _numbers(self, name: str) -> dict[str, int]:
        events = (heard.message for heard in self.heard())
        return first_of_each((event["id"], event["seq"]) for event in events if event["device"] == name)

    def _silence_s(self, name: str) -> float:
        moments = [heard.at_s for heard in self.heard() if heard.message["device"] == name]
        return max(later - earlier for earlier, later in pairwise(moments))

    def _start(self, module: str, orders: dict[str, Any], said: Path) -> "subprocess.Popen[str]":
        with said.open("ab") as file:
            process = subprocess.Popen(
                inside(self.cluster.network.clients, sys.executable, "-m", module, json.dumps(orders)),
                cwd=PROJECT,
                stdout=file,
                stderr=file,
                text=True,
            )
        self._processes.append(process)
        return process


def _from(node: int) -> list[str]:
    """All nodes, ``node`` first."""
    return [front((node - 1 + step) % NODES + 1) for step in range(NODES)]
