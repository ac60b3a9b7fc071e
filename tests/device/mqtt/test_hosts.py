"""A broker that runs on several machines, of which some are away."""

import json
import logging
import socket
from typing import Any

import pytest
from pydantic import ValidationError

from device.config import parse_config
from device.errors import ConfigError, UnavailableError
from device.mqtt.payloads import DeviceInfo
from device.mqtt.settings import MqttSettings
from device.mqtt.sink import MqttSink
from device.mqtt.visitor import Visitor
from tests.brokers import LOOPBACK, Listener, wait_until
from tests.device.sightings import LABELS, FakeClock, change

DEAD = "127.0.0.2"
"""Nobody listens there: the test's broker has 127.0.0.1 alone."""
INFO = DeviceInfo("0.1.0", "emotion", "2026.11", LABELS, "demo clip")
SOON = {"reconnect_first_s": 0.05, "reconnect_max_s": 0.2, "homeassistant": {"enabled": False}}


def section(**keys: Any) -> MqttSettings:
    return MqttSettings.model_validate_json(json.dumps(SOON | keys))


@pytest.fixture
def make_sink(tmp_path, caplog):
    caplog.set_level(logging.INFO)
    sinks: list[MqttSink] = []

    def make(**keys: Any) -> MqttSink:
        sinks.append(MqttSink(section(**keys), "hall", tmp_path / "state", INFO, clock=FakeClock()))
        sinks[-1].start()
        return sinks[-1]

    yield make
    for sink in sinks:
        sink.close(1)


def test_a_device_reaches_the_node_that_is_there_and_its_events_arrive(broker, make_sink, caplog):
    listener = Listener(broker.port)
    sink = make_sink(hosts=[DEAD, LOOPBACK], port=broker.port)
    sink.emit(change(1))
    listener.wait_for(lambda heard: heard.events(), "the event")
    assert f"({DEAD}:{broker.port}); events are kept, next attempt" in caplog.text
    assert f"connected to the broker at {LOOPBACK}:{broker.port}" in caplog.text
    listener.close()


def test_when_a_node_dies_the_device_goes_round_until_one_lets_it_in_and_loses_nothing(broker, make_sink):
    sink = make_sink(hosts=[LOOPBACK, DEAD], port=broker.port)
    wait_until(lambda: sink.connected, "the first connection")
    broker.kill()
    wait_until(lambda: sink.broker_trouble and DEAD in sink.broker_trouble, "the other node to be tried")
    sink.emit(change(1))
    broker.start()
    listener = Listener(broker.port)
    wait_until(lambda: sink.connected, "the next connection")
    sink.emit(change(2))
    listener.wait_for(lambda heard: {event["track"] for event in heard.events()} >= {2}, "the later event")
    listener.close()


def test_a_name_with_several_addresses_is_reached_at_the_one_that_answers(broker, make_sink, monkeypatch):
    def addresses(_name: str, port: int, *_: object, **__: object) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in (DEAD, LOOPBACK)]

    monkeypatch.setattr(socket, "getaddrinfo", addresses)
    sink = make_sink(host="cluster.example", port=broker.port)
    wait_until(lambda: sink.connected, "the connection")


def test_a_command_asks_the_next_node_when_one_is_away(broker):
    with Visitor(section(hosts=[DEAD, LOOPBACK], port=broker.port), "test") as visitor:
        visitor.publish("affectd/hall/x", b"1")


def test_a_command_names_the_last_node_when_none_is_there(broker):
    both = section(hosts=[DEAD, "127.0.0.3"], port=broker.port)
    with pytest.raises(UnavailableError, match=r"127\.0\.0\.3"), Visitor(both, "test"):
        pass


def test_all_nodes_are_told_and_one_of_them_elsewhere_makes_the_broker_no_local_one():
    settings = section(hosts=["node1.lan", "::1"], port=1883)
    assert settings.addresses_text == "node1.lan:1883, [::1]:1883"
    assert not settings.is_local
    assert section(hosts=["::1", "localhost"]).is_local


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("mqtt: {host: a, hosts: [b, c]}", "a is not among them: add it there"),
        ("mqtt: {hosts: [b, b]}", "each host once"),
        ("mqtt: {hosts: ['b:1883']}", "its port belongs in mqtt.port"),
        ("mqtt: {hosts: ['']}", "mqtt.hosts"),
        ("mqtt: {hosts: b}", "mqtt.hosts"),
        ("mqtt: {hosts: []}", "mqtt.hosts"),
    ],
)
def test_hosts_that_cannot_be_meant_are_refused_by_name(text, words):
    with pytest.raises(ConfigError, match=words):
        parse_config(text, "c.yaml")


def test_more_nodes_than_any_cluster_has_are_refused():
    with pytest.raises(ValidationError):
        section(hosts=[f"node{number}" for number in range(33)])
