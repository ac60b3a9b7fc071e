"""How long to wait before the next attempt."""

import random
from collections.abc import Callable

_SPREAD = 0.5


class Backoff:
    """Waits that double from ``first_s`` up to ``max_s``.

    Args:
        first_s: the first wait, seconds.
        max_s: the longest wait, seconds.
        chance: 0 to 1; each wait is shortened by up to a half of it, so that the devices of a house do not all try at
            once when what they share comes back. None leaves the waits as they are, for what nobody shares.
    """

    def __init__(self, first_s: float, max_s: float, *, chance: Callable[[], float] | None = random.random) -> None:
        self._first_s = first_s
        self._max_s = max_s
        self._chance = chance
        self._next_s = first_s

    def next_s(self) -> float:
        """The wait before the attempt that comes now, seconds."""
        longest_s = min(self._next_s, self._max_s)
        self._next_s = min(2 * longest_s, self._max_s)
        return longest_s * (1 - _SPREAD * self._chance()) if self._chance else longest_s

    def reset(self) -> None:
        """Begin again from the first wait."""
        self._next_s = self._first_s
