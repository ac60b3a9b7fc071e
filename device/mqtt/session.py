"""What one accepted connection was given, and what of it has no answer yet."""

import time
from dataclasses import replace

from device.mqtt.client import Connection
from device.mqtt.pace import Pace
from device.records import Event
from device.spool.spool import Spool

_LOOK_BACK_S = 1.0


class Session:
    """Keeps the window of a connection, and its place in the spool.

    Args:
        connection: the broker has accepted it.
        events_topic: where events go.
        window: most messages (QoS 1) without an answer at a time.
        replay_up_to: number of the last event that came up before the connection; those are marked ``replayed``.
        drain_per_s: most replayed events in a second.
        event_expiry_s: how long the broker may keep an event for who is away (MQTT 5); None for ever.
    """

    def __init__(
        self,
        connection: Connection,
        events_topic: str,
        *,
        window: int,
        replay_up_to: int,
        drain_per_s: float,
        event_expiry_s: int | None = None,
    ) -> None:
        self.connection = connection
        self._started_s = time.monotonic()
        self._events_topic = events_topic
        self._window = window
        self._replay_up_to = replay_up_to
        self._pace = Pace(drain_per_s)
        self._event_expiry_s = event_expiry_s
        self._events_due_s = 0.0
        self._sent_up_to = 0
        self._left_behind: int | None = None
        self._look_back_at_s = 0.0
        self._in_flight: dict[int, tuple[float, int | None]] = {}

    @property
    def age_s(self) -> float:
        """How long the connection has held, seconds."""
        return time.monotonic() - self._started_s

    @property
    def unanswered_s(self) -> float:
        """How long the broker has owed an answer, seconds; 0 when it owes none."""
        oldest = next(iter(self._in_flight.values()), None)
        return time.monotonic() - oldest[0] if oldest else 0.0

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
        self._note(self.connection.publish(topic, payload, qos=1, retain=True), None)

    def publish_once(self, topic: str, payload: bytes) -> None:
        """Publish what may be lost (QoS 0)."""
        self.connection.publish(topic, payload, qos=0, retain=False)

    def publish_events(self, spool: Spool) -> None:
        """Publish the next events, in order, as many as there is room for and the pace of late ones allows."""
        if not self.room or time.monotonic() < self._events_due_s:
            return
        self._events_due_s = 0.0
        self._look_back()
        if self._sent_up_to >= spool.last_seq:
            return
        in_flight = {seq for _, seq in self._in_flight.values()}
        begun_after = self._sent_up_to
        events = spool.read(after_seq=begun_after, limit=self.room)
        if spool.incomplete:
            self._left_behind = min(begun_after, self._left_behind or begun_after)
            self._look_back_at_s = time.monotonic() + _LOOK_BACK_S
        for event in events:
            if event.seq not in in_flight:
                replayed = event.seq <= max(self._replay_up_to, spool.late_up_to)
                if replayed and not self._pace.take():
                    self._events_due_s = self._pace.ready_at_s
                    break
                self._note(self._publish_event(replace(event, replayed=replayed)), event.seq)
            self._sent_up_to = event.seq

    def hold_events(self, from_seq: int, for_s: float) -> None:
        """Send the events from ``from_seq`` on again, after a while."""
        self._sent_up_to = min(self._sent_up_to, from_seq - 1)
        self._events_due_s = time.monotonic() + for_s

    def settle(self, message_id: int) -> int | None:
        """Take note of an answer; the number of the event it was for, None for any other message."""
        _, seq = self._in_flight.pop(message_id, (0.0, None))
        return seq

    def _look_back(self) -> None:
        """Go back to what lay on a disk that could not be read; what has gone out meanwhile is not in the way."""
        if self._left_behind is not None and time.monotonic() >= self._look_back_at_s:
            self._sent_up_to, self._left_behind = self._left_behind, None

    def _publish_event(self, event: Event) -> int:
        return self.connection.publish(
            self._events_topic, event.to_json(), qos=1, retain=False, expiry_s=self._event_expiry_s
        )

    def _note(self, message_id: int, seq: int | None) -> None:
        self._in_flight[message_id] = (time.monotonic(), seq)
