"""One connection to the broker, from the attempt to its end."""

import ssl
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from paho.mqtt.client import MQTT_LOG_ERR
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from device.mqtt.limits import NO_LIMIT, SMALL_BYTES, Limits
from device.mqtt.network import NetworkClient
from device.mqtt.payloads import OFFLINE
from device.mqtt.refusals import (
    NEVER_ACCEPTED,
    UNMET_LIMITS,
    explain_end,
    explain_failure,
    explain_oversized,
    explain_refusal,
)
from device.mqtt.settings import BrokerAddress, MqttSettings

_PROTOCOLS = {"3.1.1": MQTTProtocolVersion.MQTTv311, "5": MQTTProtocolVersion.MQTTv5}
_CONNECTING_S = 60.0
_TURN_S = 10.0
LARGE_BYTES = 262_144
"""More than the longest message that a daemon sends."""


@dataclass(frozen=True, slots=True)
class Login:
    """Who the device is to the broker, and how it knows the broker."""

    client_id: str
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    tls: ssl.SSLContext | None = None


@dataclass(frozen=True, slots=True)
class Connected:
    """The broker has let us in, and takes what ``limits`` say."""

    connection: "Connection"
    limits: Limits


@dataclass(frozen=True, slots=True)
class Disconnected:
    """The attempt has failed, or the connection has ended."""

    connection: "Connection"
    reason: str
    refused: bool = False
    """Whether it would be the same again until somebody mends it: a wrong password or certificate, say."""
    oversized_topic: str | None = None
    """Where a message came that was too long even to be passed over; empty where that is not known."""
    unmet: Limits | None = None
    """What the broker takes, where the last will was more than that."""


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """The broker has answered for a message; ``refusal`` says why it did not take it (MQTT 5 only)."""

    connection: "Connection"
    message_id: int
    refusal: str | None
    final: bool = False
    """Whether it would never take this very message, whatever is mended."""


@dataclass(frozen=True, slots=True)
class Received:
    """A message on a topic that was subscribed to; ``retained`` when it was published before and kept by the broker."""

    connection: "Connection"
    topic: str
    payload: bytes
    retained: bool


@dataclass(frozen=True, slots=True)
class Oversized:
    """A message came on a topic that was subscribed to, and was forgotten, as nobody can mean so much."""

    connection: "Connection"
    topic: str
    length: int


@dataclass(frozen=True, slots=True)
class Subscribed:
    """The broker has answered to a subscription; ``refusals`` says for a topic why it was refused."""

    connection: "Connection"
    refusals: dict[str, str] = field(default_factory=dict)


ConnectionEvent = Connected | Disconnected | Acknowledged | Received | Oversized | Subscribed


