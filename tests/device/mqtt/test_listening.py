"""What the device does when it is spoken to: the privacy switch, and Home Assistant's birth message."""

from typing import cast

import pytest

from device.mqtt.client import Connection, Received, Subscribed
from device.mqtt.homeassistant import HomeAssistantSettings
from device.mqtt.listening import Listening
from device.mqtt.payloads import DeviceInfo
from device.mqtt.settings import MqttSettings
from device.mqtt.sink import MqttSink
from device.mqtt.topics import Topics
from tests.brokers import LOOPBACK, wait_until
from tests.device.mqtt.stage import Stage, make_tuning
from tests.device.mqtt.wire_format import check_message
from tests.device.sightings import LABELS, FakeClock

INFO = DeviceInfo("0.1.0", "emotion", "2026.11", LABELS, "demo clip")
SET, PAUSE = "affectd/hall/pause/set", "affectd/hall/pause"
CONFIG, STATUS = "homeassistant/device/affectd_hall/config", "homeassistant/status"


@pytest.fixture
def turns():
    return []


@pytest.fixture
def make_sink(tmp_path, turns):
    """Makes started sinks; the turns of the switch that they are asked for are kept in ``turns``."""
    sinks = []

    def make(port, **settings):
        section = MqttSettings(
            host=LOOPBACK, port=port, reconnect_first_s=0.05, reconnect_max_s=0.2, state_interval_s=0.1, **settings
        )
        sinks.append(MqttSink(section, "hall", tmp_path / "state", INFO, clock=FakeClock(), on_pause=turns.append))
        sinks[-1].start()
        return sinks[-1]

    yield make
    for sink in sinks:
        sink.close(1)


def on(listener, topic):
    return [message for message in list(listener.received) if message.topic == topic]


def await_greeting(listener, count=1):
    """A state comes last of what a connection begins with, and after the subscription."""
    listener.wait_for(lambda heard: len(heard.on("state")) >= count, "the connection")


@pytest.mark.parametrize("protocol", ["3.1.1", "5"])
def test_the_switch_can_be_turned_from_outside(broker, listen, make_sink, turns, protocol):
    listener = listen(broker.port)
    make_sink(broker.port, protocol=protocol)
    await_greeting(listener)
    listener.say(SET, "ON")
    wait_until(lambda: turns == [True], "the first turn")
    listener.say(SET, "OFF")
    wait_until(lambda: turns == [True, False], "the second turn")


@pytest.mark.parametrize("payload", ["on", "", "true", "ON ", b"\xff\xfe", "x" * 10_000])
def test_what_is_no_position_of_the_switch_is_named_and_ignored(broker, listen, make_sink, turns, caplog, payload):
    listener = listen(broker.port)
    make_sink(broker.port)
    await_greeting(listener)
    listener.say(SET, payload)
    wait_until(lambda: f"{SET} takes ON or OFF" in caplog.text, "a word about it")
    assert len(caplog.text) < 2000
    listener.say(SET, "ON")
    wait_until(lambda: turns == [True], "a turn after it")


def test_a_retained_turn_is_not_obeyed_at_each_connection(broker, listen, make_sink, turns, caplog):
    listener = listen(broker.port)
    listener.say(SET, "ON", retain=True)
    make_sink(broker.port)
    wait_until(lambda: f"a retained message on {SET} is ignored" in caplog.text, "a word about it")
    listener.say(SET, "OFF")
    wait_until(lambda: turns, "a turn that is not retained")
    assert turns == [False]


def test_where_the_switch_stands_is_retained_and_told_on_change_and_afresh_on_connection(broker, listen, make_sink):
    listener = listen(broker.port)
    sink = make_sink(broker.port)
    await_greeting(listener)
    for paused in (True, True, False, True):
        sink.set_paused(paused)
    listener.wait_for(lambda heard: len(on(heard, PAUSE)) >= 4 or on(heard, PAUSE)[-1].text == "ON", "the switch")
    late = listen(broker.port)
    late.wait_for(lambda heard: on(heard, PAUSE), "what is retained")
    assert (on(late, PAUSE)[0].text, on(late, PAUSE)[0].retained) == ("ON", True)
    states = len(listener.on("state"))
    broker.stop()
    broker.start()
    await_greeting(listener, states + 1)
    assert on(listener, PAUSE)[-1].text == "ON"


