"""The thread that owns the spool and speaks to the broker."""

import logging
import queue
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from device.events import describe_event
from device.interfaces import Clock
from device.mqtt.backoff import Backoff
from device.mqtt.client import Acknowledged, Connected, Connection, Disconnected, News
from device.mqtt.payloads import (
    OFFLINE,
    ONLINE,
    DeviceInfo,
    SourceState,
    View,
    encode,
    info_message,
    state_message,
    stats_message,
)
from device.mqtt.session import Session
from device.mqtt.settings import MqttSettings
from device.mqtt.spool import Spool
from device.mqtt.topics import Topics
from device.records import Event
from device.telemetry import TelemetrySnapshot

_EXPIRE_EVERY_S = 60.0
_STEADY_AFTER_S = 10.0
_SHARE_FOR_DRAINING = 0.7

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class SourceChanged:
    """The camera is seeing, paused or lost."""

    state: SourceState


@dataclass(frozen=True, slots=True)
class Stop:
    """Say goodbye within ``timeout_s``."""

    timeout_s: float


Message = Event | View | SourceChanged | TelemetrySnapshot | Stop | News


ConnectionFactory = Callable[[Callable[[News], None]], Connection]
"""Makes a connection, not yet opened, that tells its news to the callable."""


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
    ) -> None:
        self._settings = settings
        self._topics = topics
        self._spool = spool
        self._connect = connect
        self._info = info
        self._clock = clock
        self._run_id = run
        self._inbox: queue.SimpleQueue[Message] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="mqtt-publisher", daemon=True)
        self._backoff = Backoff(settings.reconnect_first_s, settings.reconnect_max_s)
        self._stop: Stop | None = None
        self._overflowed = 0

        self._connection: Connection | None = None
        self._session: Session | None = None
        self._retry_at_s = 0.0
        self._expire_at_s = 0.0
        self._last_trouble = ""
        self._refused = 0

        self._source: SourceState = "lost"
        self._view = View(clock.now())
        self._state_changed = True
        self._state_due_s = 0.0

    def start(self) -> None:
        """Start the thread; the first attempt at the broker follows at once."""
        self._thread.start()

    @property
    def alive(self) -> bool:
        """Whether the thread runs; once it was started only ``stop`` or a fault ends it."""
        return self._thread.is_alive()

    def post(self, message: Message) -> None:
        """Hand a message to the thread; never blocks. Events are dropped, and counted, when the disk takes none."""
        if isinstance(message, Event) and self._inbox.qsize() >= self._settings.spool.max_events:
            if not self._overflowed:
                _log.error("the disk has taken no events for so long that new ones are dropped; check it")
            self._overflowed += 1
            return
        self._inbox.put(message)

    def stop(self, timeout_s: float) -> None:
        """Send what is left, say ``offline`` and end, within about ``timeout_s``."""
        if self._thread.is_alive():
            self.post(Stop(timeout_s))
            self._thread.join(timeout_s + 1)
        elif self._thread.ident is None:
            self._spool.close()

    def _run(self) -> None:
        while self._stop is None:
            self._turn(until_s=float("inf"))
        self._leave(self._stop.timeout_s)
        self._spool.close()

    def _leave(self, timeout_s: float) -> None:
        started_s = time.monotonic()
        self._turn_while(self._has_unsent, started_s + timeout_s * _SHARE_FOR_DRAINING)
        end_s = started_s + timeout_s
        if self._session:
            self._session.publish_retained(self._topics.availability, OFFLINE)
            self._turn_while(lambda: self._session is not None and not self._session.idle, end_s)
        if self._connection:
            self._connection.close()
            self._turn_while(lambda: self._connection is not None, end_s)
        if len(self._spool):
            _log.info("%d events stay in the spool for the next start", len(self._spool))

    def _has_unsent(self) -> bool:
        if self._session is None:
            return self._connection is not None  # it may be accepted in time
        return self._state_changed or not self._session.idle or len(self._spool) > 0

    def _turn_while(self, condition: Callable[[], bool], until_s: float) -> None:
        while condition() and time.monotonic() < until_s:
            self._turn(until_s=until_s)

    def _turn(self, *, until_s: float) -> None:
        for kind, group in groupby(self._receive(until_s), key=type):
            self._handle(kind, list(group))
        now_s = time.monotonic()
        if now_s >= self._expire_at_s:
            self._expire_at_s = now_s + _EXPIRE_EVERY_S
            self._spool.expire()
        if self._connection is None and self._stop is None and now_s >= self._retry_at_s:
            self._connection = self._connect(self.post)
            self._connection.open()
        if self._session:
            self._publish_state(self._session, now_s)
            self._session.publish_events(self._spool)

    def _receive(self, until_s: float) -> list[Message]:
        """All messages that wait; when there is none, the first to come before something else is due."""
        due_s = min(until_s, self._expire_at_s)
        if self._connection is None and self._stop is None:
            due_s = min(due_s, self._retry_at_s)
        if self._session and self._session.room and self._state_changed:
            due_s = min(due_s, self._state_due_s)
        messages = []
        try:
            messages.append(self._inbox.get(timeout=max(0.0, due_s - time.monotonic())))
            while True:
                messages.append(self._inbox.get_nowait())
        except queue.Empty:
            return messages

    def _handle(self, kind: type[Message], group: Sequence[Any]) -> None:
        """Deal with messages of one kind that came in a row, so that a row costs the spool one transaction."""
        if kind is Event:
            device = self._topics.device
            self._spool.add([describe_event(event, device=device, run=self._run_id) for event in group])
        elif kind is Acknowledged:
            self._on_acknowledged(group)
        else:
            for message in group:
                self._handle_one(message)

    def _handle_one(self, message: Message) -> None:
        match message:
            case Connected(connection=connection, receive_maximum=limit) if connection is self._connection:
                self._on_connected(connection, limit)
            case Disconnected(connection=connection, reason=reason) if connection is self._connection:
                self._on_disconnected(connection, reason)
            case View():
                self._view = message
                self._state_changed = True
            case SourceChanged(state=state):
                self._source = state
                self._view = View(self._clock.now())
                self._state_changed = True
            case TelemetrySnapshot():
                self._publish_stats(message)
            case Stop():
                self._stop = message
            case _:
                pass  # news of a connection that is given up

    def _on_connected(self, connection: Connection, receive_maximum: int) -> None:
        _log.info("connected to the broker at %s:%d", self._settings.host, self._settings.port)
        self._last_trouble = ""
        self._spool.set_durable(durable=False)
        window = min(self._settings.publish_window, receive_maximum)
        session = Session(connection, self._topics.events, window=window, replay_up_to=self._spool.last_seq)
        session.publish_retained(self._topics.availability, ONLINE)
        info = info_message(self._info, device=self._topics.device, run=self._run_id)
        session.publish_retained(self._topics.info, encode(info))
        self._session = session
        self._state_changed = True
        self._state_due_s = 0.0

    def _on_disconnected(self, connection: Connection, reason: str) -> None:
        connection.release()
        if self._session and self._session.age_s >= _STEADY_AFTER_S:
            self._backoff.reset()
        self._connection = self._session = None
        wait_s = self._backoff.next_s()
        self._retry_at_s = time.monotonic() + wait_s
        if self._stop is None:
            self._log_trouble(reason, wait_s)
        self._spool.set_durable(durable=True)

    def _log_trouble(self, reason: str, wait_s: float) -> None:
        level = logging.WARNING if reason != self._last_trouble else logging.DEBUG
        self._last_trouble = reason
        address = f"{self._settings.host}:{self._settings.port}"
        _log.log(level, "%s (%s); events are kept, next attempt in %.1f s", reason, address, wait_s)

    def _on_acknowledged(self, group: Sequence[Acknowledged]) -> None:
        done: list[int] = []
        for answer in group:
            if self._session is None or answer.connection is not self._session.connection:
                continue
            seq = self._session.settle(answer.message_id)
            if answer.refusal:
                self._log_refusal(answer.refusal)
            if seq is not None:
                done.append(seq)
                self._refused += answer.refusal is not None
        if done:
            self._spool.remove(done)

    def _log_refusal(self, refusal: str) -> None:
        level = logging.WARNING if refusal != self._last_trouble else logging.DEBUG
        self._last_trouble = refusal
        _log.log(level, "the broker refuses a message: %s; check what it allows this client to publish", refusal)

    def _publish_state(self, session: Session, now_s: float) -> None:
        due = self._stop is not None or now_s >= self._state_due_s
        if not (self._state_changed and due and session.room):
            return
        self._state_changed = False
        self._state_due_s = now_s + self._settings.state_interval_s
        view = self._view if self._source == "ok" else View(self._view.taken_at)
        session.publish_retained(self._topics.state, encode(state_message(self._source, view)))

    def _publish_stats(self, snapshot: TelemetrySnapshot) -> None:
        if self._session:
            message = stats_message(
                snapshot,
                time=self._clock.now(),
                queue=len(self._spool),
                dropped_events=self._spool.dropped + self._refused + self._overflowed,
            )
            self._session.publish_once(self._topics.stats, encode(message))
