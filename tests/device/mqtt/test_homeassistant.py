"""The discovery message obeys what Home Assistant takes, and no two devices are one to it."""

import json
import re
from dataclasses import replace
from itertools import combinations

import pytest
from pydantic import ValidationError

from device.contract.labels import EMOTIONS
from device.mqtt.homeassistant import (
    Discovery,
    HomeAssistantSettings,
    discovery_message,
    discovery_topic,
    unique_id,
)
from device.mqtt.limits import SMALL_BYTES, Limits, packet_bytes
from device.mqtt.payloads import DeviceInfo, encode
from device.mqtt.topics import Topics
from device.mqtt.tunables import TUNABLES, parse_wish
from device.redact import redact
from tests.device.mqtt.wire_format import check, check_message

HALL = Topics("affectd", "hall")
INFO = DeviceInfo("0.1.0", "emotion", "2026.11", ("happy", "sad", "neutral"), "demo")
SETTINGS = HomeAssistantSettings()
ALIKE = [
    ("affectd", "hall"),
    ("affectd", "hall2"),
    ("affectd", "hall_last"),
    ("affectd2", "hall"),
    ("a", "b_c"),
    ("a_b", "c"),
    ("a-", "b-c"),
    ("a-_b", "c"),
    ("a", "-_b_c"),
    ("a", "_b_c"),
    ("a__b", "c"),
    ("a-b", "c"),
    ("a--b", "c"),
    ("a/b", "c"),
    ("a-sb", "c"),
    ("asb", "c"),
]


def components(topics=HALL):
    return discovery_message(topics, INFO)["components"]


def test_it_is_retained_where_home_assistant_looks_and_as_described():
    discovery = Discovery.of(SETTINGS, HALL, INFO)
    assert discovery.topic == "homeassistant/device/affectd_hall/config"
    check_message(discovery.topic, discovery.payload)


@pytest.mark.parametrize("names", ALIKE)
def test_every_device_s_message_fits_the_description(names):
    check("discovery", discovery_message(Topics(*names), INFO))


def test_it_has_an_entity_for_all_that_a_household_asks_for():
    platforms = {key: component["platform"] for key, component in components().items()}
    assert platforms == {
        "emotion": "sensor",
        "confidence": "sensor",
        "faces": "sensor",
        "occupancy": "binary_sensor",
        "problem": "binary_sensor",
        "source": "sensor",
        "fps": "sensor",
        "temperature": "sensor",
        "queue": "sensor",
        "last_error": "sensor",
        "event": "event",
        "camera": "switch",
        "update": "update",
        "enter_threshold": "number",
        "min_dwell_s": "number",
        "occupancy_off_delay_s": "number",
        "visits_today": "sensor",
        "visits_last_hour": "sensor",
        "mean_stay_today": "sensor",
        "median_stay_today": "sensor",
        "mean_stay_last_hour": "sensor",
        "median_stay_last_hour": "sensor",
        "share_happy": "sensor",
        "share_sad": "sensor",
        "share_neutral": "sensor",
        "share_uncertain": "sensor",
    }


def test_a_device_that_counts_nothing_has_no_entity_for_it():
    keys = discovery_message(HALL, replace(INFO, counts=False))["components"].keys()
    assert keys == {key for key, component in components().items() if component["state_topic"] != HALL.summary}


def test_what_is_counted_fits_long_term_statistics():
    counted = {key: one for key, one in components().items() if one["state_topic"] == HALL.summary}
    assert counted["visits_today"]["state_class"] == "total"
    assert "today.start" in counted["visits_today"]["last_reset_value_template"]
    assert {one["state_class"] for key, one in counted.items() if key != "visits_today"} == {"measurement"}
    assert all(one["unit_of_measurement"] == "s" for one in counted.values() if one.get("device_class") == "duration")


@pytest.mark.parametrize(
    "labels", [("Happy", "happy"), ("froh", "müde"), ("喜", "悲"), ("a b", "a-b"), ("}}{% x", '"quoted" \\')]
)
def test_a_share_has_an_entity_for_every_label_whatever_it_is_called(labels):
    found = discovery_message(HALL, replace(INFO, labels=labels))["components"]
    shares = {key: one for key, one in found.items() if key.startswith("share_")}
    assert len(shares) == len(labels) + 1
    assert all(re.fullmatch(r"[a-z0-9_]+", key) for key in shares)
    jinja2 = pytest.importorskip("jinja2", reason="reads Home Assistant's templates: pip install 'affectd[train]'")
    said = json.loads(encode({"today": {"emotions": {redact(label): 0.25 for label in labels}}}))
    for key, share in shares.items():
        shown = jinja2.Environment(autoescape=True).from_string(share["value_template"]).render(value_json=said)
        assert shown == ("0" if key == "share_uncertain" else "25.0")


