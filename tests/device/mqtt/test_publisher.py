"""The publisher keeps its window and its order, against a broker that answers only when the test says so."""

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, cast

import pytest

from device.mqtt.client import Acknowledged, Connected, Connection, ConnectionEvent, Disconnected
from device.mqtt.leftovers import Leftovers
from device.mqtt.limits import Limits
from device.mqtt.messages import SourceChanged
from device.mqtt.payloads import DeviceInfo, StateSnapshot
from device.mqtt.publisher import Publisher
from device.mqtt.settings import BrokerAddress, MqttSettings
from device.mqtt.topics import Topics
from device.mqtt.tunables import TUNABLES
from device.mqtt.tuning import Tuning
from device.records import SourceState
from device.spool.spool import Spool
from device.system.telemetry import TelemetrySnapshot
from tests.brokers import wait_until
from tests.device.mqtt.wire_format import check_message
from tests.device.sightings import FakeClock, change, face, reading, sight

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


def test_a_connection_begins_with_online_info_pause_tuning_and_state(stage):
    connection = stage.connection()
    connection.accept()
    wait_until(lambda: len(connection.published) == 5, "five messages")
    leaves = [topic.split("/")[-1] for _, topic, _ in connection.published]
    assert leaves == ["availability", "info", "pause", "tuning", "state"]
    assert connection.published[0][2] == b"online"


def test_a_connection_ends_its_greeting_with_the_figures_that_came_last(stage):
    for fps in (1.0, 2.0):
        stage.publisher.post(TelemetrySnapshot(fps, {"detect": None, "classify": None, "total": None}, 0, None, None))
    connection = greet(stage)
    wait_until(lambda: connection.on("stats"), "the figures")
    assert [stats["fps"] for _, stats in connection.on("stats")] == [2.0]
    assert connection.published[-1][1].endswith("/stats")


def test_no_more_than_the_window_waits_for_an_answer(stage):
    connection = greet(stage)
    post_changes(stage, *range(1, 21))
    settle(stage)
    assert connection.tracks() == [1, 2, 3, 4, 5]
    connection.acknowledge(*(mid for mid, _ in connection.on("events")[:2]))
    wait_until(lambda: len(connection.tracks()) == 7, "two more")
    settle(stage)
    assert connection.tracks() == [1, 2, 3, 4, 5, 6, 7]


def test_a_broker_that_takes_less_at_a_time_is_given_less(stage):
    connection = stage.connection()
    connection.accept(receive_maximum=3)
    wait_until(lambda: len(connection.published) == 3, "the greeting to fill the window")
    post_changes(stage, 1, 2, 3, 4)
    settle(stage)
    assert connection.tracks() == []
    connection.acknowledge_retained()
    wait_until(lambda: connection.on("state"), "the rest of the greeting")
    connection.acknowledge(connection.on("tuning")[0][0], connection.on("state")[0][0])
    wait_until(lambda: len(connection.tracks()) == 3, "three events")
    settle(stage)
    assert connection.tracks() == [1, 2, 3]


def test_an_event_stays_in_the_spool_until_it_is_acknowledged(stage):
    connection = greet(stage)
    post_changes(stage, 1, 2)
    wait_until(lambda: connection.tracks() == [1, 2], "both events")
    assert len(stage.spool) == 2
    connection.acknowledge(connection.on("events")[0][0])
    wait_until(lambda: len(stage.spool) == 1, "one to go")


def test_what_was_not_acknowledged_is_sent_again_in_order_and_marked(stage):
    first = greet(stage)
    post_changes(stage, 1, 2, 3)
    wait_until(lambda: first.tracks() == [1, 2, 3], "three events")
    first.acknowledge(first.on("events")[1][0])
    first.lose()
    post_changes(stage, 4)
    wait_until(lambda: stage.spool.last_seq == 4, "the event to be stored")
    second = greet(stage, 2)
    wait_until(lambda: len(second.tracks()) == 3, "the rest")
    post_changes(stage, 5)
    wait_until(lambda: len(second.tracks()) == 4, "a new one")
    assert [(event["track"], event["seq"], event["replayed"]) for _, event in second.on("events")] == [
        (1, 1, True),
        (3, 3, True),
        (4, 4, True),
        (5, 5, False),
    ]
    assert all(not event["replayed"] for _, event in first.on("events"))
    sent_twice = {event["id"] for _, event in first.on("events")} & {event["id"] for _, event in second.on("events")}
    assert sent_twice == {change(1).id, change(3).id}
    assert first.released