def test_home_assistant_s_birth_is_answered_with_the_device_s_description(broker, listen, make_sink):
    listener = listen(broker.port)
    make_sink(broker.port)
    await_greeting(listener)
    before = len(on(listener, CONFIG))
    assert before == 1
    listener.say(STATUS, "offline")
    listener.say(STATUS, "online")
    listener.wait_for(lambda heard: len(on(heard, CONFIG)) == before + 1, "the description again")
    check_message(CONFIG, on(listener, CONFIG)[-1].payload)
    late = listen(broker.port)
    late.wait_for(lambda heard: on(heard, CONFIG), "what is retained")
    assert on(late, CONFIG)[0].retained


def test_switched_off_home_assistant_is_told_nothing(broker, listen, make_sink, turns):
    listener = listen(broker.port)
    make_sink(broker.port, homeassistant=HomeAssistantSettings(enabled=False))
    await_greeting(listener)
    listener.say(STATUS, "online")
    listener.say(SET, "ON")
    wait_until(lambda: turns == [True], "the switch, which is there all the same")
    assert not on(listener, CONFIG)


def test_a_broker_that_forbids_to_listen_is_named(tmp_path, caplog):
    stage = Stage(tmp_path)
    connection = stage.connection()
    connection.accept()
    connection.tell(Subscribed(cast("Connection", connection), {SET: "Not authorized"}))
    wait_until(lambda: "turn the privacy switch here: Not authorized" in caplog.text, "a word about it")
    stage.publisher.stop(0.2)


def test_what_a_broker_forbids_to_hear_is_asked_for_again_on_the_same_connection(tmp_path):
    stage = Stage(tmp_path)
    connection = stage.connection()
    connection.accept()
    wait_until(lambda: connection.subscribed.count(SET) == 1, "the first question")
    connection.tell(Subscribed(cast("Connection", connection), {SET: "for now"}))
    wait_until(lambda: connection.subscribed.count(SET) == 2, "the second")
    connection.tell(Subscribed(cast("Connection", connection)))
    stage.publisher.stop(0.2)
    assert connection.subscribed.count(SET) == 2


def make_listening(folder, on_pause=lambda _: None, on_birth=lambda: None):
    return Listening(Topics("affectd", "hall"), STATUS, on_pause, on_birth, make_tuning(folder))


def message(payload, topic=SET):
    return Received(cast("Connection", None), topic, payload, retained=False)


def test_the_first_wish_is_obeyed_at_once_and_of_those_that_follow_the_latest_a_moment_later(turns, tmp_path):
    listening = make_listening(tmp_path, on_pause=turns.append)
    for now_s, payload in ((10.0, b"ON"), (10.1, b"OFF"), (10.2, b"ON"), (10.3, b"OFF")):
        listening.receive(message(payload))
        listening.act(now_s)
    assert turns == [True]
    assert listening.due_s == pytest.approx(10.5)
    listening.act(10.5)
    assert turns == [True, False]
    assert listening.due_s == float("inf")


def test_home_assistant_that_starts_again_and_again_is_answered_once_a_second(tmp_path):
    births = []
    listening = make_listening(tmp_path, on_birth=lambda: births.append(True))
    for tick in range(30):
        listening.receive(message(b"online", STATUS))
        listening.act(10.0 + tick / 10)
    assert len(births) == 3


def test_nonsense_is_named_once_until_there_is_sense_again(caplog, tmp_path):
    listening = make_listening(tmp_path)
    for payload in (b"x", b"y", b"z", b"ON", b"x"):
        listening.receive(message(payload))
    assert caplog.text.count("takes ON or OFF") == len([r for r in caplog.records if r.levelname == "WARNING"]) == 2
