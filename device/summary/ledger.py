"""From counts as they come in to what is booked: cut where the hour changes, kept until the file has it."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, tzinfo

from device.interfaces import Clock
from device.records import ClockState, SourceState
from device.summary.counts import Counts, Hour, HourSummary, total
from device.summary.hours import hour_of
from device.summary.tally import Tally
from device.summary.writer import Anchor, Batch, Entry

WRITE_EVERY_S = 600.0
_LONGEST_STEP_S = 60.0  # beyond it the loop stood still, and the camera was watched by nobody
_MOST_ENTRIES = 24
_JUMP_S = 60.0


@dataclass(frozen=True, slots=True)
class _Stretch:
    """Time whose counts belong to the same hour by the same state of the clock."""

    hour: Hour
    clock: ClockState
    begun_s: float


class Ledger:
    """Knows what was counted, to which hour it belongs, and what of it is not in the file yet; does no I/O.

    A stretch of time ends where the local hour changes, for whatever reason: an hour has passed, the clock was set,
    summer time ends. What a clock that nobody had set has counted stays in pieces of ten minutes, so that it can be
    moved once the clock is set.

    Args:
        clock: the machine's.
        boot: which start of the machine this is.
        zone: whose hours are meant; None for the machine's.
    """

    def __init__(self, clock: Clock, boot: str, zone: tzinfo | None = None) -> None:
        self._clock = clock
        self._boot = boot
        self._zone = zone
        self.tally = Tally()
        self._batches: list[Batch] = []
        self._entries: deque[Entry] = deque()
        self._number = 0
        self._turned_s = clock.monotonic_s()
        self._steady_since_s = self._turned_s
        self._offset_s = self._offset_now_s()
        self._stretch = self._begin()

    @property
    def hour(self) -> Hour:
        """The present one."""
        return self._stretch.hour

    @property
    def clock_state(self) -> ClockState:
        """Whether the clock had been set at the last turn."""
        return self._stretch.clock

    @property
    def steady_s(self) -> float:
        """For how long the clock has gone without a jump, seconds."""
        return self._turned_s - self._steady_since_s

    def turn(self, state: SourceState) -> None:
        """Time has passed in which the source was in ``state``; may have become another hour."""
        now_s = self._clock.monotonic_s()
        elapsed_s, self._turned_s = now_s - self._turned_s, now_s
        self.tally.add_time(state, min(elapsed_s, _LONGEST_STEP_S))
        offset_s = self._offset_now_s()
        if abs(offset_s - self._offset_s) > _JUMP_S:
            self._steady_since_s = now_s
        self._offset_s = offset_s
        fresh = self._begin()
        is_other = (fresh.hour, fresh.clock) != (self._stretch.hour, self._stretch.clock)
        if is_other or (fresh.clock == "unsynced" and now_s - self._stretch.begun_s >= WRITE_EVERY_S):
            self.cut()

    def cut(self) -> None:
        """End the present stretch here, and begin another."""
        counts = self.tally.take()
        if not counts.is_empty:
            self._batches.append(self._batch(counts))
        self._stretch = self._begin()

    def entries(self) -> tuple[Entry, ...]:
        """All that is not in the file yet, as it is to be written."""
        self.cut()
        if self._batches:
            self._number += 1
            self._entries.append(Entry(self._number, tuple(_merged(self._batches))))
            self._batches = []
        while len(self._entries) > _MOST_ENTRIES:  # a disk that takes nothing for hours
            first, second = self._entries.popleft(), self._entries.popleft()
            together = _merged((*first.batches, *second.batches))
            self._entries.appendleft(replace(second, batches=tuple(together)))
        return tuple(self._entries)

    def confirm(self, number: int) -> None:
        """The file has every entry up to ``number``."""
        while self._entries and self._entries[0].number <= number:
            self._entries.popleft()

    def forget_before(self, day: date) -> None:
        """What is older need not be written any more."""
        kept = (
            replace(entry, batches=tuple(batch for batch in entry.batches if batch.hour.day >= day))
            for entry in self._entries
        )
        self._entries = deque(entry for entry in kept if entry.batches)

    def going_on(self, counts: Counts) -> Batch | None:
        """``counts`` of visits that have not ended, in the present hour; None where there are none."""
        return self._batch(counts) if counts.visits else None

    @property
    def anchor(self) -> Anchor | None:
        """The time of day, where the clock has been set."""
        return Anchor(self._boot, self._offset_s, self._zone) if self._stretch.clock == "synced" else None

    def unwritten(self) -> list[HourSummary]:
        """What no reader of the file can know yet, by hour; an hour may come several times."""
        anchor = self.anchor
        written = (batch for entry in self._entries for batch in entry.batches)
        batches = [*written, *self._batches, self._batch(self.tally.so_far())]
        placed = ((anchor.place(batch) if anchor else None) or batch for batch in batches)
        return [HourSummary(batch.hour, batch.counts, batch.clock) for batch in placed]

    def _begin(self) -> _Stretch:
        return _Stretch(hour_of(self._clock.now(), self._zone), self._clock.state(), self._turned_s)

    def _batch(self, counts: Counts) -> Batch:
        stretch = self._stretch
        middle_s = (stretch.begun_s + self._turned_s) / 2
        return Batch(stretch.hour, stretch.clock, self._boot, middle_s, counts)

    def _offset_now_s(self) -> float:
        return self._clock.now().timestamp() - self._clock.monotonic_s()


def _merged(batches: Iterable[Batch]) -> list[Batch]:
    """Those of one hour as one, where their clock had been set, or where they are many."""
    given = list(batches)
    coarse = len(given) > _MOST_ENTRIES
    groups: dict[tuple[Hour, ClockState, float], list[Batch]] = {}
    for batch in given:
        piece_s = 0.0 if coarse or batch.clock == "synced" else batch.monotonic_s
        groups.setdefault((batch.hour, batch.clock, piece_s), []).append(batch)
    return [replace(group[0], counts=total(batch.counts for batch in group)) for group in groups.values()]
