"""What the device listens to on a connection, asked for again where the broker has refused it."""

import time
from collections.abc import Iterable, Sequence

from device.mqtt.client import Connection


class Subscriptions:
    """A broker may refuse for a while only, one whose nodes do not agree for example; the connection goes on meanwhile.

    Args:
        again_s: after a refusal, how long until the next try.
    """

    def __init__(self, again_s: float) -> None:
        self._again_s = again_s
        self._connection: Connection | None = None
        self._wanted: Sequence[str] = ()
        self._refused: Sequence[str] = ()
        self._due_s = float("inf")

    @property
    def due_s(self) -> float:
        """When ``look_after`` has something to do, monotonic seconds."""
        return self._due_s

    def begin(self, connection: Connection, topics: Sequence[str]) -> None:
        """Ask for ``topics`` on a new connection."""
        self._connection, self._wanted = connection, topics
        self._ask(topics)

    def refused(self, topics: Iterable[str]) -> None:
        """The broker does not let us hear these."""
        self._refused = [topic for topic in self._wanted if topic in set(topics)]
        if self._refused:
            self._due_s = time.monotonic() + self._again_s

    def look_after(self, now_s: float) -> None:
        """Ask once more when it is time."""
        if now_s >= self._due_s:
            self._ask(self._refused)

    def _ask(self, topics: Sequence[str]) -> None:
        self._due_s = float("inf")
        if topics and self._connection:
            self._connection.subscribe(topics)
