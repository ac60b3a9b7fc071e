"""Entities as Home Assistant's discovery describes them, and those of the summary."""

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

from device.mqtt.topics import Topics
from device.records import UNCERTAIN
from device.redact import redact

_SECONDS = {"device_class": "duration", "unit_of_measurement": "s", "suggested_display_precision": 0}


def sensor(topic: str, name: str, expression: str, icon: str, **more: Any) -> dict[str, Any]:
    """One that shows what ``expression`` makes of the messages on ``topic``."""
    return {
        "platform": "sensor",
        "name": name,
        "state_topic": topic,
        "value_template": f"{{{{ {expression} }}}}",
        "icon": icon,
        **more,
    }


def binary_sensor(topic: str, name: str, condition: str, **more: Any) -> dict[str, Any]:
    """One that is on while ``condition`` holds for the latest message on ``topic``."""
    return {
        "platform": "binary_sensor",
        "name": name,
        "state_topic": topic,
        "value_template": f"{{{{ 'ON' if {condition} else 'OFF' }}}}",
        **more,
    }


def summary_sensors(topics: Topics, labels: Sequence[str]) -> dict[str, dict[str, Any]]:
    """The day and the last full hour, fit for Home Assistant's long-term statistics.

    The visits of a day are a total with a start: after a power cut, or when the counts are deleted, they may be fewer
    than before, and statistics must not take that for another day. Where nothing is known the value is none.
    """
    found: dict[str, dict[str, Any]] = {
        "visits_today": sensor(
            topics.summary,
            "Visits today",
            "value_json.today.visits",
            "mdi:walk",
            state_class="total",
            last_reset_value_template="{{ value_json.today.start }}",
            unit_of_measurement="visits",
        ),
        "visits_last_hour": sensor(
            topics.summary,
            "Visits last hour",
            "value_json.last_hour.visits if value_json.last_hour.watched_s else none",
            "mdi:walk",
            state_class="measurement",
            unit_of_measurement="visits",
        ),
    }
    for part, told in (("today", "today"), ("last_hour", "last hour")):
        for kind in ("mean", "median"):
            found[f"{kind}_stay_{part}"] = sensor(
                topics.summary,
                f"{kind.capitalize()} stay {told}",
                f"value_json.{part}.dwell_s.{kind} if value_json.{part}.dwell_s else none",
                "mdi:timer-outline",
                state_class="measurement",
                **_SECONDS,
            )
    for key, label in _keys([*labels, UNCERTAIN]):
        share = f"(value_json.today.emotions.get({json.dumps(redact(label))}, 0) * 100) | round(1)"
        found[f"share_{key}"] = sensor(
            topics.summary,
            f"{redact(label).capitalize()} today",
            f"{share} if value_json.today.emotions else none",
            "mdi:emoticon-outline",
            state_class="measurement",
            unit_of_measurement="%",
            suggested_display_precision=0,
        )
    return found


def _keys(labels: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Each label once, with what can stand for it in a topic."""
    taken: set[str] = set()
    for number, label in enumerate(dict.fromkeys(labels)):
        key = re.sub(r"[^a-z0-9]+", "_", label.lower()).strip("_")
        if not key or key in taken:
            key = f"{key}_{number}".lstrip("_")
        taken.add(key)
        yield key, label
