"""Run by test_payloads.py inside Home Assistant's own environment, where pytest and Home Assistant's fixtures are.

The folder of this file holds payloads.json: the discovery messages and state messages that the device makes.
"""

import json
import re
from pathlib import Path
from types import SimpleNamespace

import pytest
from homeassistant.helpers import device_registry, entity_registry
from pytest_homeassistant_custom_component.common import async_fire_mqtt_message

# MQTT leaves a timer behind from 2026.11 on, and Home Assistant's own tests of it are told so too.
pytestmark = pytest.mark.parametrize("expected_lingering_timers", [True])

PAYLOADS = json.loads(Path(__file__).with_name("payloads.json").read_text(encoding="utf-8"))
TROUBLE = re.compile(r"error|invalid|ignoring|unable|not valid", re.IGNORECASE)


@pytest.fixture
async def home(hass, mqtt_mock):
    """Home Assistant that has heard of both devices, and that they are online."""

    async def say(topic, payload):
        async_fire_mqtt_message(hass, topic, payload if isinstance(payload, str) else json.dumps(payload))
        await hass.async_block_till_done()

    for device in PAYLOADS["devices"]:
        await say(device["topic"], device["message"])
        await say(device["message"]["availability_topic"], "online")
    return SimpleNamespace(hass=hass, say=say, mqtt=mqtt_mock, state=hass.states.get)


def complaints(caplog):
    return [record.getMessage() for record in caplog.records if record.levelname in {"WARNING", "ERROR", "CRITICAL"}]


async def test_every_component_becomes_an_entity_of_its_device(home, caplog):
    entities = entity_registry.async_get(home.hass).entities
    devices = device_registry.async_get(home.hass).devices
    promised = [
        component["unique_id"]
        for device in PAYLOADS["devices"]
        for component in device["message"]["components"].values()
    ]
    assert sorted(entity.unique_id for entity in entities.values()) == sorted(promised)
    assert len(devices) == len(PAYLOADS["devices"])
    assert complaints(caplog) == []


async def test_a_device_links_to_its_page_where_it_has_one(home):
    (broker,) = home.hass.config_entries.async_entries("mqtt")
    devices = device_registry.async_entries_for_config_entry(device_registry.async_get(home.hass), broker.entry_id)
    shown = {device.name: device.configuration_url for device in devices}
    promised = [device["message"]["device"] for device in PAYLOADS["devices"]]
    assert shown == {device["name"]: device.get("configuration_url") for device in promised}
    assert len(set(shown.values())) == len(shown) == len(promised)
    assert None in shown.values()


async def test_every_entity_has_the_id_that_was_asked_for(home):
    entities = entity_registry.async_get(home.hass).entities
    for device in PAYLOADS["devices"]:
        for component in device["message"]["components"].values():
            assert component["default_entity_id"] in entities
            assert entities[component["default_entity_id"]].unique_id == component["unique_id"]


@pytest.mark.parametrize("number", range(len(PAYLOADS["states"])))
async def test_a_state_is_shown(home, number, caplog):
    case = PAYLOADS["states"][number]
    await home.say("affectd/hall/state", case["message"])
    assert home.state("sensor.hall_emotion").state == case["emotion"]
    assert home.state("sensor.hall_confidence").state == case["confidence"]
    assert home.state("sensor.hall_faces").state == case["faces"]
    assert home.state("sensor.hall_source").state == case["message"]["source"]
    assert home.state("binary_sensor.hall_occupancy").state == ("on" if case["message"]["occupied"] else "off")
    lost = case["message"]["source"] == "lost"
    assert home.state("binary_sensor.hall_problem").state == ("on" if lost else "off")
    assert complaints(caplog) == []


@pytest.mark.parametrize("number", range(len(PAYLOADS["stats"])))
async def test_stats_are_shown(home, number, caplog):
    case = PAYLOADS["stats"][number]
    await home.say("affectd/hall/stats", case["message"])
    for key, expected in case["shown"].items():
        assert home.state(f"sensor.hall_{key}").state == expected
    assert complaints(caplog) == []