def test_nothing_is_published_before_the_broker_accepts(stage):
    connection = stage.connection()
    post_changes(stage, 1)
    wait_until(lambda: len(stage.spool) == 1, "the event to be stored")
    assert connection.published == []


def test_news_of_a_connection_given_up_changes_nothing(stage):
    first = greet(stage)
    first.lose()
    second = greet(stage, 2)
    published_on_first = len(first.published)
    post_changes(stage, 1)
    wait_until(lambda: second.tracks() == [1], "the event")
    # Every connection counts its messages from 1, so the same id means another message.
    first.acknowledge(second.on("events")[0][0])
    first.accept()
    first.lose()
    post_changes(stage, 2)
    wait_until(lambda: second.tracks() == [1, 2], "the next event")
    assert len(stage.spool) == 2
    assert len(first.published) == published_on_first
    assert len(stage.connections) == 2


def test_an_event_that_no_broker_would_take_is_counted_as_dropped_and_the_reason_named(stage, caplog):
    connection = greet(stage)
    post_changes(stage, 1)
    wait_until(lambda: connection.tracks() == [1], "the event")
    connection.acknowledge(connection.on("events")[0][0], refusal="Packet too large", final=True)
    settle(stage)
    (_, stats) = connection.on("stats")[-1]
    assert (stats["dropped"]["events"], stats["queue"]) == (1, 0)
    assert "Packet too large" in caplog.text


def test_events_that_the_broker_does_not_allow_are_kept_and_offered_again_in_order(stage, caplog):
    connection = greet(stage)
    post_changes(stage, 1, 2, 3)
    wait_until(lambda: connection.tracks() == [1, 2, 3], "the events")
    first, second, third = (mid for mid, _ in connection.on("events"))
    connection.acknowledge(first)
    connection.acknowledge(second, third, refusal="Not authorized")
    wait_until(lambda: connection.tracks() == [1, 2, 3, 2, 3], "both again")
    assert len(stage.spool) == 2
    assert caplog.text.count("Not authorized") == 1
    connection.acknowledge(*(mid for mid, _ in connection.on("events")[-2:]))
    wait_until(lambda: len(stage.spool) == 0, "them to go")


def test_late_events_are_sent_at_their_pace_and_new_ones_behind_them(tmp_path):
    stage = Stage(tmp_path, spool={"drain_per_s": 10.0})
    first = stage.connection()
    post_changes(stage, 1, 2, 3)
    first.lose()
    second = greet(stage, 2)
    post_changes(stage, 4, 5)
    settle(stage)
    assert second.tracks()[:1] == [1]
    wait_until(lambda: len(second.tracks()) == 5, "all of them")
    assert second.tracks() == [1, 2, 3, 4, 5]
    assert [event["replayed"] for _, event in second.on("events")] == [True, True, True, False, False]
    stage.publisher.stop(0.2)


def test_a_refusal_is_tried_again_much_later_than_a_broker_that_is_away(tmp_path):
    stage = Stage(tmp_path, reconnect_refused_s=3600.0)
    stage.connection(1).lose("away")
    stage.connection(2).lose("Not authorized", refused=True)
    wait_until(lambda: stage.publisher._link.connection is None, "the refusal to be noted")
    assert stage.publisher._link.attempts.next_at_s > time.monotonic() + 300
    stage.publisher.stop(0.2)


def test_a_broker_that_owes_an_answer_for_long_counts_as_away_and_the_events_go_to_the_card(stage, monkeypatch):
    monkeypatch.setattr("device.spool.upkeep.LATE_AFTER_S", 0.1)
    connection = greet(stage)
    post_changes(stage, 1)
    wait_until(lambda: len(stage.spool._disk) == 1, "the event to reach the card")
    connection.acknowledge(connection.on("events")[0][0])
    wait_until(lambda: len(stage.spool) == 0, "it to go")


