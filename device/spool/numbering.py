"""Numbers for events, none of which is ever given twice."""

from collections.abc import Callable

_BLOCK = 1000


class Numbering:
    """Counts up within a block that was reserved beforehand.

    The last number lives in memory, where a power cut takes it; the bound of the block lives on the disk. After a power
    cut the count goes on behind the bound, and a consumer sees a gap. So the disk is written to once in many events.

    Where no block could be reserved in time, the numbers go on from the time of day in milliseconds since 1970: higher
    than any that counting from 1 reaches, and exact in JSON.

    Args:
        last: the highest number given so far.
        reserve: notes a bound where a power cut cannot take it; returns whether it did.
        now_ms: the time of day in milliseconds since 1970.
    """

    def __init__(self, last: int, reserve: Callable[[int], bool], now_ms: Callable[[], int]) -> None:
        self.last = last
        self._reserve = reserve
        self._now_ms = now_ms
        self._bound = last
        self._by_time = False

    @property
    def block_wanted(self) -> bool:
        """Whether it is time for the next block, long before the present one is used up."""
        return self._by_time or self._bound - self.last < _BLOCK // 2

    def reserve_block(self) -> None:
        """Reserve the next block when it is time; harmless when that fails, to be tried again."""
        bound = self.last + _BLOCK
        if self.block_wanted and self._reserve(bound):
            self._bound = max(self._bound, bound)
            self._by_time = False

    def skip_to_time(self) -> None:
        """Go on from the time of day, as nobody knows which numbers were given."""
        self.last = max(self.last, self._now_ms() - 1)

    def take(self) -> int:
        """The next number."""
        if self.last >= self._bound and not self._by_time:
            self.reserve_block()
            if self.last >= self._bound:
                self._by_time = True
                self.skip_to_time()
        self.last += 1
        return self.last
