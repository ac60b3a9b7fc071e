"""The thread that owns the spool and speaks to the broker."""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Any

from device.interfaces import Clock
from device.mqtt.board import Board
from device.mqtt.client import Acknowledged, Connected, Connection, Disconnected, Oversized, Received, Subscribed
from device.mqtt.echo import Echo
from device.mqtt.inbox import Inbox
from device.mqtt.leftovers import Leftovers
from device.mqtt.limits import Limits
from device.mqtt.link import ConnectionFactory, Link
from device.mqtt.listening import Listening
from device.mqtt.messages import Message, PauseChanged, SourceChanged, Stop, Stored
from device.mqtt.payloads import (
    OFFLINE,
    ONLINE,
    DeviceInfo,
    StateSnapshot,
    encode,
    stats_message,
)
from device.mqtt.session import Session
from device.mqtt.settings import MqttSettings
from device.mqtt.subscriptions import Subscriptions
from device.mqtt.topics import Topics
from device.mqtt.tuning import Tuning
from device.records import Event
from device.spool.spool import Spool
from device.spool.upkeep import Upkeep
from device.summary.snapshot import SummarySnapshot
from device.system.log import LogOnce
from device.system.telemetry import TelemetrySnapshot

_SHARE_FOR_DRAINING = 0.7

_log = logging.getLogger(__name__)


