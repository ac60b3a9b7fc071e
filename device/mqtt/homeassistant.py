"""How Home Assistant finds the device by itself: one discovery message that describes all its entities.

The format is Home Assistant's "MQTT device discovery"; https://www.home-assistant.io/integrations/mqtt/.
"""

import re
from dataclasses import dataclass
from typing import Any, get_args

from pydantic import Field

from device.mqtt.entities import binary_sensor, sensor, summary_sensors
from device.mqtt.limits import SMALL_BYTES, Limits, packet_bytes
from device.mqtt.payloads import OFFLINE, ONLINE, SWITCH_OFF, SWITCH_ON, DeviceInfo, encode
from device.mqtt.topics import DEFAULT_BASE, Topics
from device.mqtt.tunables import TUNABLES, Tunable
from device.records import EVENT_TYPES, NO_EMOTION, UNCERTAIN, SourceState
from device.redact import redact
from device.section import Section

_QOS = 1
_DIAGNOSTIC = "diagnostic"
_CONFIG = "config"
_LONGEST_STATE = 255
_FIRST_READ = "value_json.faces | selectattr('emotion') | map(attribute='confidence') | list"
# Home Assistant takes no null for a version. Of a device that has gone the message is empty.
_VERSIONS = (
    "{{ dict({'installed_version': value_json.version}, **({'latest_version': value_json.newest_version} "
    "if value_json.newest_version else {})) | to_json if value_json is defined else '' }}"
)
# What came late out of the spool renders to nothing, which Home Assistant passes over.
_LIVE_EVENT = "{{ '' if value_json.replayed else dict(value_json, event_type=value_json.type) | to_json }}"


class HomeAssistantSettings(Section):
    """The section ``mqtt.homeassistant``.

    Attributes:
        enabled: true lets Home Assistant find this device.
        discovery_prefix: the prefix in Home Assistant's MQTT options.
    """

    enabled: bool = True
    discovery_prefix: str = Field("homeassistant", pattern=r"^[a-zA-Z0-9_-]+(/[a-zA-Z0-9_-]+)*$")

    @property
    def status_topic(self) -> str:
        """Where Home Assistant says ``online`` when it has started, and wants every device described again."""
        return f"{self.discovery_prefix}/status"


@dataclass(frozen=True, slots=True)
class Discovery:
    """Retained messages and where they go: one for the whole device, or one for each entity where that is too long."""

    topic: str
    payload: bytes
    parts: dict[str, bytes]

    @classmethod
    def of(cls, settings: HomeAssistantSettings, topics: Topics, info: DeviceInfo) -> "Discovery":
        """The messages of the device that speaks on ``topics`` and is as ``info`` says."""
        message = discovery_message(topics, info)
        common = {key: value for key, value in message.items() if key != "components"}
        parts = {
            _component_topic(settings, topics, component["platform"], key): encode(
                common | {name: value for name, value in component.items() if name != "platform"}
            )
            for key, component in message["components"].items()
        }
        return cls(discovery_topic(settings, topics), encode(message), parts)

    def messages(self, limits: Limits) -> dict[str, bytes]:
        """By topic, what a broker with ``limits`` takes, and this device itself."""
        is_short = packet_bytes(self.topic, self.payload) <= SMALL_BYTES
        return {self.topic: self.payload} if is_short and limits.admit(self.topic, self.payload) else self.parts


def _component_topic(settings: HomeAssistantSettings, topics: Topics, platform: str, key: str) -> str:
    return f"{settings.discovery_prefix}/{platform}/{unique_id(topics)}/{key}/config"


def discovery_topic(settings: HomeAssistantSettings, topics: Topics) -> str:
    """Where the device's discovery message is kept."""
    return f"{settings.discovery_prefix}/device/{unique_id(topics)}/config"


def discovery_topics(settings: HomeAssistantSettings, topics: Topics) -> list[str]:
    """Where something of the device is kept: the whole message, or those parts that every model has."""
    nobody = Discovery.of(settings, topics, DeviceInfo("", "", "", (), ""))
    return [nobody.topic, *nobody.parts]


def parts_pattern(settings: HomeAssistantSettings, topics: Topics) -> str:
    """What to subscribe to for every part of the device that is kept."""
    return f"{settings.discovery_prefix}/+/{unique_id(topics)}/+/config"


def unique_id(topics: Topics) -> str:
    """What tells the device from all others on the broker, also from one of its name under another base topic."""
    # The first _ without a - before it separates the two, so that no other pair of names gives the same.
    # -s stands for a slash, which Home Assistant allows in no such name.
    base = re.sub(r"[-_]", r"-\g<0>", topics.base).replace("/", "-s")
    return f"{base}_{topics.device}"


