"""Whether the broker gives back what we say: under MQTT 3.1.1 the only sign of a topic that it denies."""

import logging
import time
from collections.abc import Iterable

from device.mqtt.client import Connection

_PATIENCE_S = 10.0

_log = logging.getLogger(__name__)


class Echo:
    """Listens to our own messages until the first on each topic has come back, and says once which do not.

    Args:
        topics: where we publish.
    """

    def __init__(self, topics: Iterable[str]) -> None:
        self._waiting = dict.fromkeys(topics, float("inf"))
        self._heard: set[str] = set()
        self._denied: list[str] = []
        self._asked: Connection | None = None

    @property
    def due_s(self) -> float:
        """When ``check`` may have something to say, monotonic seconds."""
        due_s = [due_s for due_s in self._waiting.values() if due_s < float("inf")]
        return max(due_s, default=float("inf"))

    def begin(self, connection: Connection) -> None:
        """Listen on a new connection to what has not come back yet."""
        self._asked = connection
        self._waiting = dict.fromkeys(self._waiting, float("inf"))
        if self._waiting:
            connection.subscribe(tuple(self._waiting))

    def acknowledged(self, topic: str) -> None:
        """The broker says that it has a message on ``topic``: it is to come back."""
        if self._waiting.get(topic) == float("inf"):
            self._waiting[topic] = time.monotonic() + _PATIENCE_S

    def received(self, topic: str, *, retained: bool) -> None:
        """A message has come; one that the broker had kept may be of a day when it allowed more."""
        if topic in self._waiting and not retained:
            self._heard.add(topic)
            self._settle([topic])

    def unreadable(self, topics: Iterable[str]) -> None:
        """The broker does not let us hear these, which says nothing of publishing."""
        self._settle(topics)

    def check(self, now_s: float) -> None:
        """Say what should have come back and has not."""
        if now_s < self.due_s:
            return
        late = [topic for topic, due_s in self._waiting.items() if due_s < float("inf")]
        self._settle(late)
        names = ", ".join(late)
        if self._heard:
            _log.warning(
                "the broker acknowledges what we say on %s, and gives it to nobody; allow this client to publish there",
                names,
            )
        else:
            _log.warning(
                "the broker gives back nothing of what it acknowledges (%s): this client may not publish there, or may "
                "not read it; MQTT 3.1.1 does not say which, `affectd doctor` looks closer",
                names,
            )

    def _settle(self, topics: Iterable[str]) -> None:
        settled = [topic for topic in topics if self._waiting.pop(topic, None) is not None]
        if settled and self._asked:
            self._asked.unsubscribe(settled)
