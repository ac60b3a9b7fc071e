"""Messages that are far too long are never held."""

import logging

import pytest
from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode

from device.mqtt.limits import SMALL_BYTES
from device.mqtt.network import NetworkClient
from tests.brokers import LOOPBACK, PATIENCE_S, wait_until
from tests.device.mqtt.raw_broker import SET, STATUS, TUNING_SET, make_sink, publish_packet, raw_broker
from tests.device.sightings import change

__all__ = ["make_sink", "raw_broker"]

pytestmark = pytest.mark.attack


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
