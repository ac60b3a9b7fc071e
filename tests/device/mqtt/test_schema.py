"""The description is whole: every topic of it has a schema, and every reference in it leads somewhere."""

from typing import Any

import pytest
from jsonschema import Draft7Validator, ValidationError

from device.errors import UsageError
from device.mqtt.schema import asyncapi, asyncapi_text, channels, json_schema
from tests.device.mqtt.wire_format import check

# As the table of topics promises: QoS and whether the broker retains it.
PROMISED = {
    "availability": ("send", 1, True),
    "info": ("send", 1, True),
    "state": ("send", 1, True),
    "events": ("send", 1, False),
    "stats": ("send", 0, True),
    "summary": ("send", 1, True),
    "pause": ("send", 1, True),
    "tuning": ("send", 1, True),
    "tuningSet": ("receive", 1, False),
    "pauseSet": ("receive", 1, False),
    "discoveryPart": ("send", 1, True),
    "discovery": ("send", 1, True),
    "homeAssistantStatus": ("receive", 1, False),
    "doctor": ("send", 1, False),
}


def references(node: Any) -> list[str]:
    if isinstance(node, dict):
        own = [node["$ref"]] if isinstance(node.get("$ref"), str) else []
        return own + [found for child in node.values() for found in references(child)]
    return [found for child in node for found in references(child)] if isinstance(node, list) else []


def test_every_reference_leads_somewhere():
    found = references(asyncapi())
    assert found
    for reference in found:
        node = asyncapi()
        for step in reference.removeprefix("#/").split("/"):
            assert step in node, reference
            node = node[step]


def test_every_channel_is_used_as_the_table_of_topics_promises():
    used = {}
    for operation in asyncapi()["operations"].values():
        channel = operation["channel"]["$ref"].removeprefix("#/channels/")
        mqtt = operation["bindings"]["mqtt"]
        used[channel] = (operation["action"], mqtt["qos"], mqtt["retain"])
    assert used == PROMISED
    assert set(channels()) == set(PROMISED)


@pytest.mark.parametrize("channel", PROMISED)
def test_every_schema_is_valid_in_its_dialect(channel):
    Draft7Validator.check_schema(json_schema(channel))


@pytest.mark.parametrize(
    ("channel", "good", "bad"),
    [("availability", "online", "ONLINE"), ("pause", "ON", "on"), ("pauseSet", "OFF", "false")],
)
def test_plain_texts_are_described_to_the_letter(channel, good, bad):
    check(channel, good)
    with pytest.raises(ValidationError):
        check(channel, bad)


def test_the_example_of_an_event_is_one():
    (example,) = asyncapi()["components"]["schemas"]["Event"]["examples"]
    check("events", example)


@pytest.mark.parametrize(
    "fault",
    [
        {"reason": "lost"},
        {"type": "face_left"},
        {"type": "face_appeared"},
        {"emotion": None},
        {"time": "2026-11-20 15:42:23"},
        {"id": "4711"},
        {"seq": 0},
        {"confidence": 1.2},
        {"box": {"x": 0.1, "y": 0.1, "w": 0.2}},
        {"surplus": 1},
        {"schema": 2},
    ],
    ids=str,
)
def test_an_event_with_a_fault_is_refused(fault):
    (example,) = asyncapi()["components"]["schemas"]["Event"]["examples"]
    with pytest.raises(ValidationError):
        check("events", example | fault)


def test_an_unknown_channel_is_refused_with_those_there_are():
    with pytest.raises(UsageError, match="availability, info"):
        json_schema("weather")


def test_the_description_comes_with_the_package_as_it_is_written():
    assert asyncapi_text().startswith("asyncapi: 3.0.0\n")