def test_the_emotion_can_be_any_label_uncertain_or_none():
    emotion = components()["emotion"]
    assert emotion["options"] == ["happy", "sad", "neutral", "uncertain", "none"]
    assert emotion["device_class"] == "enum"


def test_a_model_that_has_such_a_label_itself_does_not_make_it_an_option_twice():
    info = DeviceInfo("0.1.0", "emotion", "1", ("happy", "uncertain"), "demo")
    options = discovery_message(HALL, info)["components"]["emotion"]["options"]
    assert options == ["happy", "uncertain", "none"]


@pytest.mark.parametrize("key", sorted(components()))
def test_a_component_has_nothing_that_home_assistant_would_refuse(key):
    component = components()[key]
    assert component["qos"] == 1
    assert component["default_entity_id"].startswith(f"{component['platform']}.hall_")
    if component.get("device_class") == "enum":
        assert not {"state_class", "unit_of_measurement"} & component.keys()
        assert len(set(component["options"])) == len(component["options"]) > 0
    if component["platform"] == "sensor":
        assert component.get("entity_category") in {None, "diagnostic"}
    assert "object_id" not in component


def test_what_says_how_the_device_is_doing_is_diagnostic():
    diagnostic = {key for key, component in components().items() if component.get("entity_category") == "diagnostic"}
    assert diagnostic == {"problem", "source", "fps", "temperature", "queue", "last_error", "update"}


def test_the_switch_is_lit_while_the_camera_is_open_and_does_not_retain_its_commands():
    switch = components()["camera"]
    assert (switch["command_topic"], switch["retain"]) == ("affectd/hall/pause/set", False)
    assert (switch["payload_on"], switch["payload_off"]) == ("OFF", "ON")
    assert (switch["state_on"], switch["state_off"]) == ("OFF", "ON")


def test_a_device_is_called_what_people_call_it_and_its_entities_keep_the_id():
    message = discovery_message(HALL, replace(INFO, name="Küche"))
    assert message["device"]["name"] == "Küche"
    assert message["components"]["faces"]["default_entity_id"] == "sensor.hall_faces"
    assert discovery_message(HALL, INFO)["device"]["name"] == "hall"


def test_no_two_devices_have_an_id_a_topic_or_an_entity_in_common():
    for one, other in combinations((Topics(*names) for names in ALIKE), 2):
        assert unique_id(one) != unique_id(other)
        assert discovery_topic(SETTINGS, one) != discovery_topic(SETTINGS, other)
        ids = [{component["unique_id"] for component in components(topics).values()} for topics in (one, other)]
        assert not ids[0] & ids[1]


def test_devices_of_one_base_topic_get_entity_ids_of_their_own():
    names = ["hall", "hall_2", "porch", "hall_last", "hall_event"]
    ids = [
        component["default_entity_id"] for name in names for component in components(Topics("affectd", name)).values()
    ]
    assert len(set(ids)) == len(ids)
    assert components(Topics("attic", "hall"))["camera"]["default_entity_id"] == "switch.attic_hall_camera"


@pytest.mark.parametrize(("device", "entity"), [("Porch-2", "porch_2"), ("__", "affectd"), ("-a--b-", "a_b")])
def test_an_entity_id_has_only_what_home_assistant_allows(device, entity):
    assert components(Topics("affectd", device))["faces"]["default_entity_id"] == f"sensor.{entity}_faces"


def test_the_message_names_who_sends_it():
    message = discovery_message(HALL, INFO)
    assert message["origin"] == {"name": "affectd", "sw_version": "0.1.0"}
    assert message["device"]["identifiers"] == ["affectd_hall"]
    assert message["device"]["model_id"] == "emotion 2026.11"


def test_another_prefix_moves_both_topics():
    settings = HomeAssistantSettings(discovery_prefix="ha/second")
    assert discovery_topic(settings, HALL) == "ha/second/device/affectd_hall/config"
    assert settings.status_topic == "ha/second/status"


@pytest.mark.parametrize("prefix", ["", "a/", "/a", "a//b", "a/#", "+", "a b"])
def test_a_prefix_that_is_no_topic_is_refused(prefix):
    with pytest.raises(ValidationError):
        HomeAssistantSettings(discovery_prefix=prefix)


def test_the_message_is_small_enough_for_any_broker():
    assert len(json.dumps(discovery_message(HALL, INFO))) < 16_384


STATE = {
    "source": "ok",
    "face_count": 2,
    "occupied": True,
    "dominant_emotion": "happy",
    "faces": [{"emotion": None, "confidence": None}, {"emotion": "happy", "confidence": 0.876}],
}
INFO_SAID = {"version": "0.1.0", "newest_version": None}
TUNING = {"enter_threshold": 0.5, "min_dwell_s": 1.5, "occupancy_off_delay_s": 10.0}
STATS = {"fps": 14.9, "temperature_c": 61.2, "queue": 3, "last_error": "e" * 300}


