"""Keeps events until the broker has them: in memory at first, on the disk when it takes long."""

import hashlib
import logging
import sqlite3
import threading
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from pydantic import Field

from device.errors import RecordError
from device.interfaces import Clock
from device.records import Event
from device.section import Section
from device.spool.agetime import AgeTime
from device.spool.damaged import DamagedEvents
from device.spool.disk import DiskTier
from device.spool.numbering import go_on_counting
from device.spool.store import EventStore, StoredEvent
from device.system.log import LogOnce

SPOOL_NAME = "events.sqlite3"
LATE_AFTER_S = 2.0
"""An event that waits for longer is late: it belongs on the disk, and is marked ``replayed`` when it is sent."""

_MOVED_AT_ONCE = 500
_MOVING_S = 5.0

_T = TypeVar("_T")
_log = logging.getLogger(__name__)


def memory_name(state_dir: Path) -> str:
    """What the file in memory is called, so that daemons with state folders of their own may share that place."""
    return f"events-{hashlib.sha256(bytes(state_dir.resolve())).hexdigest()[:12]}.sqlite3"


class SpoolSettings(Section):
    """How much is kept while the broker is away, and how fast it is sent later; beyond a bound the oldest events go.

    Attributes:
        max_events: the most events that are kept.
        max_age_s: the longest time for which an event is kept, seconds.
        drain_per_s: the most late events that are sent in a second.
    """

    max_events: int = Field(10_000, ge=1, le=1_000_000)
    max_age_s: float = Field(7 * 86_400.0, gt=0)
    drain_per_s: float = Field(100.0, ge=0.1, le=10_000)