class Connection:
    """A paho client for one connection only.

    paho would reconnect by itself, and then send what it still holds as it was: events that have become late without
    their mark. So each connection has a client of its own, and what was not acknowledged comes from the spool again.

    ``notify`` is called from paho's thread and must not block. After a Disconnected more events may follow; they are to
    be ignored. However the thread ends, a Disconnected comes.

    Args:
        settings: how the broker is reached.
        login: who we are to it.
        address: where it is.
        will_topic: where the broker says ``offline`` for us; None for nowhere.
        notify: gets the events of the connection.
        limits: what the broker takes, as far as an attempt before has shown.
        largest_bytes: of a longer message only an Oversized comes; MQTT 5 brokers do not even send it.
    """

    def __init__(
        self,
        settings: MqttSettings,
        login: Login,
        address: BrokerAddress,
        will_topic: str | None,
        notify: Callable[[ConnectionEvent], None],
        *,
        limits: Limits | None = None,
        largest_bytes: int = SMALL_BYTES,
    ) -> None:
        limits = limits or Limits()
        self._settings = settings
        self.address = address
        """Where this broker is."""
        self._notify = notify
        self._closing = False
        self._accepted = False
        self._complaint = ""
        self._largest_bytes = largest_bytes
        self._asking = threading.Lock()
        self._asked: dict[int, tuple[str, ...]] = {}
        client = self._client = NetworkClient(
            largest_bytes=largest_bytes,
            on_unreachable=self._on_unreachable,
            on_fault=self._on_fault,
            on_ended=lambda: self._notify(Disconnected(self, "the connection has ended")),
            callback_api_version=CallbackAPIVersion.VERSION2,
            client_id=login.client_id,
            protocol=_PROTOCOLS[settings.protocol],
        )
        # The publisher keeps the window; a second one inside paho would only hide messages from it.
        client.max_inflight_messages_set(0)
        if will_topic:
            client.will_set(will_topic, OFFLINE, qos=min(1, limits.qos), retain=limits.retain)
        if login.username:
            client.username_pw_set(login.username, login.password)
        if login.tls:
            client.tls_set_context(login.tls)
        client.listen(
            on_connect=self._on_connect,
            on_disconnect=self._on_disconnect,
            on_publish=self._on_publish,
            on_subscribe=self._on_subscribe,
            on_message=self._on_message,
            on_log=self._on_log,
        )

    @property
    def stuck(self) -> bool:
        """Whether its thread shows no sign of life, in a name server say: it is to be given up."""
        patience_s = _CONNECTING_S if self._client.connecting else _TURN_S
        return time.monotonic() - self._client.turned_at_s > patience_s

    @property
    def alive(self) -> bool:
        """Whether its thread runs."""
        return not self._client.ended

    def open(self) -> None:
        """Begin the attempt; returns at once."""
        properties = None
        if self._settings.protocol == "5":
            properties = Properties(PacketTypes.CONNECT)
            properties.MaximumPacketSize = self._largest_bytes
        address = self.address
        self._client.connect_async(address.host, address.port, self._settings.keepalive_s, properties=properties)
        try:
            self._client.loop_start()
        except (OSError, RuntimeError) as error:
            # paho wakes its thread through the loopback device, which may not be up yet; descriptors and threads may be
            # used up.
            self._client.ended = True
            self._on_unreachable(error)

    def publish(self, topic: str, payload: bytes, *, qos: int, retain: bool, expiry_s: int | None = None) -> int:
        """Hand a message over; returns the id by which it will be acknowledged (QoS 0: once it is written).

        A message given to a connection that has just ended is lost with it, unacknowledged. ``expiry_s`` needs MQTT 5.
        """
        properties = None
        if expiry_s is not None:
            properties = Properties(PacketTypes.PUBLISH)
            properties.MessageExpiryInterval = expiry_s
        return int(self._client.publish(topic, payload, qos=qos, retain=retain, properties=properties).mid)

    def subscribe(self, topics: Sequence[str]) -> None:
        """Ask for what others say on ``topics`` (QoS 1); a Subscribed answers, and each message comes as a Received."""
        with self._asking:  # paho's thread may have the answer before we have the number
            _, number = self._client.subscribe([(topic, 1) for topic in topics])
            self._asked[number or 0] = tuple(topics)

    def unsubscribe(self, topics: Sequence[str]) -> None:
        """Ask for no more of it."""
        self._client.unsubscribe(list(topics))

    def close(self) -> None:
        """Ask for a clean end, at which the broker does not publish the last will; a Disconnected follows."""
        self._closing = True
        self._client.disconnect()

    def give_up(self) -> None:
        """Let go of a connection that is of no use any more, without a word to the broker; nothing follows."""
        self.release()
        self._client.give_up()

    def release(self) -> None:
        """Break the ring of references between paho and this, so that its sockets go now and not at some collection."""
        self._client.release()

    def _on_connect(self, client: Any, _userdata: Any, _flags: Any, reason: Any, properties: Any) -> None:
        if self._closing:
            client.disconnect()
        elif reason.is_failure:
            unmet = UNMET_LIMITS.get(reason.value)
            self._notify(Disconnected(self, *explain_refusal(reason), unmet=unmet))
        else:
            self._accepted = True
            self._notify(Connected(self, _limits_in(properties)))

    def _on_unreachable(self, error: Exception) -> None:
        self._notify(Disconnected(self, *explain_failure(error, self.address.host, tls=self._settings.tls)))

    def _on_fault(self, error: Exception) -> None:
        reason = f"the broker has sent what cannot be read, or there is a fault here: {error!r}"
        self._notify(Disconnected(self, reason))

    def _on_disconnect(self, _client: Any, _userdata: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        if oversized := self._client.oversized:
            explanation = explain_oversized(*oversized, self._largest_bytes)
            self._notify(Disconnected(self, *explanation, oversized_topic=oversized[0]))
        else:
            self._notify(Disconnected(self, *explain_end(str(reason), self._complaint, accepted=self._accepted)))

    def _on_log(self, _client: Any, _userdata: Any, level: int, text: str) -> None:
        # With TLS 1.3 a broker refuses our certificate after the handshake; paho tells only its log.
        if level == MQTT_LOG_ERR:
            self._complaint = text

    def _on_publish(self, _client: Any, _userdata: Any, message_id: int, reason: Any, _properties: Any) -> None:
        refusal = str(reason) if reason.is_failure else None
        self._notify(Acknowledged(self, message_id, refusal, final=reason.value in NEVER_ACCEPTED))

    def _on_subscribe(self, _client: Any, _userdata: Any, number: int, reasons: Any, _properties: Any) -> None:
        with self._asking:
            topics = self._asked.pop(number, ())
        answers = zip(topics, reasons, strict=False)
        self._notify(Subscribed(self, {topic: str(reason) for topic, reason in answers if reason.is_failure}))

    def _on_message(self, _client: Any, _userdata: Any, message: Any) -> None:
        try:
            topic = message.topic
        except UnicodeDecodeError:
            return  # none of ours
        length = self._client.passed_over_bytes
        if length is None:
            self._notify(Received(self, topic, message.payload, message.retain))
        else:
            self._notify(Oversized(self, topic, length))


def _limits_in(properties: Any) -> Limits:
    """What the properties of a CONNACK say; MQTT 3.1.1 has none."""
    return Limits(
        receive_maximum=getattr(properties, "ReceiveMaximum", NO_LIMIT),
        packet_bytes=getattr(properties, "MaximumPacketSize", None),
        qos=getattr(properties, "MaximumQoS", 1),
        retain=bool(getattr(properties, "RetainAvailable", 1)),
    )
