"""One connection to the broker, from the attempt to its end."""

import ssl
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from paho.mqtt import client as paho
from paho.mqtt.client import MQTT_LOG_ERR
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from device.mqtt.payloads import OFFLINE
from device.mqtt.refusals import NEVER_ACCEPTED, explain_end, explain_failure, explain_refusal
from device.mqtt.settings import MqttSettings

_PROTOCOLS = {"3.1.1": MQTTProtocolVersion.MQTTv311, "5": MQTTProtocolVersion.MQTTv5}
_NO_LIMIT = 65_535


@dataclass(frozen=True, slots=True)
class Login:
    """Who the device is to the broker, and how it knows the broker."""

    client_id: str
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    tls: ssl.SSLContext | None = None


@dataclass(frozen=True, slots=True)
class Connected:
    """The broker has let us in; it takes ``receive_maximum`` unacknowledged messages at a time."""

    connection: "Connection"
    receive_maximum: int


@dataclass(frozen=True, slots=True)
class Disconnected:
    """The attempt has failed, or the connection has ended."""

    connection: "Connection"
    reason: str
    refused: bool = False
    """Whether it would be the same again until somebody mends it: a wrong password or certificate, say."""


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """The broker has answered for a message; ``refusal`` says why it did not take it (MQTT 5 only)."""

    connection: "Connection"
    message_id: int
    refusal: str | None
    final: bool = False
    """Whether it would never take this very message, whatever is mended."""


@dataclass(frozen=True, slots=True)
class Heard:
    """A message on a topic that was subscribed to; ``retained`` when it was said before and kept by the broker."""

    connection: "Connection"
    topic: str
    payload: bytes
    retained: bool


@dataclass(frozen=True, slots=True)
class Subscribed:
    """The broker has answered to a subscription; ``refusal`` says why it does not let us hear."""

    connection: "Connection"
    refusal: str | None


News = Connected | Disconnected | Acknowledged | Heard | Subscribed


class Connection:
    """A paho client for one connection only.

    paho would reconnect by itself, and then send what it still holds as it was: events that have become late without
    their mark. So each connection has a client of its own, and what was not acknowledged comes from the spool again.

    ``tell`` is called from paho's thread and must not block. After a Disconnected more news may follow; it is to be
    ignored.
    """

    def __init__(
        self, settings: MqttSettings, login: Login, will_topic: str | None, tell: Callable[[News], None]
    ) -> None:
        self._settings = settings
        self._tell = tell
        self._closing = False
        self._accepted = False
        self._complaint = ""
        client = self._client = paho.Client(
            CallbackAPIVersion.VERSION2,
            client_id=login.client_id,
            protocol=_PROTOCOLS[settings.protocol],
            reconnect_on_failure=False,
        )
        # The publisher keeps the window; a second one inside paho would only hide messages from it.
        client.max_inflight_messages_set(0)
        if will_topic:
            client.will_set(will_topic, OFFLINE, qos=1, retain=True)
        if login.username:
            client.username_pw_set(login.username, login.password)
        if login.tls:
            client.tls_set_context(login.tls)
        client.on_connect = self._on_connect
        client.on_connect_fail = self._on_connect_fail
        client.on_disconnect = self._on_disconnect
        client.on_publish = self._on_publish
        client.on_subscribe = self._on_subscribe
        client.on_message = self._on_message
        client.on_log = self._on_log

    def open(self) -> None:
        """Begin the attempt; returns at once."""
        self._client.connect_async(self._settings.host, self._settings.port, self._settings.keepalive_s)
        self._client.loop_start()

    def publish(self, topic: str, payload: bytes, *, qos: int, retain: bool, expiry_s: int | None = None) -> int:
        """Hand a message over; returns the id by which it will be acknowledged (QoS 1).

        A message given to a connection that has just ended is lost with it, unacknowledged. ``expiry_s`` needs MQTT 5.
        """
        properties = None
        if expiry_s is not None:
            properties = Properties(PacketTypes.PUBLISH)
            properties.MessageExpiryInterval = expiry_s
        return int(self._client.publish(topic, payload, qos=qos, retain=retain, properties=properties).mid)

    def subscribe(self, topics: Sequence[str]) -> None:
        """Ask for what others say on ``topics`` (QoS 1); a Subscribed answers, and each message comes as a Heard."""
        self._client.subscribe([(topic, 1) for topic in topics])

    def close(self) -> None:
        """Ask for a clean end, at which the broker does not publish the last will; a Disconnected follows."""
        self._closing = True
        self._client.disconnect()

    def release(self) -> None:
        """Break the ring of references between paho and this, so that its sockets go now and not at some collection."""
        client = self._client
        client.on_connect = client.on_connect_fail = client.on_disconnect = client.on_publish = None
        client.on_subscribe = client.on_message = client.on_log = None

    def _on_connect(self, client: Any, _userdata: Any, _flags: Any, reason: Any, properties: Any) -> None:
        if self._closing:
            client.disconnect()
        elif reason.is_failure:
            self._tell(Disconnected(self, *explain_refusal(reason)))
        else:
            self._accepted = True
            self._tell(Connected(self, getattr(properties, "ReceiveMaximum", _NO_LIMIT)))

    def _on_connect_fail(self, client: Any, _userdata: Any) -> None:
        # paho calls this while it handles the exception, and does not pass it on.
        error = sys.exc_info()[1]
        client.disconnect()  # else paho waits a second before it ends its thread
        self._tell(Disconnected(self, *explain_failure(error, self._settings.host, tls=self._settings.tls)))

    def _on_disconnect(self, _client: Any, _userdata: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        self._tell(Disconnected(self, *explain_end(str(reason), self._complaint, accepted=self._accepted)))

    def _on_log(self, _client: Any, _userdata: Any, level: int, text: str) -> None:
        # With TLS 1.3 a broker refuses our certificate after the handshake; paho tells only its log.
        if level == MQTT_LOG_ERR:
            self._complaint = text

    def _on_publish(self, _client: Any, _userdata: Any, message_id: int, reason: Any, _properties: Any) -> None:
        refusal = str(reason) if reason.is_failure else None
        self._tell(Acknowledged(self, message_id, refusal, final=reason.value in NEVER_ACCEPTED))

    def _on_subscribe(self, _client: Any, _userdata: Any, _message_id: int, reasons: Any, _properties: Any) -> None:
        refusals = [str(reason) for reason in reasons if reason.is_failure]
        self._tell(Subscribed(self, ", ".join(refusals) or None))

    def _on_message(self, _client: Any, _userdata: Any, message: Any) -> None:
        self._tell(Heard(self, message.topic, message.payload, message.retain))
