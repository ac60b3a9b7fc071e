"""What the documentation shows is what the device says."""

import json
import re
from pathlib import Path

from device.mqtt.schema import asyncapi
from tests.device.mqtt.wire_format import check

TEXT = (Path(__file__).parents[1] / "docs" / "mqtt.md").read_text(encoding="utf-8")


def test_the_event_shown_is_one():
    (example,) = re.findall(r"```json\n(.*?)```", TEXT, re.DOTALL)
    check("events", json.loads(example))


def test_the_table_names_every_topic_that_the_device_sends_or_is_turned_by():
    named = set(re.findall(r"^\| `([^`]+)`", TEXT, re.MULTILINE))
    replacements = {
        "{base}": "<base>",
        "{device}": "<device>",
        "{prefix}": "homeassistant",
        "{id}": "<base>_<device>",
    } | {
        "{platform}": "<platform>",
        "{key}": "<key>",
    }
    described = {channel["address"] for channel in asyncapi()["channels"].values()} - {"{prefix}/status"}
    for found, shown in replacements.items():
        described = {address.replace(found, shown) for address in described}
    assert named == described
