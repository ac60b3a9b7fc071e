"""When the spool is looked after."""

from device.spool.spool import LATE_AFTER_S, Spool

_EXPIRE_EVERY_S = 60.0
_TICK_S = 0.5


class Upkeep:
    """Expires and ticks a spool at their times; for the thread that owns it.

    Args:
        spool: what is looked after.
    """

    def __init__(self, spool: Spool) -> None:
        self._spool = spool
        self._tick_at_s = 0.0
        self._expire_at_s = 0.0

    @property
    def due_s(self) -> float:
        """When something is to be done next, monotonic seconds."""
        return min(self._expire_at_s, self._tick_at_s) if self._spool.restless else self._expire_at_s

    def run(self, now_s: float, *, away_s: float) -> None:
        """Do what is due.

        Args:
            now_s: monotonic seconds.
            away_s: how long the broker has not answered, seconds.
        """
        if now_s >= self._expire_at_s:
            self._expire_at_s = now_s + _EXPIRE_EVERY_S
            self._spool.expire()
        if now_s >= self._tick_at_s:
            self._tick_at_s = now_s + _TICK_S
            self._spool.tick(away=away_s >= LATE_AFTER_S)
