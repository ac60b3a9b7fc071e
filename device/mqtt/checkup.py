"""Whether the broker takes what the daemon would say, and gives it back."""

import json
import time
import uuid
from dataclasses import dataclass

from device.errors import UnavailableError
from device.mqtt.homeassistant import Discovery
from device.mqtt.settings import MqttSettings
from device.mqtt.topics import Topics
from device.mqtt.visitor import Visitor

_ECHO_TIMEOUT_S = 10.0
_RETAINED_TIMEOUT_S = 1.0
_LONG_TIMEOUT_S = 3.0


@dataclass(frozen=True, slots=True)
class Checkup:
    """What a visit to the broker has shown.

    Attributes:
        round_trip_s: from publishing our own message to hearing it, seconds.
        daemon_online: whether the device's daemon is connected.
        source: what the daemon says of its camera while it is online, as the topic ``state`` has it; else None.
        missing: where the daemon publishes what the broker is to keep, and the broker has nothing.
        refused_bytes: the length of Home Assistant's description where that is more than the broker takes.
    """

    round_trip_s: float
    daemon_online: bool
    source: str | None
    missing: tuple[str, ...] = ()
    refused_bytes: int | None = None


def check_broker(settings: MqttSettings, topics: Topics, discovery: Discovery | None = None) -> Checkup:
    """Connect, publish and receive our own message.

    Args:
        settings: the section ``mqtt``.
        topics: the device's.
        discovery: about what the daemon tells Home Assistant; None where it tells nothing.

    Raises:
        ConfigError: the login cannot be put together.
        UnavailableError: one of the steps fails; the reason says which.
    """
    with Visitor(settings, "doctor") as visitor:
        visitor.subscribe(topics.doctor, topics.availability, topics.state)
        described = [discovery.topic, *discovery.parts] if discovery else []
        visitor.subscribe(topics.info, topics.pause, *described, may_be_refused=True)
        round_trip_s, heard = _hear_ourselves(visitor, topics, uuid.uuid4().hex.encode(), _ECHO_TIMEOUT_S)
        refused_bytes = _refused_bytes(visitor, topics, discovery)
    if round_trip_s is None:
        raise UnavailableError(
            f"the broker takes a message on {topics.doctor} and does not give it back",
            f"allow this user to read and write {topics.base}/{topics.device}/#",
        )
    if heard.get(topics.availability) != b"online":
        return Checkup(round_trip_s, daemon_online=False, source=None, refused_bytes=refused_bytes)
    missing = [topic for topic in (topics.info, topics.state, topics.pause) if topic not in heard]
    if discovery and not heard.keys() & set(described):
        missing.append(discovery.topic)
    return Checkup(
        round_trip_s,
        daemon_online=True,
        source=_source(heard.get(topics.state, b"")),
        missing=tuple(missing),
        refused_bytes=refused_bytes,
    )


def _hear_ourselves(
    visitor: Visitor, topics: Topics, token: bytes, timeout_s: float
) -> tuple[float | None, dict[str, bytes]]:
    """How long our own message took, None where it did not come; and what the broker had kept, by topic."""
    begun_s = time.monotonic()
    visitor.publish(topics.doctor, token)
    heard: dict[str, bytes] = {}
    round_trip_s: float | None = None
    until_s = begun_s + timeout_s
    # Until a moment, not for as long as somebody goes on talking.
    while message := visitor.receive(until_s - time.monotonic()):
        if message.topic == topics.doctor:
            if message.payload == token and round_trip_s is None:
                round_trip_s = time.monotonic() - begun_s
                until_s = time.monotonic() + _RETAINED_TIMEOUT_S
        elif message.retained:
            heard[message.topic] = message.payload
    return round_trip_s, heard


def _refused_bytes(visitor: Visitor, topics: Topics, discovery: Discovery | None) -> int | None:
    """The length of the description where the broker does not take one so long."""
    if discovery is None:
        return None
    length = len(discovery.payload)
    token = uuid.uuid4().hex.encode().ljust(length, b".")
    if not visitor.limits.admit(topics.doctor, token):
        return length
    try:
        round_trip_s, _ = _hear_ourselves(visitor, topics, token, _LONG_TIMEOUT_S)
    except UnavailableError:  # this is how a broker refuses that speaks MQTT 3.1.1
        return length
    return length if round_trip_s is None else None


def _source(state: bytes) -> str | None:
    try:
        return str(json.loads(state)["source"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
