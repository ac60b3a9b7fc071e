"""Numbers for events, none of which is ever given twice."""

import sqlite3
import uuid
from collections.abc import Callable
from contextlib import suppress

from device.interfaces import Clock
from device.records import HIGHEST_SEQ
from device.spool.disk import DiskTier
from device.spool.store import EventStore

_BLOCK = 10_000
_NUMBERS_UP_TO = "numbers_up_to"
_COMPANION = "companion"
_BEGAN_AFTER = "began_after"


class Numbering:
    """Counts up within a block that was reserved beforehand.

    The last number lives in memory, where a power cut takes it; the bound of the block lives on the disk. After a power
    cut the count goes on behind the bound, and a consumer sees a gap. So the disk is written to once in many events.

    ``take`` never waits for the disk: ``reserve_block`` is for whoever may. Where no block was reserved in time, the
    numbers go on from the time of day in milliseconds since 1970: higher than any that counting from 1 reaches, and
    exact in JSON.

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

    def reserve_no_more(self) -> bool:
        """Note that the count has ended here, for a start without a gap; returns whether that went well."""
        return self._reserve(self.last)

    def skip_to_time(self) -> None:
        """Go on from the time of day, as nobody knows which numbers were given."""
        self.last = max(self.last, self._now_ms() - 1)

    def take(self) -> int:
        """The next number."""
        if self.last >= self._bound and not self._by_time:
            self._by_time = True
            self.skip_to_time()
        self.last += 1
        return self.last


def go_on_counting(memory: EventStore, disk: DiskTier, clock: Clock) -> Numbering:
    """Where the numbers go on: behind the last where memory has outlived the process, else behind the bound.

    Where a number is damaged, or the disk cannot be asked, nobody knows which were given: they go on from the time.
    """
    known = [memory.last_seq, disk.attempt(lambda store: store.last_seq) or 0]
    companion = memory.noted(_COMPANION)
    if companion and companion == disk.attempt(lambda store: store.noted(_COMPANION)):
        known.append(_number(memory.noted(_BEGAN_AFTER)))
    else:
        known.append(disk.attempt(lambda store: _number(store.noted(_NUMBERS_UP_TO))) or 0)
    trusted = [number for number in known if number <= HIGHEST_SEQ]
    numbering = Numbering(
        max(trusted, default=0),
        lambda bound: disk.note(**{_NUMBERS_UP_TO: str(bound)}),
        lambda: int(clock.now().timestamp() * 1000),
    )
    if not disk.sound or len(trusted) < len(known):
        numbering.skip_to_time()
    companion = companion or str(uuid.uuid4())
    with suppress(sqlite3.Error, OSError):  # memory without room: the next start takes the two for strangers
        memory.note(**{_COMPANION: companion, _BEGAN_AFTER: str(numbering.last)})
    disk.note(**{_COMPANION: companion})
    numbering.reserve_block()
    return numbering


def _number(noted: str) -> int:
    """What was noted, 0 where nothing was; a number too high to be trusted where it is damaged."""
    if not noted:
        return 0
    sound = noted.isascii() and noted.isdecimal() and len(noted) <= len(str(HIGHEST_SEQ))
    return int(noted) if sound else HIGHEST_SEQ + 1
