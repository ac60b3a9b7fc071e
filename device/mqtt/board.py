"""What the broker keeps for those who come later: the state, the privacy switch, the discovery."""

from dataclasses import replace

from device.mqtt.homeassistant import Discovery
from device.mqtt.limits import Limits
from device.mqtt.payloads import SWITCH_OFF, SWITCH_ON, StateSnapshot, encode, state_message
from device.mqtt.session import Session
from device.mqtt.topics import Topics
from device.records import SourceState


class Board:
    """Holds the latest of each retained message until a session has room for it; nothing older is ever sent.

    Args:
        topics: where to publish.
        discovery: what Home Assistant is told; None where it is told nothing.
        state_interval_s: least time between two messages on the topic ``state``, seconds.
        seen: what there is to be seen at first.
    """

    def __init__(
        self, topics: Topics, discovery: Discovery | None, state_interval_s: float, seen: StateSnapshot
    ) -> None:
        self._topics = topics
        self._discovery = discovery
        self._state_interval_s = state_interval_s
        self._limits = Limits()
        self._unsent: dict[str, bytes] = {}
        self._paused = False
        self._source: SourceState = "lost"
        self._snapshot = seen
        self._state_changed = True
        self._state_due_s = 0.0

    @property
    def pending(self) -> bool:
        """Whether there is news that no session was given."""
        return bool(self._unsent) or self._state_changed

    def due_s(self, session: Session) -> float:
        """When ``publish`` has something to do for the state, monotonic seconds."""
        return self._state_due_s if session.room and self._state_changed else float("inf")

    def begin(self, limits: Limits) -> None:
        """A session is new: all is to be sent afresh."""
        self._limits = limits
        self._tell_pause()
        self.announce()
        self._state_changed = True
        self._state_due_s = 0.0

    def announce(self) -> None:
        """Tell Home Assistant of the device."""
        if self._discovery:
            self._unsent |= self._discovery.messages(self._limits)

    def refuse(self, topic: str, length: int) -> None:
        """The broker will never take a packet so long on ``topic``: what can be said in parts is."""
        if self._discovery and topic == self._discovery.topic:
            self._limits = replace(self._limits, packet_bytes=length - 1)
            self.announce()

    def show(self, seen: StateSnapshot) -> None:
        """There is something else to be seen."""
        self._snapshot = seen
        self._state_changed = True

    def set_source(self, state: SourceState, seen: StateSnapshot) -> None:
        """The camera has come or gone; ``seen`` is without faces."""
        self._source = state
        self.show(seen)

    def set_paused(self, *, paused: bool) -> None:
        """The privacy switch has been turned."""
        self._paused = paused
        self._tell_pause()

    def publish(self, session: Session, now_s: float, *, at_once: bool) -> None:
        """Give ``session`` what it has room for; the state at its interval, or ``at_once``."""
        while self._unsent and session.room:
            topic = next(iter(self._unsent))
            session.publish_retained(topic, self._unsent.pop(topic))
        if self._state_changed and session.room and (at_once or now_s >= self._state_due_s):
            self._state_changed = False
            self._state_due_s = now_s + self._state_interval_s
            seen = self._snapshot if self._source == "ok" else StateSnapshot(self._snapshot.taken_at)
            session.publish_retained(self._topics.state, encode(state_message(self._source, seen)))

    def _tell_pause(self) -> None:
        self._unsent[self._topics.pause] = SWITCH_ON if self._paused else SWITCH_OFF