class Spool:
    """Numbered events, in order, in two SQLite files.

    ``add`` stores in memory (a tmpfs) and may be called from any thread; everything else is for the one thread that
    publishes. ``tick`` moves to the disk what has waited for long, or everything while the broker is away. So a killed
    process loses nothing, a power cut what came up since the tick before, and a disk that is slow, full or broken holds
    up nobody: what it does not take stays in memory.

    Args:
        disk_path: the file on the disk; its folder is locked for this process.
        memory_path: the file in memory; None keeps events in the process, and a killed one takes them along.
        settings: the bounds.
        clock: the time.

    Raises:
        StorageError: another process uses the folder.
    """

    def __init__(self, disk_path: Path, memory_path: Path | None, settings: SpoolSettings, *, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._time = AgeTime(clock)
        self._adding = threading.Lock()
        self._unstored: deque[StoredEvent] = deque()
        self._memory_trouble = LogOnce(_log)
        self._closed = False
        self._dropped = 0
        self._warn_at = 1
        self._damaged = DamagedEvents(disk_path.with_name("events.damaged.jsonl"))
        self._incomplete = False
        self._disk = DiskTier(disk_path, clock)
        self._memory = _open_memory(memory_path)
        self._numbering = go_on_counting(self._memory, self._disk, clock)
        self._late_up_to = self._numbering.last
        self._marks: deque[tuple[float, int]] = deque()
        self._forget_copies()
        self.expire()

    def __len__(self) -> int:
        return len(self._memory) + len(self._unstored) + len(self._disk)

    @property
    def dropped(self) -> int:
        """Events that went unsent because a bound was reached or a file was damaged, as far as they were counted."""
        return self._dropped + self._damaged.count + self._memory.lost + self._disk.lost

    @property
    def last_seq(self) -> int:
        """The highest number given so far; 0 before the first."""
        return self._numbering.last

    @property
    def late_up_to(self) -> int:
        """The highest number that has waited for ``LATE_AFTER_S``, or was there at the start."""
        return self._late_up_to

    @property
    def disk_trouble(self) -> str | None:
        """What is wrong with the disk and what to do; None while it can be used. Any thread may ask."""
        return self._disk.complaint

    @property
    def restless(self) -> bool:
        """Whether a ``tick`` may have something to do soon."""
        waiting = len(self._memory) or self._unstored or self._marks
        return bool(waiting or self._disk.cluttered or self._disk.troubled or self._numbering.block_wanted)

    def add(self, events: Sequence[Event]) -> None:
        """Number events and store them in this order, in one transaction.

        Any thread may call it, and waits for no disk.
        """
        with self._adding:
            now_s = self._time.now_s()
            for event in events:
                numbered = replace(event, seq=self._numbering.take())
                # Before the clock is set its time means nothing, and must not age an event once it is.
                stored_at = now_s if event.clock == "synced" else None
                self._unstored.append((numbered.seq, stored_at, numbered.to_json()))
            self._store_unstored()
            self._keep_memory_in_bound()

    def read(self, *, after_seq: int, limit: int) -> list[Event]:
        """Up to ``limit`` events numbered above ``after_seq``, in order; those that are damaged are set aside.

        Where the disk cannot be read it is what lies in memory, and ``incomplete`` says so.
        """
        events: list[Event] = []
        while len(events) < limit and (rows := self._rows(after_seq, limit - len(events))):
            after_seq = rows[-1][0]
            events += [event for row in rows if (event := self._event_of(row))]
        return events

    @property
    def incomplete(self) -> bool:
        """Whether the last ``read`` was without what lies on the disk, which may hold older events."""
        return self._incomplete

    def remove(self, seqs: Iterable[int]) -> None:
        """Forget events that the broker has; unknown numbers are ignored. The disk follows at the next tick."""
        wanted = set(seqs)
        self._disk.forget(wanted - self._delete_from_memory(wanted))

    def tick(self, *, away: bool) -> None:
        """Put everything where it belongs; ``away`` says whether the broker has not answered for ``LATE_AFTER_S``.

        To be called every half second while ``restless``.
        """
        self._mark_late()
        self._retry_unstored()
        self._disk.tidy()
        self._numbering.reserve_block()
        self._move_to_disk(self._numbering.last if away else self._late_up_to)
        self._keep_bound()

    def expire(self) -> None:
        """Drop what is too old; a clock that is not set, or that jumps, ages nothing."""
        with self._adding:
            jump_s = self._time.jump_s()
            if jump_s:
                self._in_memory(lambda store: store.shift_times(jump_s))
        if jump_s:
            _log.warning("the clock has jumped by %.0f s; the events in the spool do not age by that", jump_s)
            self._disk.attempt(lambda store: store.shift_times(jump_s))
        if self._time.is_set:
            oldest_s = self._time.now_s() - self._settings.max_age_s
            in_memory = self._in_memory(lambda store: store.delete(store.before(oldest_s))) or ()
            self._count_dropped(self._disk.drop_before(oldest_s) + len(in_memory))

    def close(self) -> None:
        """Move everything to the disk and let go of both files; harmless when it was done."""
        if self._closed:
            return
        self._closed = True
        self.tick(away=True)
        if not len(self._memory) and not self._unstored and self._numbering.reserve_no_more():
            self._memory.discard()
        else:
            self._memory.close()
        self._disk.close()

    def _rows(self, after_seq: int, limit: int) -> list[StoredEvent]:
        on_disk = self._disk.read(after_seq=after_seq, limit=limit)
        self._incomplete = on_disk is None
        in_memory = self._in_memory(lambda store: store.read(after_seq=after_seq, limit=limit))
        return [row for _, row in sorted({row[0]: row for row in (on_disk or []) + (in_memory or [])}.items())][:limit]

    def _event_of(self, row: StoredEvent) -> Event | None:
        """The event, None where it is damaged, or was before."""
        seq, _, text = row
        if seq in self._damaged.seqs:
            return None
        try:
            event = Event.from_json(text)
            numbered = replace(event, seq=seq)
        except RecordError as error:
            fault = error.reason
        else:
            if event.seq in {0, seq}:  # 0: a version that did not write it there
                return numbered
            fault = f"it lies there as number {seq}, and says that it is {event.seq}"
        self._damaged.add(row, fault)
        self.remove([seq])
        return None

    def _forget_copies(self) -> None:
        """What was on its way to the disk when the process ended is in both."""
        if len(self._memory) and len(self._disk):
            self._delete_from_memory(self._disk.attempt(lambda store: store.numbers()) or set())

    def _mark_late(self) -> None:
        now_s = self._clock.monotonic_s()
        while self._marks and now_s - self._marks[0][0] >= LATE_AFTER_S:
            _, self._late_up_to = self._marks.popleft()
        if self.last_seq > (self._marks[-1][1] if self._marks else self._late_up_to):
            self._marks.append((now_s, self.last_seq))

    def _store_unstored(self) -> None:
        """Try memory; under the lock, so that numbers go in as they were given."""

        def insert(store: EventStore) -> bool:
            store.insert(self._unstored)
            return True

        if self._in_memory(insert):
            self._unstored.clear()

    def _retry_unstored(self) -> None:
        with self._adding:
            if self._unstored:
                self._store_unstored()
            rest = list(self._unstored)
        if rest and self._disk.put(rest):
            with self._adding:
                while self._unstored and self._unstored[0][0] <= rest[-1][0]:
                    self._unstored.popleft()

    def _move_to_disk(self, up_to_seq: int) -> None:
        """In steps, and no more of them than a moment takes: a slow disk goes on at the next tick."""
        until_s = self._clock.monotonic_s() + _MOVING_S
        while rows := self._in_memory(lambda store: store.read(up_to_seq=up_to_seq, limit=_MOVED_AT_ONCE)):
            if not self._disk.put(rows) or not self._delete_from_memory({seq for seq, _, _ in rows}):
                break
            if self._clock.monotonic_s() > until_s and not self._closed:
                break

    def _delete_from_memory(self, seqs: set[int]) -> set[int]:
        return self._in_memory(lambda store: store.delete(seqs)) or set()

    def _keep_bound(self) -> None:
        surplus = len(self) - self._settings.max_events
        if surplus > 0:
            # The oldest lie on the disk. Where that cannot even be read, memory keeps to the bound by itself.
            self._count_dropped(self._disk.drop_oldest(surplus))
            with self._adding:
                self._keep_memory_in_bound()

    def _keep_memory_in_bound(self) -> None:
        count = len(self._memory) + len(self._unstored) - self._settings.max_events
        if count > 0:
            dropped = len(self._in_memory(lambda store: store.delete(store.oldest(count))) or ())
            while dropped < count and self._unstored:
                self._unstored.popleft()
                dropped += 1
            self._count_dropped(dropped)

    def _count_dropped(self, count: int) -> None:
        self._dropped += count
        if count and self._dropped >= self._warn_at:
            self._warn_at = 2 * self._dropped
            _log.warning("the spool is full or too old: %d events dropped unsent so far", self._dropped)

    def _in_memory(self, operation: Callable[[EventStore], _T]) -> _T | None:
        """What ``operation`` gives, or None when memory is full or broken."""
        try:
            result = operation(self._memory)
        except (sqlite3.Error, OSError) as error:
            self._memory_trouble.log("the spool in memory fails: %s; a killed daemon would lose events", str(error))
            return None
        self._memory_trouble.forget()
        return result


def _open_memory(path: Path | None) -> EventStore:
    try:
        return EventStore(path, "memory")
    except (sqlite3.Error, OSError) as error:
        _log.warning("%s cannot be used: %s; a killed daemon would lose events that are not on the disk", path, error)
        return EventStore(None, "memory")
