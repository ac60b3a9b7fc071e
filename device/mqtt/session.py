"""What one accepted connection was given, and what of it has no answer yet."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from device.mqtt.client import Connection
from device.mqtt.limits import Limits, packet_bytes
from device.mqtt.pace import Pace
from device.records import Event
from device.spool.spool import Spool

_LOOK_BACK_S = 1.0


@dataclass(frozen=True, slots=True)
class Sent:
    """A message that the broker owes an answer for.

    Attributes:
        since_s: when it was sent, monotonic seconds.
        topic: where.
        length: of its packet, bytes.
        seq: the number of the event that it is, None for any other.
    """

    since_s: float
    topic: str
    length: int
    seq: int | None = None


class Session:
    """Keeps the window of a connection, and its place in the spool.

    Args:
        connection: the broker has accepted it.
        events_topic: where events go.
        limits: what the broker takes.
        window: most messages (QoS 1) without an answer at a time.
        replay_up_to: number of the last event that came up before the connection; those are marked ``replayed``.
        drain_per_s: most replayed events in a second.
        event_expiry_s: how long the broker may keep an event for who is away (MQTT 5); None for ever.
        on_too_long: told of each message that is not sent, as the broker takes none so long: topic and bytes.
    """

    def __init__(
        self,
        connection: Connection,
        events_topic: str,
        *,
        limits: Limits,
        window: int,
        replay_up_to: int,
        drain_per_s: float,
        event_expiry_s: int | None = None,
        on_too_long: Callable[[str, int], object] = lambda _topic, _length: None,
    ) -> None:
        self.connection = connection
        self.limits = limits
        self._started_s = time.monotonic()
        self._events_topic = events_topic
        self._window = min(window, limits.receive_maximum)
        self._on_too_long = on_too_long
        self._replay_up_to = replay_up_to
        self._pace = Pace(drain_per_s)
        self._event_expiry_s = event_expiry_s
        self._events_due_s = 0.0
        self._sent_up_to = 0
        self._left_behind: int | None = None
        self._look_back_at_s = 0.0
        self._in_flight: dict[int, Sent] = {}

    @property
    def age_s(self) -> float:
        """How long the connection has held, seconds."""
        return time.monotonic() - self._started_s

    @property
    def unanswered_s(self) -> float:
        """How long the broker has owed an answer, seconds; 0 when it owes none."""
        oldest = next(iter(self._in_flight.values()), None)
        return time.monotonic() - oldest.since_s if oldest else 0.0

    @property
    def unanswered(self) -> list[tuple[str, int]]:
        """Topic and packet's length of each message that the broker owes an answer for."""
        return [(sent.topic, sent.length) for sent in self._in_flight.values()]

    @property
    def room(self) -> int:
        """How many more messages the window takes now."""
        return max(0, self._window - len(self._in_flight))

    @property
    def idle(self) -> bool:
        """Whether the broker has answered for everything."""
        return not self._in_flight

    @property
    def events_due_s(self) -> float:
        """Before when ``publish_events`` does nothing, monotonic seconds; 0 where it need not wait."""
        return self._events_due_s or (self._look_back_at_s if self._left_behind is not None else 0.0)

    def publish_retained(self, topic: str, payload: bytes) -> None:
        """Publish what the broker is to keep (QoS 1); a goodbye goes out even when there is no room."""
        if not self.limits.admit(topic, payload):
            self._on_too_long(topic, packet_bytes(topic, payload))
            return
        number = self.connection.publish(topic, payload, qos=self.limits.qos, retain=self.limits.retain)
        self._note(number, topic, payload)

    def publish_once(self, topic: str, payload: bytes) -> None:
        """Publish what may be lost on its way (QoS 0); the broker keeps the last, for whoever comes later."""
        if not self.limits.admit(topic, payload):
            self._on_too_long(topic, packet_bytes(topic, payload))
            return
        self.connection.publish(topic, payload, qos=0, retain=self.limits.retain)

    def publish_events(self, spool: Spool) -> list[int]:
        """Publish the next events, in order, as many as there is room for and the pace of late ones allows.

        Returns the numbers of those that this broker will never take, as they are too long.
        """
        if not self.room or time.monotonic() < self._events_due_s:
            return []
        self._events_due_s = 0.0
        self._look_back()
        if self._sent_up_to >= spool.last_seq:
            return []
        in_flight = {sent.seq for sent in self._in_flight.values()}
        begun_after = self._sent_up_to
        events = spool.read(after_seq=begun_after, limit=self.room)
        if spool.incomplete:
            self._left_behind = min(begun_after, self._left_behind or begun_after)
            self._look_back_at_s = time.monotonic() + _LOOK_BACK_S
        hopeless = []
        for event in events:
            if event.seq not in in_flight:
                replayed = event.seq <= max(self._replay_up_to, spool.late_up_to)
                if replayed and not self._pace.take():
                    self._events_due_s = self._pace.ready_at_s
                    break
                if not self._publish_event(replace(event, replayed=replayed)):
                    hopeless.append(event.seq)
            self._sent_up_to = event.seq
        return hopeless

    def hold_events(self, from_seq: int, for_s: float) -> None:
        """Send the events from ``from_seq`` on again, after a while."""
        self._sent_up_to = min(self._sent_up_to, from_seq - 1)
        self._events_due_s = time.monotonic() + for_s

    def settle(self, message_id: int) -> Sent | None:
        """Take note of an answer; the message that it was for."""
        return self._in_flight.pop(message_id, None)

    def _look_back(self) -> None:
        """Go back to what lay on a disk that could not be read; what has gone out meanwhile is not in the way."""
        if self._left_behind is not None and time.monotonic() >= self._look_back_at_s:
            self._sent_up_to, self._left_behind = self._left_behind, None

    def _publish_event(self, event: Event) -> bool:
        topic, payload = self._events_topic, event.to_json()
        # A guess is no reason to give an event up.
        if not self.limits.is_guess and not self.limits.admit(topic, payload):
            self._on_too_long(topic, packet_bytes(topic, payload))
            return False
        number = self.connection.publish(
            topic, payload, qos=self.limits.qos, retain=False, expiry_s=self._event_expiry_s
        )
        self._note(number, topic, payload, event.seq)
        return True

    def _note(self, message_id: int, topic: str, payload: bytes, seq: int | None = None) -> None:
        self._in_flight[message_id] = Sent(time.monotonic(), topic, packet_bytes(topic, payload), seq)
