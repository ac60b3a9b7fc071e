"""A device that gets another name takes away what the broker keeps of it by the old one, and nobody else's."""

import json

import pytest

from device.mqtt.homeassistant import HomeAssistantSettings
from device.mqtt.leftovers import LEFTOVERS_NAME, Leftovers
from device.mqtt.payloads import DeviceInfo
from device.mqtt.settings import MqttSettings
from device.mqtt.sink import MqttSink
from device.mqtt.topics import Topics
from tests.brokers import LOOPBACK, wait_until
from tests.device.sightings import LABELS, FakeClock

INFO = DeviceInfo("0.1.0", "emotion", "2026.11", LABELS, "demo clip")
ADDRESS = f"{LOOPBACK}:1883"


@pytest.fixture(autouse=True)
def _impatient(monkeypatch):
    monkeypatch.setattr("device.mqtt.leftovers._RETAINED_WITHIN_S", 0.5)


@pytest.fixture
def make_sink(tmp_path):
    sinks = []

    def make(port, name="hall", folder="state", **settings):
        options = {"host": LOOPBACK, "port": port, "reconnect_first_s": 0.05, "reconnect_max_s": 0.2} | settings
        section = MqttSettings.model_validate(options)
        sinks.append(MqttSink(section, name, tmp_path / folder, INFO, clock=FakeClock()))
        sinks[-1].start()
        return sinks[-1]

    yield make
    for sink in sinks:
        sink.close(1)


def kept(listen, port):
    """What the broker keeps, by topic: all that a newcomer is given before what he says himself comes back."""
    listener = listen(port)
    listener.say("end/of", "it")
    listener.wait_for(lambda heard: heard.on("of"), "the end")
    return {message.topic for message in listener.received if message.retained}


def of(topics, name):
    return {topic for topic in topics if f"/{name}/" in topic or f"_{name}/" in topic}


def await_state(listen, port, name="hall"):
    listener = listen(port)
    listener.wait_for(lambda heard: [one for one in heard.on("state") if f"/{name}/" in one.topic], "the connection")


@pytest.mark.parametrize("protocol", ["3.1.1", "5"])
@pytest.mark.parametrize(
    ("name", "base"), [("kitchen", "affectd"), ("hall2", "museum/affectd")], ids=["renamed", "another base topic"]
)
def test_what_was_kept_under_the_old_name_is_taken_away(broker, listen, make_sink, protocol, name, base):
    sink = make_sink(broker.port, protocol=protocol)
    await_state(listen, broker.port)
    sink.close()
    assert len(of(kept(listen, broker.port), "hall")) == 6
    make_sink(broker.port, name, base_topic=base, protocol=protocol)
    await_state(listen, broker.port, name)
    wait_until(lambda: not of(kept(listen, broker.port), "hall"), "the old name to be gone")
    assert len(of(kept(listen, broker.port), name)) == 6


def test_a_name_that_somebody_else_has_got_is_left_to_him_until_he_is_gone(broker, listen, make_sink):
    first = make_sink(broker.port)
    await_state(listen, broker.port)
    first.close()
    second = make_sink(broker.port, folder="second")
    await_state(listen, broker.port)
    listener = listen(broker.port)
    renamed = make_sink(broker.port, "kitchen")
    await_state(listen, broker.port, "kitchen")
    wait_until(lambda: renamed._publisher._leftovers.due_s == float("inf"), "the look at the old name")
    assert not [one for one in listener.received if not one.payload]
    assert len(of(kept(listen, broker.port), "hall")) == 6
    second.close()
    wait_until(lambda: not of(kept(listen, broker.port), "hall"), "the old name to be gone")


def test_switched_off_home_assistant_forgets_the_device(broker, listen, make_sink):
    sink = make_sink(broker.port)
    await_state(listen, broker.port)
    sink.close()
    assert "homeassistant/device/affectd_hall/config" in kept(listen, broker.port)
    make_sink(broker.port, homeassistant=HomeAssistantSettings(enabled=False).model_dump())
    wait_until(lambda: not [topic for topic in kept(listen, broker.port) if "homeassistant" in topic], "nothing of it")
    assert len(of(kept(listen, broker.port), "hall")) == 5


def test_of_a_description_in_parts_nothing_is_left_beside_the_whole(silent_broker, listen, make_sink):
    silent_broker.start("max_packet_size 3000")
    sink = make_sink(silent_broker.port, protocol="5")
    wait_until(lambda: len([one for one in kept(listen, silent_broker.port) if "/config" in one]) > 5, "the parts")
    sink.close()
    silent_broker.stop()
    silent_broker.start()
    make_sink(silent_broker.port, protocol="5")
    whole = {"homeassistant/device/affectd_hall/config"}
    wait_until(lambda: {one for one in kept(listen, silent_broker.port) if "/config" in one} == whole, "the whole")


def make(folder, device="hall", *addresses):
    return Leftovers(folder / LEFTOVERS_NAME, addresses or [ADDRESS], Topics("affectd", device))


def test_the_card_is_written_when_there_are_other_topics_and_not_at_each_start(tmp_path):
    make(tmp_path).keep(["affectd/hall/state"])
    before = (tmp_path / LEFTOVERS_NAME).stat().st_mtime_ns
    assert make(tmp_path).keep(["affectd/hall/state"]) == []
    assert (tmp_path / LEFTOVERS_NAME).stat().st_mtime_ns == before


def test_what_was_not_acknowledged_is_taken_away_again(tmp_path):
    described = "homeassistant/device/affectd_hall/config"
    make(tmp_path).keep(["affectd/hall/state", described, "affectd/hall/info"])
    renamed = make(tmp_path, "kitchen")
    for _ in range(2):
        renamed.begin()
        topics = renamed.due(float("inf"))
        assert topics == [described, "affectd/hall/info", "affectd/hall/state"]
    for topic in topics:
        renamed.acknowledged(topic)
    assert make(tmp_path, "kitchen").watched == ()


def test_what_another_broker_keeps_stays_there(tmp_path, caplog):
    caplog.set_level("INFO")
    make(tmp_path).keep(["affectd/hall/state"])
    assert make(tmp_path, "kitchen", "other:1883").watched == ()
    assert make(tmp_path, "kitchen", "other:1883", ADDRESS).watched == ("affectd/hall/availability",)
    assert f"what the broker {ADDRESS} keeps of this device stays there" in caplog.text


def test_a_name_on_which_somebody_says_too_much_is_left_alone(tmp_path):
    make(tmp_path).keep(["affectd/hall/state"])
    renamed = make(tmp_path, "kitchen")
    renamed.flooded("affectd/hall/availability")
    renamed.begin()
    assert renamed.watched == ()
    assert renamed.due(float("inf")) == []


@pytest.mark.parametrize(
    "names",
    [
        {"affectd/hall": ["#"]},
        {"affectd/+": ["affectd/hall/state"]},
        {"affectd/hall": ["a" * 401]},
        {f"affectd/{number}": [] for number in range(9)},
        {"affectd/hall": [f"affectd/hall/{number}" for number in range(900)]},
        {"affectd/hall": [3]},
        {"affectd/hall": 3},
        [],
    ],
)
def test_a_damaged_file_is_named_and_nothing_is_taken_away(tmp_path, caplog, names):
    (tmp_path / LEFTOVERS_NAME).write_text(json.dumps({"addresses": [ADDRESS], "names": names}))
    assert make(tmp_path).watched == ()
    assert "is forgotten" in caplog.text
