"""How long to wait before the next attempt."""

import random
from collections.abc import Callable


class Backoff:
    """Waits that double from ``first_s`` up to ``max_s``, each shortened at random by up to a half.

    The chance keeps the devices of a house from knocking all at once when their broker comes back.
    """

    def __init__(self, first_s: float, max_s: float, *, chance: Callable[[], float] = random.random) -> None:
        self._first_s = first_s
        self._max_s = max_s
        self._chance = chance
        self._next_s = first_s

    def next_s(self) -> float:
        """The wait before the attempt that comes now, seconds."""
        longest_s = min(self._next_s, self._max_s)
        self._next_s = min(2 * longest_s, self._max_s)
        return longest_s * (1 - self._chance() / 2)

    def reset(self) -> None:
        """Begin again from the first wait."""
        self._next_s = self._first_s