def discovery_message(topics: Topics, info: DeviceInfo) -> dict[str, Any]:
    """The JSON object of the discovery message."""
    identity = unique_id(topics)
    described = (
        _sensors(topics, info)
        | {"event": _event(topics), "camera": _switch(topics), "update": _update(topics)}
        | {tunable.key: _number(topics, tunable) for tunable in TUNABLES}
    )
    if info.counts:
        described |= summary_sensors(topics, info.labels)
    return {
        "device": {
            "identifiers": [identity],
            "name": info.name or topics.device,
            "manufacturer": "affectd",
            "model": "Emotion sensor",
            "model_id": redact(f"{info.model_name} {info.model_version}"),
            "sw_version": info.version,
            **({"configuration_url": info.page_url} if info.page_url else {}),
        },
        "origin": {"name": "affectd", "sw_version": info.version},
        "availability_topic": topics.availability,
        "payload_available": ONLINE.decode(),
        "payload_not_available": OFFLINE.decode(),
        "components": {
            key: component
            | {
                "unique_id": f"{identity}_{key}",
                "default_entity_id": f"{component['platform']}.{_entity_prefix(topics)}_{key}",
                "qos": _QOS,
            }
            for key, component in described.items()
        },
    }


def _entity_prefix(topics: Topics) -> str:
    name = topics.device if topics.base == DEFAULT_BASE else f"{topics.base}_{topics.device}"
    return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_") or "affectd"


def _sensors(topics: Topics, info: DeviceInfo) -> dict[str, dict[str, Any]]:
    emotions = list(dict.fromkeys((*info.labels, UNCERTAIN, NO_EMOTION)))
    return {
        "emotion": sensor(
            topics.state,
            "Emotion",
            "value_json.dominant_emotion",
            "mdi:emoticon",
            device_class="enum",
            options=emotions,
        ),
        "confidence": sensor(
            topics.state,
            "Confidence",
            f"({_FIRST_READ} | first * 100) | round(0) | int if {_FIRST_READ} else none",
            "mdi:percent",
            unit_of_measurement="%",
            state_class="measurement",
            suggested_display_precision=0,
        ),
        "faces": sensor(
            topics.state, "Faces in view", "value_json.face_count", "mdi:account-group", state_class="measurement"
        ),
        "occupancy": binary_sensor(topics.state, "Occupancy", "value_json.occupied", device_class="occupancy"),
        "problem": binary_sensor(
            topics.state,
            "Camera problem",
            "value_json.source == 'lost'",
            device_class="problem",
            entity_category=_DIAGNOSTIC,
        ),
        "source": sensor(
            topics.state,
            "Camera state",
            "value_json.source",
            "mdi:cctv",
            device_class="enum",
            options=list(get_args(SourceState)),
            entity_category=_DIAGNOSTIC,
        ),
    } | _diagnostics(topics)


def _diagnostics(topics: Topics) -> dict[str, dict[str, Any]]:
    common = {"entity_category": _DIAGNOSTIC}
    measured = common | {"state_class": "measurement"}
    return {
        "fps": sensor(
            topics.stats,
            "Frames per second",
            "value_json.fps",
            "mdi:speedometer",
            unit_of_measurement="fps",
            suggested_display_precision=1,
            **measured,
        ),
        "temperature": sensor(
            topics.stats,
            "Processor temperature",
            "value_json.temperature_c",
            "mdi:thermometer",
            device_class="temperature",
            unit_of_measurement="°C",
            suggested_display_precision=0,
            **measured,
        ),
        "queue": sensor(topics.stats, "Events waiting", "value_json.queue", "mdi:tray-full", **measured),
        "last_error": sensor(
            topics.stats,
            "Last error",
            f"value_json.last_error[:{_LONGEST_STATE}] if value_json.last_error else none",
            "mdi:alert-circle-outline",
            **common,
        ),
    }


def _event(topics: Topics) -> dict[str, Any]:
    return {
        "platform": "event",
        "name": "Event",
        "state_topic": topics.events,
        "event_types": list(EVENT_TYPES),
        "value_template": _LIVE_EVENT,
        "icon": "mdi:emoticon-outline",
    }


def _update(topics: Topics) -> dict[str, Any]:
    """Tells of a newer version; without a command topic Home Assistant offers to install nothing."""
    return {
        "platform": "update",
        "name": "Software",
        "state_topic": topics.info,
        "value_template": _VERSIONS,
        "title": "affectd",
        "entity_category": _DIAGNOSTIC,
    }


def _number(topics: Topics, tunable: Tunable) -> dict[str, Any]:
    unit = {"unit_of_measurement": tunable.unit, "device_class": "duration"} if tunable.unit else {}
    return {
        "platform": "number",
        "name": tunable.name,
        "state_topic": topics.tuning,
        "value_template": f"{{{{ value_json.{tunable.key} }}}}",
        "command_topic": topics.tuning_set,
        "command_template": f'{{"{tunable.key}": {{{{ value }}}}}}',
        "min": tunable.low,
        "max": tunable.high,
        "step": tunable.step,
        "mode": "box",
        "retain": False,
        "entity_category": _CONFIG,
        "icon": tunable.icon,
        **unit,
    }


def _switch(topics: Topics) -> dict[str, Any]:
    """Lit while the camera is open: the privacy switch the other way round."""
    open_, closed = SWITCH_OFF.decode(), SWITCH_ON.decode()
    return {
        "platform": "switch",
        "name": "Camera",
        "state_topic": topics.pause,
        "command_topic": topics.pause_set,
        "payload_on": open_,
        "payload_off": closed,
        "state_on": open_,
        "state_off": closed,
        "retain": False,
        "icon": "mdi:cctv",
    }
