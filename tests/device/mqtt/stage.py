"""A publisher on a stage: the broker answers only when the test says so."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, cast

import pytest

from device.mqtt.client import Acknowledged, Connected, Connection, ConnectionEvent, Disconnected
from device.mqtt.leftovers import Leftovers
from device.mqtt.limits import Limits
from device.mqtt.payloads import DeviceInfo
from device.mqtt.publisher import Publisher
from device.mqtt.settings import BrokerAddress, MqttSettings
from device.mqtt.topics import Topics
from device.mqtt.tunables import TUNABLES
from device.mqtt.tuning import Tuning
from device.spool.spool import Spool
from device.system.telemetry import TelemetrySnapshot
from tests.brokers import wait_until
from tests.device.mqtt.wire_format import check_message
from tests.device.sightings import FakeClock, change

RUN = "1b9d6bcd-bbfd-4b2d-9b5d-ab8dfbbd4bed"
INFO = DeviceInfo("0.1.0", "emotion", "1", ("happy", "sad"), "demo")


@dataclass
class FakeConnection:
    """Notes what is published; the test plays the broker."""

    tell: Callable[[ConnectionEvent], None]
    address: BrokerAddress
    published: list[tuple[int, str, bytes]] = field(default_factory=list)
    expiries_s: list[int | None] = field(default_factory=list)
    subscribed: tuple[str, ...] = ()
    closed: bool = False
    stuck: bool = False
    alive: bool = True
    given_up: bool = False
    released: bool = False

    def open(self) -> None:
        pass

    def publish(self, topic: str, payload: bytes, *, qos: int, retain: bool, expiry_s: int | None = None) -> int:
        leaf = topic.removeprefix("affectd/hall/")
        assert (qos, retain) == {"events": (1, False), "stats": (0, True)}.get(leaf, (1, True))
        check_message(topic, payload)
        assert expiry_s is None or leaf == "events"
        self.expiries_s.append(expiry_s)
        self.published.append((len(self.published) + 1, topic, payload))
        return len(self.published)

    def subscribe(self, topics: Sequence[str]) -> None:
        self.subscribed += tuple(topics)

    def unsubscribe(self, topics: Sequence[str]) -> None:
        self.subscribed = tuple(topic for topic in self.subscribed if topic not in topics)

    def give_up(self) -> None:
        self.given_up = True

    def close(self) -> None:
        self.closed = True
        self.lose("closed")

    def release(self) -> None:
        self.released = True

    def accept(self, receive_maximum: int = 65_535, limits: Limits | None = None) -> None:
        self.tell(Connected(cast("Connection", self), limits or Limits(receive_maximum)))

    def lose(self, reason: str = "cut", *, refused: bool = False) -> None:
        self.tell(Disconnected(cast("Connection", self), reason, refused))

    def acknowledge(self, *message_ids: int, refusal: str | None = None, final: bool = False) -> None:
        for message_id in message_ids:
            self.tell(Acknowledged(cast("Connection", self), message_id, refusal, final))

    def acknowledge_retained(self) -> None:
        self.acknowledge(*(mid for mid, topic, _ in self.published if not topic.endswith("/events")))

    def on(self, leaf: str) -> list[tuple[int, dict[str, Any]]]:

        said = [(mid, payload) for mid, topic, payload in self.published if topic.endswith(f"/{leaf}")]
        return [(mid, json.loads(payload)) for mid, payload in said if payload]

    def tracks(self) -> list[int]:
        return [event["track"] for _, event in self.on("events")]


def make_tuning(folder: Path, on_change: Callable[[Mapping[str, float]], None] = lambda _: None) -> Tuning:
    return Tuning({tunable.key: 1.0 for tunable in TUNABLES}, folder / "tuning.json", on_change)


class Stage:
    """A publisher and the connections it has made."""

    def __init__(self, folder: Path, **settings: Any) -> None:
        self.connections: list[FakeConnection] = []
        self.turns: list[bool] = []
        waits = {"reconnect_first_s": 0.05, "reconnect_max_s": 0.05, "reconnect_refused_s": 0.05}
        options = MqttSettings.model_validate(
            waits | {"state_interval_s": 0.1, "homeassistant": {"enabled": False}} | settings
        )
        self.spool = Spool(folder / "events.sqlite3", folder / "memory.sqlite3", options.spool, clock=FakeClock())
        self.publisher = Publisher(
            options,
            Topics("affectd", "hall"),
            self.spool,
            self._connect,
            INFO,
            clock=FakeClock(),
            run=RUN,
            on_pause=self.turns.append,
            tuning=make_tuning(folder),
            leftovers=Leftovers(folder / "retained.json", ["127.0.0.1:1883"], Topics("affectd", "hall")),
        )
        self.publisher.start()

    def connection(self, number: int = 1) -> FakeConnection:
        wait_until(lambda: len(self.connections) >= number, f"connection {number}")
        return self.connections[number - 1]

    def _connect(self, address: BrokerAddress, tell: Callable[[ConnectionEvent], None], limits: Limits) -> Connection:
        self.limits = limits
        self.connections.append(FakeConnection(tell, address))
        return cast("Connection", self.connections[-1])


@pytest.fixture
def stage(tmp_path) -> Iterator[Stage]:
    stage = Stage(tmp_path, publish_window=5)
    yield stage
    stage.publisher.stop(0.2)
    assert not stage.publisher.alive


def post_changes(stage: Stage, *numbers: int) -> None:
    for number in numbers:
        stage.publisher.emit(change(number))


def settle(stage: Stage) -> None:
    """Wait until everything posted so far was dealt with; the second stats come after all that the first led to."""
    connection = stage.connections[-1]
    for more in (1, 2):
        before = len(connection.on("stats"))
        stage.publisher.post(TelemetrySnapshot(1.0, {"detect": None, "classify": None, "total": None}, 0, None, None))
        wait_until(partial(stats_exceed, connection, before), f"the publisher to catch up ({more})")


def stats_exceed(connection: FakeConnection, count: int) -> bool:
    return len(connection.on("stats")) > count


def greet(stage: Stage, number: int = 1, receive_maximum: int = 65_535) -> FakeConnection:
    """Accept a connection and acknowledge all that it begins with."""
    connection = stage.connection(number)
    connection.accept(receive_maximum)
    wait_until(lambda: len(connection.published) >= 5, "the greeting")
    connection.acknowledge_retained()
    return connection
