"""A short-lived client for the command line: it comes, listens or says something, and goes."""

import queue
import time
import uuid
from types import TracebackType
from typing import Self, TypeVar

from device.errors import UnavailableError
from device.mqtt.client import (
    LARGE_BYTES,
    Acknowledged,
    Connected,
    Connection,
    ConnectionEvent,
    Disconnected,
    Received,
    Subscribed,
)
from device.mqtt.limits import Limits
from device.mqtt.login import make_login
from device.mqtt.settings import BrokerAddress, MqttSettings

ANSWER_TIMEOUT_S = 20.0

_Answer = TypeVar("_Answer", Acknowledged, Connected, Subscribed)


class Visitor:
    """One connection to the broker of ``settings``, under a client id that no daemon has.

    Every call raises UnavailableError once the broker is away, does not answer or refuses; the reason names why.
    Meant for ``with``, which connects.

    Args:
        settings: the section ``mqtt``, of whichever device.
        purpose: what it comes for; part of the client id.
    """

    def __init__(self, settings: MqttSettings, purpose: str) -> None:
        self._settings = settings
        self._login = make_login(settings, f"affectd-{purpose}-{uuid.uuid4().hex[:8]}")
        self._heard: list[Received] = []
        self.limits = Limits()
        """What the broker takes, as far as it says so."""
        self._prepare(settings.addresses[0])

    def __enter__(self) -> Self:
        for address in self._settings.addresses:
            self._prepare(address)
            self._connection.open()
            try:
                self.limits = self._await(Connected).limits
            except UnavailableError:
                if address == self._settings.addresses[-1]:
                    raise
                self._connection.give_up()
            else:
                break
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()

    def subscribe(self, *topics: str, may_be_refused: bool = False) -> None:
        """Listen on ``topics`` from now on; what the broker retains there comes first."""
        self._connection.subscribe(topics)
        refusals = self._await(Subscribed).refusals
        if refusals and not may_be_refused:
            told = ", ".join(f"{topic}: {why}" for topic, why in refusals.items())
            raise self._away(f"does not let us subscribe to {told}")

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        """Say something and wait until the broker has it (QoS 1)."""
        self._connection.publish(topic, payload, qos=1, retain=retain)
        if refusal := self._await(Acknowledged).refusal:
            raise self._away(f"does not let us publish on {topic}: {refusal}")

    def receive(self, timeout_s: float) -> Received | None:
        """The next message, None where none comes within ``timeout_s`` seconds."""
        deadline_s = time.monotonic() + timeout_s
        while not self._heard:
            try:
                self._take(deadline_s - time.monotonic())
            except queue.Empty:
                return None
        return self._heard.pop(0)

    def _prepare(self, address: BrokerAddress) -> None:
        self._news: queue.SimpleQueue[ConnectionEvent] = queue.SimpleQueue()
        self._connection = Connection(
            self._settings, self._login, address, None, self._news.put, largest_bytes=LARGE_BYTES
        )

    def _await(self, kind: type[_Answer], timeout_s: float = ANSWER_TIMEOUT_S) -> _Answer:
        deadline_s = time.monotonic() + timeout_s
        while True:
            try:
                item = self._take(deadline_s - time.monotonic())
            except queue.Empty:
                raise self._away(f"has not answered for {timeout_s:.0f} s") from None
            if isinstance(item, kind):
                return item

    def _take(self, timeout_s: float) -> ConnectionEvent:
        item = self._news.get(timeout=max(0.0, timeout_s))
        if isinstance(item, Disconnected):
            raise UnavailableError(f"{item.reason} ({self._connection.address})")
        if isinstance(item, Received):
            self._heard.append(item)
        return item

    def _away(self, what: str) -> UnavailableError:
        return UnavailableError(f"the broker at {self._connection.address} {what}")
