"""The spool's file on the disk, which may be slow, full, damaged or not there."""

import logging
import sqlite3
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Literal, TypeVar

from device.interfaces import Clock
from device.spool.store import EventStore, StoredEvent
from device.system.lock import FolderLock

_RETRY_S = 1.0
_MOST_UNWANTED = 100

_T = TypeVar("_T")
_log = logging.getLogger(__name__)


class DiskTier:
    """An EventStore that is opened when it can be; what it cannot do now is None, warned of once, and tried again.

    Its folder is held for this process.

    Raises:
        StorageError: another process holds the folder.
    """

    def __init__(self, path: Path, clock: Clock) -> None:
        self._path = path
        self._clock = clock
        self._lock: FolderLock | None = None
        self._store: EventStore | None = None
        self._turn = threading.RLock()
        self._trouble: Literal["", "events", "more"] = ""
        self._complaint = ""
        self._retry_at_s = clock.monotonic_s()
        self._read_again_at_s = self._retry_at_s
        self._unwanted: set[int] = set()
        self.attempt(lambda _: None)

    def __len__(self) -> int:
        return max(0, len(self._store) - len(self._unwanted)) if self._store else 0

    @property
    def lost(self) -> int:
        """Events that went with a damaged file, as far as they were counted."""
        return self._store.lost if self._store else 0

    @property
    def sound(self) -> bool:
        """Whether it could be opened, and nothing had to be set aside."""
        return self._store is not None and not self._store.was_damaged

    @property
    def cluttered(self) -> bool:
        """Whether ``tidy`` has something to do."""
        return bool(self._unwanted)

    @property
    def troubled(self) -> bool:
        """Whether it is waiting to be tried again."""
        return bool(self._trouble)

    @property
    def complaint(self) -> str | None:
        """What is wrong with it and what to do; None while it can be used. Any thread may ask."""
        return self._complaint if self._trouble else None

    def attempt(self, operation: Callable[[EventStore], _T], *, of: Literal["events", "more"] = "more") -> _T | None:
        """What ``operation`` gives, or None when the disk cannot do it now; after a failure it is left alone.

        A disk that cannot take events may still note a number: only what takes ``of`` the same ends the trouble.
        """
        with self._turn:
            if self._trouble and self._clock.monotonic_s() < self._retry_at_s:
                return None
            try:
                result = operation(self._open())
            except (sqlite3.Error, OSError) as error:
                self._retry_at_s = self._clock.monotonic_s() + _RETRY_S
                self._complain(error, of)
                return None
            if self._trouble and of in {self._trouble, "events"}:
                _log.info("the spool %s can be used again", self._path)
                self._trouble = ""
            return result

    def put(self, events: list[StoredEvent]) -> bool:
        """Store events, flushed; False when they could not be."""

        def insert(store: EventStore) -> bool:
            store.insert(events)
            return True

        return self.attempt(insert, of="events") or False

    def note(self, **notes: str) -> bool:
        """Remember words, flushed; False when it could not be."""

        def note(store: EventStore) -> bool:
            store.note(**notes)
            return True

        return self.attempt(note) or False

    def read(self, *, after_seq: int, limit: int) -> list[StoredEvent] | None:
        """As EventStore's, without what is unwanted; None when it cannot be read now."""
        if not self._store or not len(self._store):
            return []
        spare = sum(seq > after_seq for seq in self._unwanted)
        rows = self._look(lambda store: store.read(after_seq=after_seq, limit=limit + spare))
        return None if rows is None else [row for row in rows if row[0] not in self._unwanted][:limit]

    def forget(self, seqs: Iterable[int]) -> None:
        """Let events go at the next ``tidy``, or when there are many: one write for all of them."""
        if self._store and len(self._store):
            self._unwanted |= set(seqs)
            if len(self._unwanted) >= _MOST_UNWANTED:
                self.tidy()

    def tidy(self) -> None:
        """Delete what is unwanted, and look after a disk that was in trouble."""
        if self._unwanted and self.attempt(lambda store: store.delete(self._unwanted)) is not None:
            self._unwanted.clear()
        elif self._trouble == "more":
            self.attempt(lambda store: store.last_seq)

    def drop_oldest(self, count: int) -> int:
        """Let up to ``count`` events go from the front, also where they cannot be deleted now; returns how many."""
        return self._drop(lambda store: store.oldest(count + len(self._unwanted)), count)

    def drop_before(self, moment_s: float) -> int:
        """Let go of what was stored before ``moment_s``; returns how many."""
        return self._drop(lambda store: store.before(moment_s))

    def close(self) -> None:
        """Let go of the file and the folder."""
        if self._store:
            self._store.close()
        if self._lock:
            self._lock.release()

    def _drop(self, choose: Callable[[EventStore], set[int]], count: int | None = None) -> int:
        if not len(self):
            return 0
        chosen = sorted((self._look(choose) or set()) - self._unwanted)[:count]
        self._unwanted.update(chosen)
        self.tidy()
        return len(chosen)

    def _look(self, operation: Callable[[EventStore], _T]) -> _T | None:
        """What ``operation`` reads; None when it cannot be read now. A disk that takes nothing is read all the same."""
        if not self._store or self._clock.monotonic_s() < self._read_again_at_s:
            return None
        try:
            return operation(self._store)
        except (sqlite3.Error, OSError) as error:
            self._read_again_at_s = self._clock.monotonic_s() + _RETRY_S
            self._complain(error, "more")
            return None

    def _complain(self, error: Exception, of: Literal["events", "more"]) -> None:
        if not self._trouble:
            self._complaint = (
                f"the spool {self._path} cannot be used: {error}; events stay in memory until it can, and a power cut "
                "would take them; check the folder's permissions and the free space"
            )
            _log.warning("%s", self._complaint)
        if self._trouble != "events":
            self._trouble = of

    def _open(self) -> EventStore:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        if self._lock is None:
            self._lock = FolderLock(self._path.parent)
        if self._store is None:
            self._store = EventStore(self._path, "disk")
        return self._store
