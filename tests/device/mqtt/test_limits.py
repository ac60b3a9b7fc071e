"""What a broker does not take is not sent to it, is said by name, and keeps nothing else from it."""

import json

import pytest

from device.mqtt.homeassistant import Discovery, HomeAssistantSettings
from device.mqtt.limits import Limits, SizeSuspicion, packet_bytes
from device.mqtt.payloads import DeviceInfo
from device.mqtt.settings import MqttSettings
from device.mqtt.sink import MqttSink
from device.mqtt.topics import Topics
from tests.brokers import LOOPBACK, wait_until
from tests.device.mqtt.stage import Stage
from tests.device.mqtt.wire_format import check_message
from tests.device.sightings import LABELS, FakeClock, change

INFO = DeviceInfo("0.1.0", "emotion", "2026.11", (*LABELS, "angry", "disgust", "fear", "surprise"), "demo clip")
ENTITIES = len(Discovery.of(HomeAssistantSettings(), Topics("affectd", "hall"), INFO).parts)


@pytest.fixture
def make_sink(tmp_path):
    sinks = []

    def make(port, **settings):
        options = {"host": LOOPBACK, "port": port, "reconnect_first_s": 0.05, "reconnect_max_s": 0.2} | settings
        sinks.append(
            MqttSink(MqttSettings.model_validate(options), "hall", tmp_path / "state", INFO, clock=FakeClock())
        )
        sinks[-1].start()
        return sinks[-1]

    yield make
    for sink in sinks:
        sink.close(1)


def described(listener):
    """What came of the description, without what takes away that which may be there of before."""
    return [message for message in listener.on("config") if message.payload]


@pytest.mark.parametrize("protocol", ["3.1.1", "5"])
def test_a_broker_with_a_small_limit_gets_the_description_in_parts_and_all_else(
    silent_broker, listen, make_sink, protocol, caplog
):
    silent_broker.start("max_packet_size 3000")
    listener = listen(silent_broker.port)
    sink = make_sink(silent_broker.port, protocol=protocol)
    sink.emit(change(1))
    listener.wait_for(lambda heard: heard.on("events") and heard.on("state"), "an event and the state")
    listener.wait_for(lambda heard: len(described(heard)) == ENTITIES, "every part")
    assert not [message for message in described(listener) if "/device/" in message.topic]
    for part in described(listener):
        check_message(part.topic, part.payload)
    assert ("sent in parts" in caplog.text) == (protocol == "3.1.1")


def test_a_broker_that_answers_that_a_message_is_too_long_gets_the_description_in_parts(
    silent_broker, listen, make_sink
):
    silent_broker.start("message_size_limit 3000")
    listener = listen(silent_broker.port)
    make_sink(silent_broker.port, protocol="5")
    listener.wait_for(lambda heard: len(described(heard)) == ENTITIES, "every part")


def test_a_description_that_is_refused_as_too_long_is_said_in_parts(tmp_path):
    stage = Stage(tmp_path, homeassistant={"enabled": True}, publish_window=50)
    connection = stage.connection()
    connection.accept()
    wait_until(lambda: connection.on("config"), "the description")
    number, whole = connection.on("config")[0]
    connection.acknowledge(number, refusal="Packet too large", final=True)
    wait_until(lambda: len(connection.on("config")) == 1 + len(whole["components"]), "its parts")
    stage.publisher.stop(0.2)


def test_the_parts_describe_the_same_entities_as_the_whole():
    found = Discovery.of(HomeAssistantSettings(), Topics("affectd", "hall"), INFO)
    whole = json.loads(found.payload)
    parts = {topic: json.loads(payload) for topic, payload in found.parts.items()}
    assert set(parts) == {
        f"homeassistant/{component['platform']}/affectd_hall/{key}/config"
        for key, component in whole["components"].items()
    }
    for key, component in whole["components"].items():
        part = parts[f"homeassistant/{component.pop('platform')}/affectd_hall/{key}/config"]
        assert part == {name: value for name, value in whole.items() if name != "components"} | component


def test_an_event_longer_than_the_broker_takes_is_counted_as_dropped_and_named_once(tmp_path, caplog):
    stage = Stage(tmp_path)
    connection = stage.connection()
    connection.accept(limits=Limits(packet_bytes=300))
    for number in (1, 2):
        stage.publisher.emit(change(number))
    wait_until(lambda: len(stage.spool) == 0, "the events to be given up")
    assert connection.tracks() == []
    assert stage.publisher._refused == 2
    assert caplog.text.count("said on affectd/hall/events is not sent") == 1
    stage.publisher.stop(0.2)


def test_no_event_is_given_up_for_a_guess(tmp_path):
    stage = Stage(tmp_path)
    connection = stage.connection()
    stage.publisher._link._suspicion._limit, stage.publisher._link._suspicion._until_s = 300, float("inf")
    connection.accept()
    stage.publisher.emit(change(1))
    wait_until(lambda: connection.tracks() == [1], "the event")
    stage.publisher.stop(0.2)


def test_a_broker_that_keeps_no_messages_is_told_them_all_the_same(silent_broker, listen, make_sink, caplog):
    silent_broker.start("retain_available false")
    listener = listen(silent_broker.port)
    sink = make_sink(silent_broker.port, protocol="5")
    sink.emit(change(1))
    listener.wait_for(lambda heard: heard.on("events") and heard.on("state"), "an event and the state")
    assert "the broker keeps no messages" in caplog.text


def test_a_broker_that_takes_qos_0_only_gets_the_events_and_the_spool_empties(silent_broker, listen, make_sink, caplog):
    silent_broker.start("max_qos 0")
    listener = listen(silent_broker.port)
    sink = make_sink(silent_broker.port, protocol="5")
    sink.emit(change(1))
    listener.wait_for(lambda heard: heard.on("events") and heard.on("state"), "an event and the state")
    wait_until(lambda: len(sink._publisher._spool) == 0, "the spool to empty")
    assert "QoS 0 only" in caplog.text


def test_a_long_message_is_suspected_after_it_has_ended_two_connections_in_a_row():
    suspicion = SizeSuspicion()
    unanswered = [("state", 400), ("config", 4000)]
    assert suspicion.ended(held_s=0.1, unanswered=unanswered) is None
    assert suspicion.limit_bytes is None
    assert suspicion.ended(held_s=0.1, unanswered=unanswered) == ("config", 4000)
    assert suspicion.limit_bytes == 3999


@pytest.mark.parametrize(
    ("held_s", "unanswered"),
    [(60.0, [("config", 4000)]), (0.1, [("state", 400)]), (0.1, [])],
    ids=["after a long time", "short messages", "all was answered"],
)
def test_an_end_that_has_another_reason_raises_no_suspicion(held_s, unanswered):
    suspicion = SizeSuspicion()
    suspicion.ended(held_s=0.1, unanswered=[("config", 4000)])
    for _ in range(3):
        assert suspicion.ended(held_s=held_s, unanswered=unanswered) is None
    assert suspicion.ended(held_s=0.1, unanswered=[("config", 4000)]) is None


def test_a_packet_is_as_long_as_its_parts_and_never_longer_than_we_say():
    assert packet_bytes("a/b", b"12345") >= 2 + 2 + 3 + 2 + 6 + 5
