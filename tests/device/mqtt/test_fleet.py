"""A fleet is put together from messages, whoever may have sent them."""

import json
from dataclasses import replace

import pytest

from device.errors import DataError
from device.mqtt.fleet import Fleet
from device.mqtt.payloads import StateSnapshot, encode, state_message, stats_message
from device.system.telemetry import STAGES, TelemetrySnapshot
from tests.device.sightings import NOON, STANDING, change, face, reading, sight

RUN = "1b9d6bcd-bbfd-4b2d-9b5d-ab8dfbbd4bed"
EVENT = json.loads(replace(change(1), device="hall", run=RUN, seq=1).to_json())
STATE = state_message("ok", StateSnapshot.of(sight(1, face(1), face(2, reading("happy")))))
STATS = stats_message(
    TelemetrySnapshot(9.8, dict.fromkeys(STAGES), 0, 51.0, None), time=NOON, queue=2, dropped_events=0, **STANDING
)


@pytest.fixture
def fleet():
    return Fleet("affectd")


def say(fleet, leaf, payload, device="hall"):
    data = payload if isinstance(payload, bytes) else encode(payload)
    return fleet.note(fleet.read(f"affectd/{device}/{leaf}", data))


def test_a_device_is_what_it_said_last(fleet):
    say(fleet, "availability", b"online")
    say(fleet, "pause", b"ON")
    say(fleet, "state", STATE)
    say(fleet, "stats", STATS)
    hall = fleet.devices["hall"]
    assert (hall.online, hall.paused, hall.state.source) == (True, True, "ok")
    assert [seen.emotion for seen in hall.state.faces] == [None, "happy"]
    assert (hall.stats.fps, hall.stats.queue, hall.stats.temperature_c) == (9.8, 2, 51.0)
    say(fleet, "availability", b"offline")
    assert not hall.online


def test_an_event_is_given_and_counted(fleet):
    event = say(fleet, "events", EVENT)
    assert (event.type, event.track, event.emotion) == ("emotion_changed", 1, "happy")
    assert fleet.event_count == 1


def test_devices_are_kept_apart(fleet):
    for device in ("hall", "porch"):
        say(fleet, "availability", b"online", device)
    say(fleet, "availability", b"offline", "porch")
    assert [device.online for device in fleet.devices.values()] == [True, False]


@pytest.mark.parametrize("leaf", ["pause/set", "doctor", "weather"])
def test_what_is_not_shown_is_passed_over(fleet, leaf):
    assert say(fleet, leaf, b"ON") is None
    assert fleet.devices == {}


@pytest.mark.parametrize(
    ("leaf", "payload"),
    [
        ("state", b""),
        ("state", b"{"),
        ("state", b"{}"),
        ("state", b'{"source": "ok", "faces": 7}'),
        ("state", b"[" * 100_000),
        ("state", b'{"a":' * 100_000),
        ("availability", b"\xff\xfe"),
        ("pause", b"on"),
        ("events", json.dumps(EVENT | {"confidence": 7}).encode()),
        ("events", json.dumps(EVENT | {"type": "bang"}).encode()),
        ("stats", json.dumps(STATS | {"fps": "fast"}).encode()),
    ],
    ids=range(11),
)
def test_a_message_that_does_not_fit_is_named_and_changes_nothing(fleet, leaf, payload):
    with pytest.raises(DataError, match=rf"hall has sent on {leaf} what does not fit"):
        say(fleet, leaf, payload)
    assert fleet.devices == {}
    assert fleet.event_count == 0


def test_keys_of_a_later_version_do_no_harm(fleet):
    say(fleet, "state", STATE | {"weather": "fine"})
    assert fleet.devices["hall"].state.source == "ok"


def test_devices_under_a_base_topic_of_several_levels_are_told_apart():
    fleet = Fleet("museum/affectd")
    said = fleet.read("museum/affectd/hall/availability", b"online")
    assert (said.device, said.channel) == ("hall", "availability")


def test_it_subscribes_to_every_device_under_its_base_topic():
    topics = Fleet("attic").topics
    assert "attic/+/events" in topics
    assert all(topic.startswith("attic/+/") for topic in topics)


@pytest.mark.parametrize(
    "payload",
    [b'{"a":NaN}', b'{"a":-Infinity}', b'{"a":1e999}', b"{" * 3, b'{"a":' * 5000, b'{"a":' + b"9" * 5000 + b"}"],
)
def test_what_is_no_json_by_json_s_own_rules_is_text(payload):
    assert Fleet("affectd").read("affectd/hall/state", payload).content == payload.decode()


def test_what_somebody_should_look_after_is_named(fleet):
    say(fleet, "availability", b"online")
    say(fleet, "state", STATE)
    say(fleet, "stats", STATS)
    hall = fleet.devices["hall"]
    assert hall.troubles == ()
    say(fleet, "stats", STATS | {"queue": 120, "temperature_c": 81.0})
    say(fleet, "state", STATE | {"source": "lost"})
    assert hall.troubles == ("camera lost", "120 events wait", "81 °C")
    say(fleet, "stats", STATS | {"disk": "trouble"})
    assert hall.troubles == ("camera lost", "disk")
    say(fleet, "state", STATE | {"source": "paused"})
    assert "camera lost" not in hall.troubles
    say(fleet, "availability", b"offline")
    assert hall.troubles == ("offline",)


def test_the_version_of_a_device_is_remembered(fleet):
    say(fleet, "info", {"version": "0.1.0", "model": {"name": "emotion", "version": "1"}})
    assert fleet.devices["hall"].version == "0.1.0"


@pytest.mark.parametrize(("only", "counts"), [("*", True), ("hall-*", True), ("porch", False), ("hall", False)])
def test_only_devices_that_are_asked_for_count(only, counts):
    assert Fleet("museum/affectd", only=only).counts("museum/affectd/hall-2/pause/set") is counts
