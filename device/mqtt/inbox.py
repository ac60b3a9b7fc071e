"""What the publisher's thread is told, and whether it still listens."""

import queue
import time
from dataclasses import replace

from device.mqtt.client import ConnectionEvent, Oversized, Received
from device.mqtt.messages import Message
from device.mqtt.tunables import LONGEST_WISH_BYTES

_HANG_S = 60.0
_MOST_AT_ONCE = 1000
_MOST_WAITING = 10_000
_LONGEST_HEARD = LONGEST_WISH_BYTES + 1


class Inbox:
    """A queue from any thread to one; what the network says never fills the memory, however slow that one is."""

    def __init__(self) -> None:
        self._messages: queue.SimpleQueue[Message] = queue.SimpleQueue()
        self._busy_since_s: float | None = None

    def __len__(self) -> int:
        return self._messages.qsize()

    @property
    def hung_s(self) -> float:
        """For how long the thread has not come back, beyond what the slowest disk needs; 0 while all is well."""
        busy_since_s = self._busy_since_s
        busy_s = time.monotonic() - busy_since_s if busy_since_s is not None else 0.0
        return busy_s if busy_s > _HANG_S else 0.0

    def put(self, message: Message) -> None:
        """Hand a message over; never blocks."""
        self._messages.put(message)

    def put_connection_event(self, event: ConnectionEvent) -> None:
        """As ``put``, for what a connection tells: of a message only as much as can mean anything to a daemon."""
        if isinstance(event, Received | Oversized) and len(self) > _MOST_WAITING:
            return
        if isinstance(event, Received):
            event = replace(event, payload=event.payload[:_LONGEST_HEARD])
        self._messages.put(event)

    def receive(self, until_s: float) -> list[Message]:
        """The messages that wait, but for too many; when there is none, the first to come before ``until_s``."""
        messages: list[Message] = []
        self._busy_since_s = None
        try:
            messages.append(self._messages.get(timeout=max(0.0, until_s - time.monotonic())))
            while len(messages) < _MOST_AT_ONCE:
                messages.append(self._messages.get_nowait())
        except queue.Empty:
            pass
        self._busy_since_s = time.monotonic()
        return messages
