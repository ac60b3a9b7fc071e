"""What one accepted connection was given, and what of it has no answer yet."""

import time

from device.events import event_message
from device.mqtt.client import Connection
from device.mqtt.payloads import encode
from device.mqtt.spool import Spool


class Session:
    """Keeps the window of a connection, and its place in the spool.

    Args:
        connection: the broker has accepted it.
        events_topic: where events go.
        window: most messages (QoS 1) without an answer at a time.
        replay_up_to: number of the last event that came up before the connection; those are marked ``replayed``.
    """

    def __init__(self, connection: Connection, events_topic: str, *, window: int, replay_up_to: int) -> None:
        self.connection = connection
        self._started_s = time.monotonic()
        self._events_topic = events_topic
        self._window = window
        self._replay_up_to = replay_up_to
        self._sent_up_to = 0
        self._in_flight: dict[int, int | None] = {}

    @property
    def age_s(self) -> float:
        """How long the connection has held, seconds."""
        return time.monotonic() - self._started_s

    @property
    def room(self) -> int:
        """How many more messages the window takes now."""
        return max(0, self._window - len(self._in_flight))

    @property
    def idle(self) -> bool:
        """Whether the broker has answered for everything."""
        return not self._in_flight

    def publish_retained(self, topic: str, payload: bytes) -> None:
        """Publish what the broker is to keep (QoS 1); a goodbye goes out even when there is no room."""
        self._in_flight[self.connection.publish(topic, payload, qos=1, retain=True)] = None

    def publish_once(self, topic: str, payload: bytes) -> None:
        """Publish what may be lost (QoS 0)."""
        self.connection.publish(topic, payload, qos=0, retain=False)

    def publish_events(self, spool: Spool) -> None:
        """Publish the next events, in order, as many as there is room for."""
        if not self.room or self._sent_up_to >= spool.last_seq:
            return
        for seq, description in spool.read(after_seq=self._sent_up_to, limit=self.room):
            payload = encode(event_message(description, seq=seq, replayed=seq <= self._replay_up_to))
            self._in_flight[self.connection.publish(self._events_topic, payload, qos=1, retain=False)] = seq
            self._sent_up_to = seq

    def settle(self, message_id: int) -> int | None:
        """Take note of an answer; the number of the event it was for, None for any other message."""
        return self._in_flight.pop(message_id, None)