@pytest.mark.parametrize("expiry_s", [None, 600])
def test_events_expire_when_they_are_told_to_and_nothing_else_does(tmp_path, expiry_s):
    stage = Stage(tmp_path, protocol="5", event_expiry_s=expiry_s)
    connection = greet(stage)
    post_changes(stage, 1)
    wait_until(lambda: connection.tracks() == [1], "the event")
    assert connection.expiries_s[connection.on("events")[0][0] - 1] == expiry_s
    stage.publisher.stop(0.2)


def test_a_fault_of_the_thread_ends_it_and_is_kept(tmp_path):
    stage = Stage(tmp_path)
    greet(stage)
    stage.publisher.post(TelemetrySnapshot(1.0, cast("dict", None), 0, None, None))
    wait_until(lambda: not stage.publisher.alive, "the thread to end")
    assert isinstance(stage.publisher.fault, AttributeError)


@pytest.mark.parametrize("state", ["lost", "paused"])
def test_without_pictures_there_are_no_faces(stage, state: SourceState):
    connection = greet(stage)
    stage.publisher.post(SourceChanged("ok"))
    stage.publisher.post(StateSnapshot.of(sight(1, face(1, reading("happy")))))
    wait_until(lambda: connection.on("state")[-1:] and connection.on("state")[-1][1]["face_count"] == 1, "the face")
    connection.acknowledge_retained()
    stage.publisher.post(SourceChanged(state))
    wait_until(lambda: connection.on("state")[-1][1]["source"] == state, f"the source to be {state}")
    assert connection.on("state")[-1][1]["faces"] == []
    assert connection.on("state")[-1][1]["dominant_emotion"] == "none"


def test_the_same_trouble_is_told_once_and_another_again(tmp_path, caplog):
    stage = Stage(tmp_path)
    for number, reason in enumerate(["no route", "no route", "no route", "not authorized"], start=1):
        stage.connection(number).lose(reason)
    stage.connection(5)
    warnings = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    stage.publisher.stop(1)
    assert [text.split(" (")[0] for text in warnings] == ["no route", "not authorized"]


def test_a_stop_says_offline_and_waits_for_the_answer(tmp_path):
    stage = Stage(tmp_path)
    connection = greet(stage)
    settle(stage)
    stage.publisher.stop(0.5)
    assert connection.published[-1][2] == b"offline"
    assert connection.closed
    assert not stage.publisher.alive


def test_what_a_disk_could_not_give_is_sent_late_once_it_can_and_live_events_do_not_wait(tmp_path, monkeypatch):
    monkeypatch.setattr("device.mqtt.session._LOOK_BACK_S", 0.05)
    stage = Stage(tmp_path)
    post_changes(stage, 1)
    wait_until(lambda: stage.connections, "the first attempt")
    stage.spool.tick(away=True)
    with monkeypatch.context() as broken:
        broken.setattr(stage.spool._disk, "read", lambda **_: None)
        connection = greet(stage)
        post_changes(stage, 2)
        wait_until(lambda: connection.tracks() == [2], "the live event")
        connection.acknowledge(connection.on("events")[0][0])
    wait_until(lambda: connection.tracks() == [2, 1], "the one on the disk")
    assert [event["replayed"] for _, event in connection.on("events")] == [False, True]
    stage.publisher.stop(0.2)


def test_an_event_that_waits_for_its_answer_is_not_sent_a_second_time(stage):
    connection = greet(stage)
    post_changes(stage, 1, 2, 3)
    wait_until(lambda: connection.tracks() == [1, 2, 3], "the events")
    first, _, _ = (mid for mid, _ in connection.on("events"))
    connection.acknowledge(first, refusal="Not authorized")
    wait_until(lambda: len(connection.tracks()) == 4, "the refused one again")
    settle(stage)
    assert connection.tracks() == [1, 2, 3, 1]


def test_an_outage_counts_from_when_the_broker_first_owed_an_answer(stage):
    connection = greet(stage)
    settle(stage)
    connection.acknowledge_retained()
    settle(stage)
    assert stage.publisher._link.away_for_s(time.monotonic()) == 0.0
    post_changes(stage, 1)
    wait_until(lambda: connection.tracks() == [1], "the event")
    (owed_since_s,) = [sent.since_s for sent in stage.publisher._link.session._in_flight.values()]
    connection.lose()
    wait_until(lambda: stage.publisher._link.session is None, "the end to be noted")
    assert stage.publisher._link._away_since_s == pytest.approx(owed_since_s, abs=1e-3)
