"""No more than so many a second."""

import time
from collections.abc import Callable

_BURST_S = 0.1


class Pace:
    """A token bucket: ``per_s`` in the long run, and at once what a tenth of a second brings.

    Args:
        per_s: the rate.
        now_s: monotonic seconds.
    """

    def __init__(self, per_s: float, *, now_s: Callable[[], float] = time.monotonic) -> None:
        self._per_s = per_s
        self._now_s = now_s
        self._most = max(1.0, per_s * _BURST_S)
        self._tokens = self._most
        self._filled_at_s = now_s()

    @property
    def ready_at_s(self) -> float:
        """When the next may go, monotonic seconds."""
        return self._filled_at_s + max(0.0, 1.0 - self._tokens) / self._per_s

    def take(self) -> bool:
        """Whether one may go now."""
        now_s = self._now_s()
        self._tokens = min(self._most, self._tokens + (now_s - self._filled_at_s) * self._per_s)
        self._filled_at_s = now_s
        # A wait until ready_at_s may end a rounding error short of a whole token.
        if self._tokens < 1.0 - 1e-6:
            return False
        self._tokens -= 1.0
        return True
