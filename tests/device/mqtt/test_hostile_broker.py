"""A broker that is out of order or means harm does not silence the device."""

import threading
import time
from typing import cast

import pytest
from paho.mqtt.enums import MQTTErrorCode

from device.errors import AffectdError
from device.mqtt.client import Connection, Received
from device.mqtt.sink import PublisherError
from tests.brokers import PATIENCE_S, wait_until
from tests.device.mqtt.raw_broker import SET, make_sink, publish_packet, raw_broker
from tests.device.mqtt.stage import Stage, greet, post_changes, settle
from tests.device.sightings import change

__all__ = ["make_sink", "raw_broker"]

pytestmark = pytest.mark.attack


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
