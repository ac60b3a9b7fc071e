"""A time of day by which things may be said to grow old."""

from device.interfaces import Clock

_JUMP_S = 5.0


class AgeTime:
    """The time of day as it runs on from the last look, whatever the clock was set to since.

    A clock that was right and is set to something else ages nothing: ``jump_s`` tells by how much, so that what carries
    its time can follow. A clock that was not set and now is, is simply believed.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._offset_s = self._measure_s()
        self._set = self.is_set

    @property
    def is_set(self) -> bool:
        """Whether the clock knows the time of day."""
        return self._clock.state() == "synced"

    def now_s(self) -> float:
        """Seconds since 1970."""
        if not self._set and self.is_set:
            self._offset_s, self._set = self._measure_s(), True
        return self._clock.monotonic_s() + self._offset_s

    def jump_s(self) -> float:
        """By how much a clock that was right has been set forward since the last call, seconds; 0.0 for a trifle."""
        before_s, was_set = self._offset_s, self._set
        self._offset_s, self._set = self._measure_s(), self.is_set
        jump_s = self._offset_s - before_s
        return jump_s if was_set and self._set and abs(jump_s) > _JUMP_S else 0.0

    def _measure_s(self) -> float:
        return self._clock.now().timestamp() - self._clock.monotonic_s()
