"""Whether the broker takes what the daemon would say, and gives it back."""

import json
import time
import uuid
from dataclasses import dataclass

from device.errors import UnavailableError
from device.mqtt.settings import MqttSettings
from device.mqtt.topics import Topics
from device.mqtt.visitor import Visitor

_ECHO_TIMEOUT_S = 10.0
_RETAINED_TIMEOUT_S = 1.0


@dataclass(frozen=True, slots=True)
class Checkup:
    """What a visit to the broker has shown.

    Attributes:
        round_trip_s: from publishing our own message to hearing it, seconds.
        daemon_online: whether the device's daemon is connected.
        source: what the daemon says of its camera while it is online: ``ok``, ``paused`` or ``lost``; else None.
    """

    round_trip_s: float
    daemon_online: bool
    source: str | None


def check_broker(settings: MqttSettings, topics: Topics) -> Checkup:
    """Connect, publish and receive our own message.

    Raises:
        ConfigError: the login cannot be put together.
        UnavailableError: one of the steps fails; the reason says which.
    """
    with Visitor(settings, "doctor") as visitor:
        visitor.subscribe(topics.doctor, topics.availability, topics.state)
        token = uuid.uuid4().hex.encode()
        begun_s = time.monotonic()
        visitor.publish(topics.doctor, token)
        heard: dict[str, bytes] = {}
        round_trip_s: float | None = None
        until_s = begun_s + _ECHO_TIMEOUT_S
        # Until a moment, not for as long as somebody goes on talking.
        while message := visitor.hear(until_s - time.monotonic()):
            if message.topic == topics.doctor:
                if message.payload == token and round_trip_s is None:
                    round_trip_s = time.monotonic() - begun_s
                    until_s = time.monotonic() + _RETAINED_TIMEOUT_S
            elif message.retained:
                heard[message.topic] = message.payload
            if round_trip_s is not None and len(heard) == 2:
                break
    if round_trip_s is None:
        raise UnavailableError(
            f"the broker takes a message on {topics.doctor} and does not give it back",
            f"allow this user to read and write {topics.base}/{topics.device}/#",
        )
    online = heard.get(topics.availability) == b"online"
    return Checkup(round_trip_s, online, _source(heard.get(topics.state, b"")) if online else None)


def _source(state: bytes) -> str | None:
    try:
        return str(json.loads(state)["source"])
    except (ValueError, KeyError, TypeError):
        return None