def template_of(key):
    jinja2 = pytest.importorskip("jinja2", reason="reads Home Assistant's templates: pip install 'affectd[train]'")
    environment = jinja2.Environment(undefined=jinja2.StrictUndefined, autoescape=False)
    environment.filters["to_json"] = json.dumps
    return environment.from_string(components()[key]["value_template"])


@pytest.mark.parametrize(
    ("key", "message", "shown"),
    [
        ("emotion", STATE, "happy"),
        ("confidence", STATE, "88"),
        ("confidence", STATE | {"faces": []}, "None"),
        ("faces", STATE, "2"),
        ("occupancy", STATE, "ON"),
        ("occupancy", STATE | {"occupied": False}, "OFF"),
        ("problem", STATE, "OFF"),
        ("problem", STATE | {"source": "lost"}, "ON"),
        ("source", STATE, "ok"),
        ("fps", STATS, "14.9"),
        ("temperature", STATS, "61.2"),
        ("queue", STATS, "3"),
        ("last_error", STATS, "e" * 255),
        ("last_error", STATS | {"last_error": None}, "None"),
        ("enter_threshold", TUNING, "0.5"),
        ("min_dwell_s", TUNING, "1.5"),
        ("occupancy_off_delay_s", TUNING, "10.0"),
    ],
)
def test_what_an_entity_shows_of_a_message(key, message, shown):
    assert template_of(key).render(value_json=message) == shown


def test_the_update_tells_a_newer_version_only_where_one_is_known_and_installs_nothing():
    assert "command_topic" not in components()["update"]
    template = template_of("update")
    assert json.loads(template.render(value_json=INFO_SAID)) == {"installed_version": "0.1.0"}
    assert template.render() == ""
    told = json.loads(template.render(value_json=INFO_SAID | {"newest_version": "0.2.0"}))
    assert told == {"installed_version": "0.1.0", "latest_version": "0.2.0"}


@pytest.mark.parametrize("tunable", TUNABLES, ids=lambda tunable: tunable.key)
def test_what_can_be_turned_is_a_number_whose_command_the_device_understands(tunable):
    number = components()[tunable.key]
    assert (number["entity_category"], number["retain"]) == ("config", False)
    for value in (number["min"], number["max"]):
        jinja2 = pytest.importorskip("jinja2", reason="reads Home Assistant's templates: pip install 'affectd[train]'")
        command = jinja2.Template(number["command_template"], autoescape=True).render(value=value)
        assert parse_wish(command.encode()) == {tunable.key: value}


def test_every_sensor_has_an_icon_or_a_kind_that_brings_one():
    for key, component in components().items():
        if component["platform"] in {"sensor", "binary_sensor"}:
            icon = component.get("icon", "")
            assert icon.startswith("mdi:") or component.get("device_class"), key
    assert components()["temperature"]["device_class"] == "temperature"


def test_it_links_to_the_page_where_there_is_one():
    assert "configuration_url" not in discovery_message(HALL, INFO)["device"]
    message = discovery_message(HALL, replace(INFO, page_url="http://kitchen.local:8471"))
    assert message["device"]["configuration_url"] == "http://kitchen.local:8471"
    check("discovery", message)


ALL = DeviceInfo(
    "10.20.30",
    "emotion-of-a-museum",
    "2026.11.30",
    EMOTIONS,
    "demo",
    name="\U0001f3e0" * 32,
    page_url="http://a.local:8471",
)
"""Every optional entity, and a name in which each letter takes four bytes."""


@pytest.mark.parametrize(("base", "device"), [("affectd", "entrance-hall-upstairs"), ("museum/affectd", "hall-2")])
def test_with_every_entity_it_is_one_message_that_brokers_and_the_device_itself_take(base, device):
    topics = Topics(base, device)
    described = discovery_message(topics, ALL)["components"]
    assert {"visits_today", "median_stay_last_hour", "share_happy", "share_uncertain", "update"} <= set(described)
    discovery = Discovery.of(SETTINGS, topics, ALL)
    assert list(discovery.messages(Limits())) == [discovery.topic]
    assert packet_bytes(discovery.topic, discovery.payload) <= SMALL_BYTES


def test_with_the_longest_names_it_is_said_in_parts_none_of_which_is_too_long():
    topics = Topics("museum/" + "wing-2/" * 8 + "floor", "d" * 63)
    longest = replace(ALL, name="\U0001f3e0" * 64, model_name="m" * 100, page_url=f"https://{'a' * 253}:65535")
    messages = Discovery.of(SETTINGS, topics, longest).messages(Limits())
    assert len(messages) == len(discovery_message(topics, longest)["components"])
    assert max(packet_bytes(topic, payload) for topic, payload in messages.items()) <= SMALL_BYTES / 4