@pytest.mark.parametrize("number", range(len(PAYLOADS["summaries"])))
async def test_a_summary_is_shown(home, number, caplog):
    case = PAYLOADS["summaries"][number]
    await home.say("affectd/hall/summary", case["message"])
    for key, expected in case["shown"].items():
        assert home.state(f"sensor.hall_{key}").state == expected, key
    today = home.state("sensor.hall_visits_today")
    assert today.attributes["state_class"] == "total"
    assert today.attributes["last_reset"] == "2026-11-19T23:00:00+00:00"
    assert complaints(caplog) == []


async def test_versions_are_shown_and_nothing_offers_to_install(home, caplog):
    for case in PAYLOADS["versions"]:
        await home.say("affectd/hall/info", case["message"])
        shown = home.state("update.hall_update")
        assert shown.attributes["installed_version"] == case["message"]["version"]
        assert shown.attributes["supported_features"] & 1 == 0
        if case["latest"]:
            assert (shown.state, shown.attributes["latest_version"]) == (case["state"], case["latest"])
        else:
            assert shown.state == case["state"]
    assert complaints(caplog) == []


@pytest.mark.parametrize(
    ("key", "value"), [("enter_threshold", 0.65), ("min_dwell_s", 1.5), ("occupancy_off_delay_s", 30)]
)
async def test_a_threshold_is_shown_and_can_be_turned(home, caplog, key, value):
    said = {"schema": 1, "enter_threshold": 0.5, "min_dwell_s": 0.5, "occupancy_off_delay_s": 10.0}
    await home.say("affectd/hall/tuning", said)
    entity = f"number.hall_{key}"
    assert float(home.state(entity).state) == said[key]
    home.mqtt.async_publish.reset_mock()
    await home.hass.services.async_call("number", "set_value", {"entity_id": entity, "value": value}, blocking=True)
    topic, payload, qos, retain = home.mqtt.async_publish.call_args.args[:4]
    assert (topic, json.loads(payload), qos, retain) == ("affectd/hall/tuning/set", {key: value}, 1, False)
    assert float(home.state(entity).state) == said[key]
    await home.say("affectd/hall/tuning", said | {key: value})
    assert float(home.state(entity).state) == value
    assert complaints(caplog) == []


async def test_a_live_event_fires_and_a_late_one_does_not(home, caplog):
    for event in PAYLOADS["events"]:
        await home.say("affectd/hall/events", event)
        after = home.state("event.hall_event")
        # Not by the entity's state: that is a time, which two events of one millisecond share.
        assert (after.attributes.get("id") == event["id"]) is not event["replayed"]
        if not event["replayed"]:
            assert after.attributes["event_type"] == event["type"]
            assert after.attributes["track"] == event["track"]
    assert complaints(caplog) == []


async def test_the_switch_follows_its_topic_and_commands_without_retain(home):
    await home.say("affectd/hall/pause", "OFF")
    assert home.state("switch.hall_camera").state == "on"
    await home.hass.services.async_call("switch", "turn_off", {"entity_id": "switch.hall_camera"}, blocking=True)
    (call,) = home.mqtt.async_publish.call_args_list
    assert call.args[:4] == ("affectd/hall/pause/set", "ON", 1, False)
    assert home.state("switch.hall_camera").state == "on"
    await home.say("affectd/hall/pause", "ON")
    assert home.state("switch.hall_camera").state == "off"


async def test_everything_listens_with_qos_1(home):
    qualities = {call.args[0]: call.args[2] for call in home.mqtt.async_subscribe.call_args_list}
    ours = {topic: qos for topic, qos in qualities.items() if topic.startswith("affectd/hall/")}
    assert set(ours) == {
        f"affectd/hall/{leaf}"
        for leaf in ("availability", "info", "state", "stats", "events", "pause", "tuning", "summary")
    }
    assert set(ours.values()) == {1}


async def test_offline_makes_one_device_unavailable_and_not_the_other(home):
    await home.say("affectd/hall/availability", "offline")
    states = {key: home.state(key).state for key in entity_registry.async_get(home.hass).entities}
    assert {state for key, state in states.items() if ".hall_" in key} == {"unavailable"}
    assert "unavailable" not in {state for key, state in states.items() if ".hall_" not in key}


async def test_an_empty_message_takes_the_device_out(home):
    await home.say(PAYLOADS["devices"][0]["topic"], "")
    assert home.state("sensor.hall_emotion") is None
    assert len(device_registry.async_get(home.hass).devices) == len(PAYLOADS["devices"]) - 1
