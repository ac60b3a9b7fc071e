"""A broker, or whoever publishes on it, that means harm or is out of order, does not silence the device."""

import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import cast

import pytest
from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode

from device.errors import AffectdError
from device.mqtt.client import Connection, Received
from device.mqtt.limits import SMALL_BYTES
from device.mqtt.network import NetworkClient
from device.mqtt.payloads import DeviceInfo
from device.mqtt.settings import MqttSettings
from device.mqtt.sink import MqttSink, PublisherError
from tests.brokers import LOOPBACK, PATIENCE_S, wait_until
from tests.device.mqtt.stage import Stage, greet, post_changes, settle
from tests.device.sightings import LABELS, FakeClock, change

pytestmark = pytest.mark.attack

INFO = DeviceInfo("0.1.0", "emotion", "2026.11", LABELS, "demo clip")
CONNACK = b"\x20\x02\x00\x00"
STATUS, SET, TUNING_SET = "homeassistant/status", "affectd/hall/pause/set", "affectd/hall/tuning/set"


def publish_packet(topic: bytes, payload: bytes) -> bytes:
    body = len(topic).to_bytes(2, "big") + topic + payload
    assert len(body) < 128
    return bytes([0x30, len(body)]) + body


class RawBroker:
    """Accepts every client, answers nothing but a login and a ping, and says to the first what the test wants."""

    def __init__(self, says: bytes = b"") -> None:
        self.logins: list[bytes] = []
        self.heard: list[bytes] = []
        self._says = says
        self._server = socket.create_server((LOOPBACK, 0))
        self.port = int(self._server.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        with suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._server.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with suppress(OSError), client:
            self.logins.append(client.recv(4096))
            client.sendall(CONNACK + (self._says if len(self.logins) == 1 else b""))
            while data := client.recv(65536):
                self.heard.append(data)
                if b"\xc0\x00" in data:
                    client.sendall(b"\xd0\x00")


@pytest.fixture
def make_sink(tmp_path) -> Iterator[Callable[..., MqttSink]]:
    sinks: list[MqttSink] = []
    turns: list[bool] = []

    def make(port: int, **settings) -> MqttSink:
        options = {"host": LOOPBACK, "port": port, "reconnect_first_s": 0.05, "reconnect_max_s": 0.2} | settings
        section = MqttSettings.model_validate(options)
        sinks.append(MqttSink(section, "hall", tmp_path / "state", INFO, clock=FakeClock(), on_pause=turns.append))
        sinks[-1].start()
        return sinks[-1]

    yield make
    for sink in sinks:
        sink.close(0.5)


@pytest.fixture
def raw_broker() -> Iterator[Callable[[bytes], RawBroker]]:
    brokers: list[RawBroker] = []

    def make(says: bytes = b"") -> RawBroker:
        brokers.append(RawBroker(says))
        return brokers[-1]

    yield make
    for broker in brokers:
        broker.close()


def test_a_topic_that_is_not_utf_8_is_passed_over(raw_broker, make_sink):
    broker = raw_broker(publish_packet(b"\xff\xfe", b"X") + publish_packet(SET.encode(), b"neither"))
    sink = make_sink(broker.port)
    wait_until(lambda: sink.connected, "the connection")
    session = sink._publisher._link.session
    wait_until(lambda: sink._publisher._listening._nonsense, "the message behind it")
    assert sink._publisher._link.session is session
    assert len(broker.logins) == 1


@pytest.mark.parametrize(
    "nonsense",
    [b"\x30\x01\x00", b"\x40\x00", b"\x90\x01\x00", b"\x32\x03\x00\x01a", b"\x20\x00", b"\xff" * 8],
    ids=["a topic cut short", "an empty answer", "a short answer", "no number", "a second login", "no packet"],
)
def test_nonsense_from_the_broker_ends_the_connection_and_not_the_device(raw_broker, make_sink, nonsense):
    broker = raw_broker(nonsense)
    sink = make_sink(broker.port)
    wait_until(lambda: len(broker.logins) >= 2 and sink.connected, "another connection")
    sink.check()


def test_a_fault_in_a_callback_ends_the_connection_and_another_follows(raw_broker, make_sink, monkeypatch, caplog):
    fired = []

    def throw(*_) -> None:
        if not fired:
            fired.append(True)
            raise ZeroDivisionError("a fault of ours")

    monkeypatch.setattr("device.mqtt.client.Connection._on_message", throw)
    broker = raw_broker(publish_packet(SET.encode(), b"ON"))
    sink = make_sink(broker.port)
    wait_until(lambda: len(broker.logins) == 2 and sink.connected, "another connection")
    assert "a fault of ours" in caplog.text


def publish_large(port: int, topic: str, size: int, *, retain: bool) -> None:
    client = paho.Client(CallbackAPIVersion.VERSION2)
    client.connect(LOOPBACK, port)
    client.loop_start()
    client.publish(topic, bytes(size), qos=1, retain=retain).wait_for_publish(PATIENCE_S)
    client.disconnect()
    client.loop_stop()


FAR_TOO_LONG = 1_000_001


@pytest.mark.parametrize("topic", [STATUS, TUNING_SET])
def test_a_message_that_is_far_too_long_is_not_read_and_its_topic_given_up_if_it_is_retained(
    broker, make_sink, caplog, topic
):
    publish_large(broker.port, topic, FAR_TOO_LONG, retain=True)
    sink = make_sink(broker.port)
    wait_until(lambda: f"{topic} is not listened to for 10 minutes" in caplog.text, "the topic to be given up")
    assert "was not read: nothing longer than" in caplog.text
    sink.emit(change(1))
    wait_until(lambda: len(sink._publisher._spool) == 0, "an event to get through")
    assert set(sink._publisher._listening.topics) == {SET, TUNING_SET, STATUS} - {topic}


def test_a_single_message_that_is_far_too_long_costs_one_connection_and_no_topic(broker, make_sink, caplog):
    sink = make_sink(broker.port)
    sink.emit(change(1))
    wait_until(lambda: len(sink._publisher._spool) == 0, "the connection")
    publish_large(broker.port, SET, FAR_TOO_LONG, retain=False)
    wait_until(lambda: caplog.text.count("was not read") == 1, "it to be refused")
    wait_until(lambda: sink.connected, "the connection again")
    assert sink._publisher._listening.topics == (SET, TUNING_SET, STATUS)


@pytest.mark.parametrize("retain", [False, True])
@pytest.mark.parametrize("size", [SMALL_BYTES, 900_000])
def test_a_message_that_is_too_long_is_passed_over_and_the_switch_turns_all_the_same(
    broker, listen, make_sink, caplog, size, retain
):
    caplog.set_level(logging.INFO)
    listener = listen(broker.port)
    if retain:
        publish_large(broker.port, SET, size, retain=True)
    sink = make_sink(broker.port)
    turns: list[bool] = []
    sink._publisher._listening._on_pause = turns.append
    listener.wait_for(lambda heard: heard.on("state"), "the connection")
    if not retain:
        publish_large(broker.port, SET, size, retain=False)
        publish_large(broker.port, SET, size, retain=False)
    wait_until(lambda: f"a message on {SET} was passed over: it has {size + 26} bytes" in caplog.text, "a word")
    listener.say(SET, "ON")
    wait_until(lambda: turns == [True], "a turn after it")
    assert caplog.text.count("passed over") == 1
    assert caplog.text.count("connected to the broker") == 1


def large_packet(topic: bytes, size: int, qos: int) -> bytes:
    number = b"\x00\x07" if qos else b""
    body = len(topic).to_bytes(2, "big") + topic + number + bytes(size)
    length, lengths = len(body), bytearray()
    while length:
        lengths.append(length % 128 | (128 if length > 127 else 0))
        length //= 128
    return bytes([0x30 | qos << 1]) + lengths + body


@pytest.mark.parametrize("qos", [0, 1])
def test_of_a_message_that_is_passed_over_only_the_beginning_is_ever_held(
    raw_broker, make_sink, monkeypatch, caplog, qos
):
    held: list[int] = []
    handle = NetworkClient._handle_publish

    def look(client: NetworkClient) -> MQTTErrorCode:
        held.append(len(client._in_packet["packet"]))
        return handle(client)

    monkeypatch.setattr(NetworkClient, "_handle_publish", look)
    broker = raw_broker(large_packet(SET.encode(), 900_000, qos) + publish_packet(SET.encode(), b"neither"))
    make_sink(broker.port)
    wait_until(lambda: "takes ON or OFF, not b'neither'" in caplog.text, "the message behind it")
    assert held[0] <= SMALL_BYTES + 65_536
    assert len(broker.logins) == 1
    if qos:
        wait_until(lambda: b"\x40\x02\x00\x07" in b"".join(broker.heard), "an answer for it")


def test_a_long_message_of_a_kind_that_nobody_asked_for_ends_the_connection(raw_broker, make_sink):
    broker = raw_broker(large_packet(SET.encode(), 900_000, 2))
    sink = make_sink(broker.port)
    wait_until(lambda: len(broker.logins) >= 2 and sink.connected, "another connection")


def test_with_mqtt_5_the_broker_is_told_how_much_we_take_and_keeps_the_rest(broker, raw_broker, make_sink, caplog):
    caplog.set_level(logging.INFO)
    publish_large(broker.port, STATUS, 10 * SMALL_BYTES, retain=True)
    sink = make_sink(broker.port, protocol="5")
    sink.emit(change(1))
    wait_until(lambda: len(sink._publisher._spool) == 0, "an event to get through")
    sink.close(1)
    assert caplog.text.count("connected to the broker") == 1
    raw = raw_broker()
    make_sink(raw.port, protocol="5")
    wait_until(lambda: raw.logins, "a login")
    assert b"\x27" + SMALL_BYTES.to_bytes(4, "big") in raw.logins[0]  # property 39, Maximum Packet Size


def test_a_broker_that_acknowledges_nothing_is_not_called_connected_and_given_up(raw_broker, make_sink, monkeypatch):
    monkeypatch.setattr("device.mqtt.link._SLOW_ANSWER_S", 0.2)
    monkeypatch.setattr("device.mqtt.link._LOOK_EVERY_S", 0.05)
    broker = raw_broker()
    sink = make_sink(broker.port)
    wait_until(lambda: sink.connected, "the connection")
    wait_until(lambda: sink._publisher._link.session and not sink.connected, "it to be doubted")
    wait_until(lambda: sink.broker_trouble == "the broker acknowledges nothing", "the reason")
    assert len(broker.logins) == 1
    monkeypatch.setattr("device.mqtt.link._ANSWER_S", 0.4)
    wait_until(lambda: len(broker.logins) >= 2, "another attempt")


def test_a_thread_that_is_stuck_is_given_up_and_another_connection_made(tmp_path, monkeypatch, caplog):
    monkeypatch.setattr("device.mqtt.link._LOOK_EVERY_S", 0.05)
    stage = Stage(tmp_path)
    first = greet(stage)
    post_changes(stage, 1)
    first.stuck = True
    second = greet(stage, 2)
    assert first.given_up
    assert "was stuck" in caplog.text
    wait_until(lambda: second.tracks() == [1], "the event on the new connection")
    stage.publisher.stop(0.2)


def test_too_many_threads_that_stay_stuck_are_a_fault_that_another_process_mends(tmp_path, monkeypatch):
    monkeypatch.setattr("device.mqtt.link._LOOK_EVERY_S", 0.05)
    stage = Stage(tmp_path)
    for number in range(1, 5):
        stage.connection(number).stuck = True
    wait_until(lambda: not stage.publisher.alive, "the thread to end")
    assert "4 threads that speak to the broker are stuck" in str(stage.publisher.fault)


def test_a_publisher_that_hangs_at_one_turn_is_a_fault(raw_broker, make_sink, monkeypatch):
    monkeypatch.setattr("device.mqtt.inbox._HANG_S", 0.2)
    sink = make_sink(raw_broker().port)
    wait_until(lambda: sink.connected, "the connection")
    sink.check()
    let_go = threading.Event()
    monkeypatch.setattr(sink._publisher._spool, "tick", lambda **_: let_go.wait(PATIENCE_S))
    sink.emit(change(1))
    wait_until(lambda: sink._publisher.hung_s, "the hang to be seen")
    with pytest.raises(PublisherError, match="has been stuck for") as caught:
        sink.check()
    assert isinstance(caught.value, AffectdError)
    let_go.set()
    wait_until(lambda: not sink._publisher.hung_s, "it to go on")


def test_a_publisher_that_waits_for_news_does_not_hang(tmp_path, monkeypatch):
    monkeypatch.setattr("device.mqtt.inbox._HANG_S", 0.0)
    stage = Stage(tmp_path)
    greet(stage)
    settle(stage)
    deadline_s = time.monotonic() + PATIENCE_S
    while stage.publisher.hung_s and time.monotonic() < deadline_s:
        time.sleep(0.001)
    assert time.monotonic() < deadline_s
    stage.publisher.stop(0.2)


def test_thousands_of_turns_of_the_switch_are_obeyed_by_the_latest(broker, listen, make_sink):
    listener = listen(broker.port)
    sink = make_sink(broker.port)
    turns: list[bool] = []
    sink._publisher._listening._on_pause = turns.append
    listener.wait_for(lambda heard: heard.on("state"), "the connection")
    for number in range(1000):
        listener._client.publish(SET, "OFF" if number % 2 else "ON", qos=0)
    listener.say(SET, "ON")
    wait_until(lambda: turns and turns[-1], "the latest")
    settled = len(turns)
    assert settled < 100


def test_a_real_network_thread_that_blocks_is_given_up_and_the_device_speaks_again(broker, make_sink, monkeypatch):
    monkeypatch.setattr("device.mqtt.client._TURN_S", 0.3)
    monkeypatch.setattr("device.mqtt.link._LOOK_EVERY_S", 0.05)
    sink = make_sink(broker.port)
    wait_until(lambda: sink.connected, "the connection")
    let_go = threading.Event()
    blocked = sink._publisher._link.connection._client
    turn = blocked.loop
    monkeypatch.setattr(blocked, "loop", lambda timeout_s: let_go.wait(PATIENCE_S) and turn(timeout_s))
    wait_until(lambda: sink._publisher._link.connection is not None, "another connection")
    wait_until(lambda: sink.connected and sink._publisher._link.connection._client is not blocked, "to be let in")
    sink.emit(change(1))
    wait_until(lambda: len(sink._publisher._spool) == 0, "an event to get through")
    let_go.set()
    wait_until(lambda: blocked.ended, "the old thread to end")


def test_what_the_network_says_fills_no_memory_while_the_publisher_is_busy(tmp_path, monkeypatch):
    monkeypatch.setattr("device.mqtt.inbox._MOST_WAITING", 50)
    stage = Stage(tmp_path)
    connection = greet(stage)
    busy, let_go = threading.Event(), threading.Event()

    def tick(**_) -> None:
        busy.set()
        let_go.wait(PATIENCE_S)

    with monkeypatch.context() as slow:
        slow.setattr(stage.spool, "tick", tick)
        post_changes(stage, 1)
        assert busy.wait(PATIENCE_S)
        for _ in range(1000):
            connection.tell(Received(cast("Connection", connection), SET, bytes(16_000), retained=False))
        waiting = stage.publisher._inbox.receive(0.0)
    let_go.set()
    assert len(waiting) <= 60
    assert max(len(message.payload) for message in waiting if isinstance(message, Received)) <= 300
    stage.publisher.stop(0.2)


def test_a_network_thread_that_ends_without_a_word_is_noticed_at_once(broker, make_sink, monkeypatch):
    monkeypatch.setattr("device.mqtt.client._TURN_S", 1e9)
    sink = make_sink(broker.port)
    wait_until(lambda: sink.connected, "the connection")
    silent = sink._publisher._link.connection._client
    monkeypatch.setattr(silent, "loop", lambda _: MQTTErrorCode.MQTT_ERR_UNKNOWN)
    wait_until(lambda: silent.ended, "the thread to end")
    wait_until(lambda: sink.connected and sink._publisher._link.connection._client is not silent, "another connection")
