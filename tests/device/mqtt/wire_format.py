"""Holds messages against the description of the topics."""

import copy
import json
from typing import Any

from jsonschema import Draft7Validator, FormatChecker

from device.mqtt.schema import json_schema


def check(channel: str, message: Any) -> None:
    """Fail unless ``message`` is a message of ``channel`` and has no key that the description does not name."""
    schema = copy.deepcopy(json_schema(channel))
    _close(schema)
    Draft7Validator(schema, format_checker=FormatChecker()).validate(message)


def check_payload(channel: str, payload: bytes) -> None:
    """As ``check``, for the bytes that went over the wire."""
    text = payload.decode()
    check(channel, json.loads(text) if text.startswith("{") else text)


def check_message(topic: str, payload: bytes) -> None:
    """As ``check_payload``, for a message of the device ``hall`` wherever it went; an empty one takes another away."""
    if not payload:
        return
    channel = topic.removeprefix("affectd/hall/")
    if topic.startswith("homeassistant/"):
        channel = "discovery" if topic.startswith("homeassistant/device/") else "discoveryPart"
    check_payload(channel, payload)


def _close(node: Any) -> None:
    if isinstance(node, dict):
        if "properties" in node and "required" in node:
            node["additionalProperties"] = False
        for child in node.values():
            _close(child)
    elif isinstance(node, list):
        for child in node:
            _close(child)
