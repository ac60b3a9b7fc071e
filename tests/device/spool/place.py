"""Where spools lie in tests, and what lies in them."""

import shutil
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from device.records import ClockState, Event
from device.spool.spool import Spool, SpoolSettings
from tests.device.sightings import NOON, FakeClock, change

AUTUMN_2026_MS = int(NOON.timestamp() * 1000)
ROOT = Path(__file__).parents[3]


def named(name: str, clock: ClockState = "synced") -> Event:
    return replace(change(1, clock=clock), id=name)


class Place:
    """A card, a memory and a clock on which spools are opened one after the other."""

    def __init__(self, folder: Path) -> None:
        self.disk = folder / "state" / "events.sqlite3"
        self.memory = folder / "run" / "events.sqlite3"
        self.clock = FakeClock()
        self._spools: list[Spool] = []

    def open(self, **settings) -> Spool:
        self._spools.append(Spool(self.disk, self.memory, SpoolSettings(**settings), clock=self.clock))
        return self._spools[-1]

    def kill(self) -> None:
        """What a kill leaves: the files as they are, and nobody who holds them."""
        spool = self._spools.pop()
        spool._memory.close()
        spool._disk.close()

    def cut_the_power(self) -> None:
        self.kill()
        shutil.rmtree(self.memory.parent)

    def on_disk(self) -> list[int]:
        with closing(sqlite3.connect(f"file:{self.disk}?mode=ro", uri=True)) as db:
            return [seq for (seq,) in db.execute("SELECT seq FROM events ORDER BY seq")]

    def card_is_written_to(self) -> bool:
        """Whether the card's files have changed since the last call."""
        files = [self.disk, Path(f"{self.disk}-wal")]
        now = [(file.stat().st_mtime_ns, file.stat().st_size) for file in files]
        before, self._files = getattr(self, "_files", None), now
        return now != before

    def close(self) -> None:
        for spool in self._spools:
            spool.close()


def stored(spool: Spool) -> list[tuple[int, str]]:
    return [(event.seq, event.id) for event in spool.read(after_seq=0, limit=1_000_000)]


def fill(spool: Spool, *names: str) -> None:
    spool.add([named(name) for name in names])


def fails(*_, **__):
    raise sqlite3.OperationalError("disk I/O error")
