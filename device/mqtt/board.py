"""What the broker keeps for those who come later: the device, state and summary, the switch, the discovery."""

from collections.abc import Callable
from dataclasses import replace

from device.interfaces import Clock
from device.mqtt.homeassistant import Discovery
from device.mqtt.leftovers import Leftovers
from device.mqtt.limits import Limits
from device.mqtt.payloads import (
    SWITCH_OFF,
    SWITCH_ON,
    DeviceInfo,
    StateSnapshot,
    encode,
    info_message,
    state_message,
    summary_message,
)
from device.mqtt.session import Session
from device.mqtt.settings import MqttSettings
from device.mqtt.topics import Topics
from device.mqtt.tuning import Tuning
from device.records import SourceState
from device.summary.snapshot import SummarySnapshot
from device.system.apt import newest_version

_DESCRIBE_EVERY_S = 60.0  # a detector may have failed by then, or a package come


class Board:
    """Holds the latest of each retained message until a session has room for it; nothing older is ever sent.

    Args:
        topics: where to publish.
        discovery: what Home Assistant is told; None where it is told nothing.
        state_interval_s: least time between two messages on the topic ``state``, seconds.
        seen: what there is to be seen at first.
        describe: gives what the device is, as it goes over the wire; asked on each connection, and now and then.
        tuning: the values in force of what can be turned.
        leftovers: what the broker keeps of the device of before.
        counts: whether there is a summary to come; one of before is taken away where there is none.
    """

    def __init__(
        self,
        topics: Topics,
        discovery: Discovery | None,
        state_interval_s: float,
        seen: StateSnapshot,
        *,
        describe: Callable[[], bytes],
        tuning: Tuning,
        leftovers: Leftovers,
        counts: bool,
    ) -> None:
        self._topics = topics
        self._describe = describe
        self._tuning = tuning
        self._leftovers = leftovers
        self._counts = counts
        self._described = b""
        self._tuned = b""
        self._describe_due_s = 0.0
        self._discovery = discovery
        self._state_interval_s = state_interval_s
        self._limits = Limits()
        self._unsent: dict[str, bytes] = {}
        self._paused = False
        self._summary: bytes | None = None
        self._source: SourceState = "lost"
        self._snapshot = seen
        self._state_changed = True
        self._state_due_s = 0.0

    @classmethod
    def of(
        cls,
        settings: MqttSettings,
        topics: Topics,
        info: DeviceInfo,
        *,
        run: str,
        clock: Clock,
        tuning: Tuning,
        leftovers: Leftovers,
    ) -> "Board":
        """The board of a device that is as ``info`` says; ``run`` is the UUID of this start."""
        home = settings.homeassistant

        def describe() -> bytes:
            return encode(info_message(info, device=topics.device, run=run, newest=newest_version()))

        return cls(
            topics,
            Discovery.of(home, topics, info) if home.enabled else None,
            settings.state_interval_s,
            StateSnapshot(clock.now()),
            describe=describe,
            tuning=tuning,
            leftovers=leftovers,
            counts=info.counts,
        )

    @property
    def discovery_topic(self) -> str | None:
        """Where Home Assistant finds the whole device; None where it is told nothing."""
        return self._discovery.topic if self._discovery else None

    @property
    def source(self) -> SourceState:
        """Whether the camera is there."""
        return self._source

    @property
    def pending(self) -> bool:
        """Whether there is news that no session was given."""
        return bool(self._unsent) or self._state_changed

    def due_s(self, session: Session) -> float:
        """When ``publish`` has something to do that ``pending`` does not name, monotonic seconds."""
        if not session.room:
            return float("inf")
        state_due_s = self._state_due_s if self._state_changed else float("inf")
        return min(state_due_s, self._describe_due_s, self._leftovers.due_s)

    def begin(self, limits: Limits) -> None:
        """A session is new: all is to be sent afresh."""
        self._limits = limits
        self._leftovers.begin()
        self._unsent[self._topics.info] = self._described = self._describe()
        self._tell_pause()
        self._tell_tuning()
        self._tell_summary()
        self.announce()
        self._state_changed = True
        self._state_due_s = 0.0

    def announce(self) -> None:
        """Tell Home Assistant of the device."""
        messages = self._discovery.messages(self._limits) if self._discovery else {}
        own = self._topics
        kept = [own.availability, own.info, own.state, own.stats, own.pause, own.tuning, *messages]
        stale = self._leftovers.keep([*kept, own.summary] if self._counts else kept)
        self._unsent |= dict.fromkeys(stale, b"") | messages

    def refuse(self, topic: str, length: int) -> None:
        """The broker will never take a packet so long on ``topic``: what can be said in parts is."""
        if self._discovery and topic == self._discovery.topic:
            self._limits = replace(self._limits, packet_bytes=length - 1)
            self.announce()

    def show(self, seen: StateSnapshot | SummarySnapshot) -> None:
        """There is something else to be seen, or another sum of what was."""
        if isinstance(seen, SummarySnapshot):
            self._summary = encode(summary_message(seen))
            self._tell_summary()
            return
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
        self._look_around(now_s)
        while self._unsent and session.room:
            topic = next(iter(self._unsent))
            session.publish_retained(topic, self._unsent.pop(topic))
        if self._state_changed and session.room and (at_once or now_s >= self._state_due_s):
            self._state_changed = False
            self._state_due_s = now_s + self._state_interval_s
            seen = self._snapshot if self._source == "ok" else StateSnapshot(self._snapshot.taken_at)
            session.publish_retained(self._topics.state, encode(state_message(self._source, seen)))

    def _tell_tuning(self) -> None:
        self._unsent[self._topics.tuning] = self._tuned = self._tuning.message

    def _look_around(self, now_s: float) -> None:
        """Tell what the device is and what was turned when that has changed, and take away what nobody uses."""
        if self._tuned != self._tuning.message:
            self._tell_tuning()
        if now_s >= self._describe_due_s:
            self._describe_due_s = now_s + _DESCRIBE_EVERY_S
            if self._described != (described := self._describe()):
                self._unsent[self._topics.info] = self._described = described
        self._unsent |= dict.fromkeys(self._leftovers.due(now_s), b"")

    def _tell_summary(self) -> None:
        if self._summary is not None:
            self._unsent[self._topics.summary] = self._summary

    def _tell_pause(self) -> None:
        self._unsent[self._topics.pause] = SWITCH_ON if self._paused else SWITCH_OFF
