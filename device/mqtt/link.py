"""Keeps a connection to the broker up: opened when it is time, given up when it is of no use, limits learnt."""

import logging
import time
from collections.abc import Callable
from dataclasses import replace
from itertools import cycle

from device.mqtt.attempts import Attempts
from device.mqtt.client import Connection, ConnectionEvent, Disconnected
from device.mqtt.limits import Limits, SizeSuspicion
from device.mqtt.session import Session
from device.mqtt.settings import BrokerAddress, MqttSettings
from device.system.log import LogOnce

ConnectionFactory = Callable[[BrokerAddress, Callable[[ConnectionEvent], None], Limits], Connection]
"""Makes a connection, not yet opened, that tells its news to the callable, to a broker with these limits."""

_LOOK_EVERY_S = 2.0
_ANSWER_S = 60.0
_SLOW_ANSWER_S = 30.0
_MOST_STUCK = 3

_log = logging.getLogger(__name__)


class Link:
    """At most one connection at a time, and its session once the broker has let us in.

    Args:
        settings: window, intervals and waits.
        events_topic: where events go.
        connect: makes connections.
        notify: gets their events.
    """

    def __init__(
        self,
        settings: MqttSettings,
        events_topic: str,
        connect: ConnectionFactory,
        notify: Callable[[ConnectionEvent], None],
    ) -> None:
        self._settings = settings
        self._events_topic = events_topic
        self._connect = connect
        self._notify = notify
        self.attempts = Attempts(settings)
        self.connection: Connection | None = None
        self.session: Session | None = None
        self._away_since_s = time.monotonic()
        self._addresses = cycle(settings.addresses)
        self._limits = Limits()
        self._suspicion = SizeSuspicion()
        self._once = LogOnce(_log)
        self._stuck: list[Connection] = []
        self._answers = True

    @property
    def up(self) -> bool:
        """Whether the broker has let us in and answers, as far as is known; any thread may ask."""
        return self.session is not None and self._answers

    def due_s(self, now_s: float, *, stopping: bool) -> float:
        """When ``look_after`` has something to do, monotonic seconds."""
        if self.connection:
            return now_s + _LOOK_EVERY_S
        return float("inf") if stopping else self.attempts.next_at_s

    def away_for_s(self, now_s: float) -> float:
        """How long the broker has not answered, seconds."""
        return self.session.unanswered_s if self.session else now_s - self._away_since_s

    def look_after(self, now_s: float, *, stopping: bool) -> None:
        """Open a connection when it is time; give one up whose thread is stuck, or whose broker does not answer.

        Raises:
            RuntimeError: too many threads are stuck; only another process helps.
        """
        if self.connection is None:
            if not stopping and now_s >= self.attempts.next_at_s:
                self.connection = self._connect(next(self._addresses), self._notify, self._limits)
                self.connection.open()
            return
        unanswered_s = self.session.unanswered_s if self.session else 0.0
        self._answers = unanswered_s < _SLOW_ANSWER_S
        if self.session:
            self.attempts.trouble = None if self._answers else "the broker acknowledges nothing"
        if self.connection.stuck:
            self._note_stuck(self.connection)
            self._give_up(self.connection, "the thread that speaks to the broker was stuck", stopping=stopping)
        elif unanswered_s > _ANSWER_S:
            reason = f"the broker has acknowledged nothing for {_ANSWER_S:.0f} s"
            self._give_up(self.connection, reason, stopping=stopping)

    def accepted(self, connection: Connection, limits: Limits, *, replay_up_to: int) -> Session:
        """The broker has let us in; events up to ``replay_up_to`` came up before."""
        self.attempts.succeeded(connection.address)
        guess = self._suspicion.limit_bytes
        if guess is not None and limits.packet_bytes is None:
            limits = replace(limits, packet_bytes=guess, is_guess=True)
        if limits.qos < 1:
            self._once.log("%s", "the broker takes QoS 0 only: what is lost on the way to it is lost")
        if not limits.retain:
            self._once.log("%s", "the broker keeps no messages: who comes later knows nothing until there is news")
        self._answers = True
        self.session = Session(
            connection,
            self._events_topic,
            limits=limits,
            window=self._settings.publish_window,
            replay_up_to=replay_up_to,
            drain_per_s=self._settings.spool.drain_per_s,
            event_expiry_s=self._settings.event_expiry_s,
            on_too_long=self._on_too_long,
        )
        return self.session

    def ended(self, news: Disconnected, *, stopping: bool) -> float:
        """The connection is no more; returns for how long the broker had let us in, seconds."""
        news.connection.release()
        held_s = self.session.age_s if self.session else 0.0
        if self.session:
            self._away_since_s = time.monotonic() - self.session.unanswered_s
            self._suspect(self.session)
        self._limits = news.unmet or self._limits
        self.connection = self.session = None
        address = news.connection.address
        self.attempts.ended(news.reason, address, held_s=held_s, refused=news.refused, stopping=stopping)
        return held_s

    def _give_up(self, connection: Connection, reason: str, *, stopping: bool) -> None:
        connection.give_up()
        self.ended(Disconnected(connection, reason), stopping=stopping)

    def _note_stuck(self, connection: Connection) -> None:
        self._stuck = [one for one in self._stuck if one.alive] + [connection]
        if len(self._stuck) > _MOST_STUCK:
            raise RuntimeError(f"{len(self._stuck)} threads that speak to the broker are stuck")

    def _suspect(self, session: Session) -> None:
        if culprit := self._suspicion.ended(held_s=session.age_s, unanswered=session.unanswered):
            topic, length = culprit
            _log.warning(
                "the broker ends each connection at the %d bytes on %s: what is so long is sent in parts, or "
                "not at all, for an hour; raise the broker's limit (max_packet_size in Mosquitto)",
                length,
                topic,
            )

    def _on_too_long(self, topic: str, length: int) -> None:
        self._once.log("what is to be said on %s is not sent: %d bytes are more than the broker takes", topic, length)