class Publisher:
    """Takes messages from any thread and deals with them in one, so that nothing here needs a lock.

    Args:
        settings: window, intervals and waits.
        topics: where to publish.
        spool: keeps the events; used by this thread alone once it is started.
        connect: makes connections.
        info: what the device is.
        clock: the time of day.
        run: UUID of this start.
        on_pause: called, from the publisher's thread, when somebody turns the privacy switch.
        tuning: what else can be turned; used by this thread alone once it is started.
        leftovers: what the broker keeps of the device of before.
    """

    def __init__(
        self,
        settings: MqttSettings,
        topics: Topics,
        spool: Spool,
        connect: ConnectionFactory,
        info: DeviceInfo,
        *,
        clock: Clock,
        run: str,
        on_pause: Callable[[bool], None],
        tuning: Tuning,
        leftovers: Leftovers,
    ) -> None:
        self._settings = settings
        self._topics = topics
        self._spool = spool
        self._upkeep = Upkeep(spool)
        self._inbox = Inbox()
        self._link = Link(settings, topics.events, connect, self._inbox.put_connection_event)
        self._clock = clock
        self._run_id = run
        self._version = info.version
        self._thread = threading.Thread(target=self._run, name="mqtt-publisher", daemon=True)
        self._leftovers = leftovers
        self._board = Board.of(settings, topics, info, run=run, clock=clock, tuning=tuning, leftovers=leftovers)
        home = settings.homeassistant
        birth = home.status_topic if home.enabled else None
        self._listening = Listening(topics, birth, on_pause, self._board.announce, tuning)
        self._echo = self._make_echo() if settings.protocol == "3.1.1" else None
        self._subscriptions = Subscriptions(settings.reconnect_refused_s)
        self._unheard = LogOnce(_log)
        self._stop: Stop | None = None
        self._fault: BaseException | None = None
        self._refused = 0
        self._figures: TelemetrySnapshot | None = None

    def start(self) -> None:
        """Start the thread; the first attempt at the broker follows at once."""
        self._thread.start()

    @property
    def alive(self) -> bool:
        """Whether the thread runs; once it was started only ``stop`` or a fault ends it."""
        return self._thread.is_alive()

    @property
    def connected(self) -> bool:
        """Whether the broker has let us in and is there still, as far as is known; any thread may ask."""
        return self._link.up

    @property
    def hung_s(self) -> float:
        """For how long the thread has been at one turn, beyond what the slowest disk needs; 0 while all is well."""
        return self._inbox.hung_s

    @property
    def broker_trouble(self) -> str | None:
        """Why the broker is away, as far as it is known; None once it has let us in. Any thread may ask."""
        return self._link.attempts.trouble

    @property
    def disk_trouble(self) -> str | None:
        """Why events stay in memory, and what to do; None while the disk can be used. Any thread may ask."""
        return self._spool.disk_trouble

    @property
    def fault(self) -> BaseException | None:
        """What ended the thread; None while it runs, and after a stop."""
        return self._fault

    def emit(self, event: Event) -> None:
        """Store an event, and have it published; when this returns it outlives the process."""
        self._spool.add([replace(event, device=self._topics.device, run=self._run_id)])
        self._inbox.put(Stored())

    def post(self, message: Message) -> None:
        """Hand a message to the thread; never blocks."""
        self._inbox.put(message)

    def stop(self, timeout_s: float) -> None:
        """Send what is left, say ``offline`` and end, within about ``timeout_s``."""
        if self._thread.is_alive():
            self.post(Stop(timeout_s))
            self._thread.join(timeout_s + 1)
        elif self._thread.ident is None:
            self._spool.close()

    def _run(self) -> None:
        try:
            self._publish_until_stopped()
        except BaseException as error:  # noqa: BLE001 a thread's fault is told by whoever looks after it
            self._fault = error

    def _publish_until_stopped(self) -> None:
        while self._stop is None:
            self._turn(until_s=float("inf"))
        self._leave(self._stop.timeout_s)
        self._spool.close()

    def _leave(self, timeout_s: float) -> None:
        started_s = time.monotonic()
        self._listening.act(float("inf"))
        self._turn_while(self._has_unsent, started_s + timeout_s * _SHARE_FOR_DRAINING)
        end_s = started_s + timeout_s
        if self._link.session:
            self._link.session.publish_retained(self._topics.availability, OFFLINE)
            self._turn_while(lambda: self._link.session is not None and not self._link.session.idle, end_s)
        if self._link.connection:
            self._link.connection.close()
            self._turn_while(lambda: self._link.connection is not None, end_s)
        if len(self._spool):
            _log.info("%d events stay in the spool for the next start", len(self._spool))

    def _has_unsent(self) -> bool:
        if self._link.session is None:
            return self._link.connection is not None  # it may be accepted in time
        return self._board.pending or not self._link.session.idle or len(self._spool) > 0

    def _turn_while(self, condition: Callable[[], bool], until_s: float) -> None:
        while condition() and time.monotonic() < until_s:
            self._turn(until_s=until_s)

    def _turn(self, *, until_s: float) -> None:
        for kind, group in groupby(self._receive(until_s), key=type):
            self._handle(kind, list(group))
        now_s = time.monotonic()
        self._upkeep.run(now_s, away_s=self._link.away_for_s(now_s))
        self._listening.act(now_s)
        self._link.look_after(now_s, stopping=self._stop is not None)
        if self._link.session:
            self._board.publish(self._link.session, now_s, at_once=self._stop is not None)
            if hopeless := self._link.session.publish_events(self._spool):
                self._refused += len(hopeless)
                self._spool.remove(hopeless)
            self._subscriptions.look_after(now_s)
            if self._echo:
                self._echo.check(now_s)

    def _receive(self, until_s: float) -> list[Message]:
        """All messages that wait; when there is none, the first to come before something else is due."""
        now_s = time.monotonic()
        link_due_s = self._link.due_s(now_s, stopping=self._stop is not None)
        due_s = min(until_s, self._upkeep.due_s, self._listening.due_s, link_due_s)
        if session := self._link.session:
            echo_due_s = self._echo.due_s if self._echo else float("inf")
            due_s = min(due_s, self._board.due_s(session), self._subscriptions.due_s, echo_due_s)
            if session.room and session.events_due_s:
                due_s = min(due_s, session.events_due_s)
        return self._inbox.receive(due_s)

    def _handle(self, kind: type[Message], group: Sequence[Any]) -> None:
        """Deal with messages of one kind that came in a row, so that a row costs the spool one transaction."""
        if kind is Acknowledged:
            self._on_acknowledged(group)
        else:
            for message in group:
                self._handle_one(message)

    def _handle_one(self, message: Message) -> None:
        match message:
            case Connected(connection=connection, limits=limits) if connection is self._link.connection:
                self._on_connected(connection, limits)
            case Disconnected(connection=connection) if connection is self._link.connection:
                self._on_disconnected(message)
            case StateSnapshot() | SummarySnapshot():
                self._board.show(message)
            case SourceChanged(state=state):
                self._board.set_source(state, StateSnapshot(self._clock.now()))
            case PauseChanged(paused=paused):
                self._board.set_paused(paused=paused)
            case Received() | Oversized() if message.connection is self._link.connection:
                self._on_message(message)
            case Subscribed(connection=connection, refusals=refusals) if connection is self._link.connection:
                self._on_subscribed(refusals)
            case TelemetrySnapshot():
                self._publish_stats(message)
            case Stop():
                self._stop = message
            case _:
                pass  # events are looked for on every turn; the rest is news of a connection that is given up

    def _on_connected(self, connection: Connection, limits: Limits) -> None:
        session = self._link.accepted(connection, limits, replay_up_to=self._spool.last_seq)
        self._subscriptions.begin(connection, (*self._listening.topics, *self._leftovers.watched))
        if self._echo:
            self._echo.begin(connection)
        session.publish_retained(self._topics.availability, ONLINE)
        self._board.begin(session.limits)
        if self._figures:
            self.post(self._figures)

    def _make_echo(self) -> Echo:
        own = self._topics
        topics = [own.availability, own.info, own.pause, own.events, self._board.discovery_topic]
        return Echo(topic for topic in topics if topic)

    def _on_message(self, message: Received | Oversized) -> None:
        if isinstance(message, Oversized):
            self._listening.passed_over(message.topic, message.length)
            return
        if self._echo:
            self._echo.received(message.topic, retained=message.retained)
        self._leftovers.receive(message.topic, message.payload)
        self._listening.receive(message)

    def _on_subscribed(self, refusals: dict[str, str]) -> None:
        self._subscriptions.refused(refusals)
        if refusal := refusals.get(self._topics.pause_set):
            self._unheard.log("the broker lets nobody turn the privacy switch here: %s; allow to subscribe", refusal)
        if self._echo:
            self._echo.unreadable(refusals)

    def _on_disconnected(self, news: Disconnected) -> None:
        held_s = self._link.ended(news, stopping=self._stop is not None)
        if news.oversized_topic is not None:
            self._leftovers.flooded(news.oversized_topic)
            self._listening.flooded(news.oversized_topic, held_s=held_s)

    def _on_acknowledged(self, group: Sequence[Acknowledged]) -> None:
        done: list[int] = []
        for answer in group:
            if self._link.session is None or answer.connection is not self._link.session.connection:
                continue
            sent = self._link.session.settle(answer.message_id)
            seq = sent.seq if sent else None
            if sent:
                self._leftovers.acknowledged(sent.topic)
            if self._echo and sent and not answer.refusal:
                self._echo.acknowledged(sent.topic)
            if sent and answer.final:
                self._board.refuse(sent.topic, sent.length)
            if answer.refusal:
                self._on_refused(self._link.session, answer, answer.refusal, seq)
            if seq is not None and (answer.final or not answer.refusal):
                done.append(seq)
        if done:
            self._spool.remove(done)

    def _on_refused(self, session: Session, answer: Acknowledged, refusal: str, seq: int | None) -> None:
        self._link.attempts.complain(
            "the broker refuses a message: %s; check what it allows this client to publish", refusal
        )
        if seq is not None and answer.final:
            self._refused += 1
        elif seq is not None:
            session.hold_events(seq, self._settings.reconnect_refused_s)

    def _publish_stats(self, snapshot: TelemetrySnapshot) -> None:
        self._figures = snapshot
        if self._link.session:
            message = stats_message(
                snapshot,
                time=self._clock.now(),
                queue=len(self._spool),
                dropped_events=self._spool.dropped + self._refused,
                version=self._version,
                source=self._board.source,
                disk_ok=self._spool.disk_trouble is None,
            )
            self._link.session.publish_once(self._topics.stats, encode(message))
