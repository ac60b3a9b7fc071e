"""What a broker takes: as MQTT 5 says it, or as experience shows."""

import time
from dataclasses import dataclass

NO_LIMIT = 65_535
SMALL_BYTES = 16_384
"""More than the longest message that is sent to a daemon; and a daemon, which listens to itself, sends none longer."""
_SUSPICIOUS_BYTES = 1000
_SOON_S = 10.0
_TIMES = 2
_REMEMBERED_S = 3600.0


@dataclass(frozen=True, slots=True)
class Limits:
    """What a broker takes.

    Attributes:
        receive_maximum: most messages (QoS 1) without an answer at a time.
        packet_bytes: longest packet; None where the broker names no limit.
        qos: the highest that it takes.
        retain: whether it keeps messages for those who come later.
        is_guess: whether ``packet_bytes`` is our own guess.
    """

    receive_maximum: int = NO_LIMIT
    packet_bytes: int | None = None
    qos: int = 1
    retain: bool = True
    is_guess: bool = False

    def admit(self, topic: str, payload: bytes) -> bool:
        """Whether a message is short enough."""
        return self.packet_bytes is None or packet_bytes(topic, payload) <= self.packet_bytes


def packet_bytes(topic: str, payload: bytes) -> int:
    """How long the packet with a message is at most: fixed header, both lengths, id, and the one property we use."""
    return 5 + 2 + len(topic.encode()) + 2 + 6 + len(payload)


class SizeSuspicion:
    """Guesses the limit of a broker that ends the connection when a message is too long, and never says so.

    MQTT 3.1.1 has no word for it. What has ended two connections in a row, soon after they began, while the same long
    message waited for its answer, is that message.
    """

    def __init__(self) -> None:
        self._suspect = ("", 0)
        self._times = 0
        self._limit: int | None = None
        self._until_s = 0.0

    @property
    def limit_bytes(self) -> int | None:
        """The longest packet that may be sent; None without a suspicion."""
        return self._limit if time.monotonic() < self._until_s else None

    def ended(self, *, held_s: float, unanswered: list[tuple[str, int]]) -> tuple[str, int] | None:
        """A connection has ended; the topic and length of the message that is to blame, when that is new.

        Args:
            held_s: how long it had held, seconds.
            unanswered: topic and packet's length of each message (QoS 1) without an answer.
        """
        suspect = max(unanswered, key=lambda one: one[1], default=("", 0))
        if held_s > _SOON_S or suspect[1] < _SUSPICIOUS_BYTES:
            self._times = 0
            return None
        self._times = self._times + 1 if suspect[0] == self._suspect[0] else 1
        self._suspect = suspect
        if self._times < _TIMES:
            return None
        self._times = 0
        self._limit, self._until_s = suspect[1] - 1, time.monotonic() + _REMEMBERED_S
        return suspect
