"""The spool keeps events in order over restarts, kills and power cuts, within bounds, whatever happens to its files."""

import json
import logging
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from device.errors import StorageError
from device.records import ClockState, Event
from device.spool.damaged import DamagedEvents
from device.spool.spool import LATE_AFTER_S, Spool, SpoolSettings
from device.spool.store import EventStore
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


@pytest.fixture
def place(tmp_path):
    place = Place(tmp_path)
    yield place
    place.close()


def stored(spool: Spool) -> list[tuple[int, str]]:
    return [(event.seq, event.id) for event in spool.read(after_seq=0, limit=1_000_000)]


def fill(spool: Spool, *names: str) -> None:
    spool.add([named(name) for name in names])


def test_events_come_out_in_the_order_they_went_in(place):
    spool = place.open()
    fill(spool, "a", "b")
    fill(spool, "c")
    assert stored(spool) == [(1, "a"), (2, "b"), (3, "c")]
    assert (len(spool), spool.last_seq, spool.dropped) == (3, 3, 0)


def test_reading_goes_on_after_a_number_and_stops_at_a_limit(place):
    spool = place.open()
    fill(spool, *"abcde")
    assert [event.seq for event in spool.read(after_seq=2, limit=2)] == [3, 4]


@pytest.mark.parametrize("away", [True, False])
def test_what_the_broker_has_is_forgotten_wherever_it_lies(place, away):
    spool = place.open()
    fill(spool, *"abc")
    spool.tick(away=away)
    spool.remove([2, 99])
    assert stored(spool) == [(1, "a"), (3, "c")]
    spool.tick(away=away)
    assert stored(spool) == [(1, "a"), (3, "c")]
    assert len(spool) == 2


def test_while_the_broker_answers_the_card_is_left_alone(place):
    spool = place.open()
    spool.tick(away=False)
    place.card_is_written_to()
    for number in range(400):
        fill(spool, str(number))
        spool.remove([spool.last_seq])
        place.clock.time_s += 0.5
        spool.tick(away=False)
    assert not place.card_is_written_to()
    assert spool.last_seq == 400


def test_while_the_broker_is_away_every_tick_brings_all_events_to_the_card(place):
    spool = place.open()
    fill(spool, "a", "b")
    spool.tick(away=True)
    assert place.on_disk() == [1, 2]
    fill(spool, "c")
    assert place.on_disk() == [1, 2]
    assert stored(spool) == [(1, "a"), (2, "b"), (3, "c")]
    spool.tick(away=True)
    assert place.on_disk() == [1, 2, 3]


def test_an_event_that_waits_too_long_for_a_slow_broker_goes_to_the_card_as_well(place):
    spool = place.open()
    fill(spool, "a")
    spool.tick(away=False)
    place.clock.time_s += LATE_AFTER_S
    fill(spool, "b")
    spool.tick(away=False)
    assert place.on_disk() == [1]
    assert spool.late_up_to == 1


def test_a_clean_stop_leaves_everything_on_the_card_and_nothing_in_memory(place):
    spool = place.open()
    fill(spool, "a", "b")
    spool.remove([1])
    spool.close()
    assert place.on_disk() == [2]
    assert list(place.memory.parent.iterdir()) == []
    again = place.open()
    fill(again, "c")
    assert stored(again) == [(2, "b"), (3, "c")]


def test_numbers_go_on_without_a_gap_after_a_clean_stop_though_every_event_is_gone(place):
    for number in range(1, 4):
        spool = place.open()
        fill(spool, "a")
        assert spool.last_seq == number
        spool.remove([number])
        spool.close()


def test_numbers_go_on_without_a_gap_after_a_kill(place):
    spool = place.open()
    fill(spool, "a", "b")
    spool.remove([1, 2])
    place.kill()
    place.open()
    place.kill()
    again = place.open()
    fill(again, "c")
    assert stored(again) == [(3, "c")]


def test_a_kill_loses_nothing_wherever_it_lies(place):
    spool = place.open()
    fill(spool, "a")
    spool.tick(away=True)
    fill(spool, "b")
    place.kill()
    assert stored(place.open()) == [(1, "a"), (2, "b")]


def test_a_process_that_is_killed_loses_nothing_it_has_stored(place):
    script = (
        "import os, signal, sys; from pathlib import Path; from device.spool.spool import Spool, SpoolSettings\n"
        "from dataclasses import replace; from device.system.clock import SystemClock\n"
        "from tests.device.sightings import change\n"
        "spool = Spool(Path(sys.argv[1]), Path(sys.argv[2]), SpoolSettings(), clock=SystemClock())\n"
        "spool.add([replace(change(1), id=str(n)) for n in range(50)])\n"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    command = [sys.executable, "-c", script, str(place.disk), str(place.memory)]
    assert subprocess.run(command, check=False, cwd=ROOT).returncode == -9
    assert [event for _, event in stored(place.open())] == [str(n) for n in range(50)]


def test_a_kill_on_the_way_to_the_card_leaves_no_event_twice(place):
    spool = place.open()
    fill(spool, "a", "b")
    spool._disk.put(spool._memory.read(limit=1))
    place.kill()
    again = place.open()
    assert stored(again) == [(1, "a"), (2, "b")]
    again.remove([1, 2])
    again.tick(away=True)
    assert (len(again), place.on_disk()) == (0, [])


def test_a_power_cut_takes_what_was_in_memory_and_no_number_is_given_twice(place):
    spool = place.open()
    fill(spool, "a")
    spool.tick(away=True)
    fill(spool, "b", "c")
    place.cut_the_power()
    again = place.open()
    assert stored(again) == [(1, "a")]
    fill(again, "d")
    assert again.last_seq > 3
    first = again.last_seq
    place.cut_the_power()
    third = place.open()
    fill(third, "e")
    assert third.last_seq > first


def test_a_flood_between_two_ticks_gets_numbers_without_a_gap_and_a_power_cut_repeats_none(place):
    spool = place.open()
    for _ in range(30):
        fill(spool, *map(str, range(100)))
    assert spool.last_seq == 3000
    place.cut_the_power()
    again = place.open()
    fill(again, "after")
    assert again.last_seq > 3000


def test_memory_of_another_time_does_not_turn_the_numbers_back(place, tmp_path):
    spool = place.open()
    fill(spool, "a")
    place.kill()
    here, place.memory = place.memory, tmp_path / "elsewhere" / "events.sqlite3"
    spool = place.open()
    fill(spool, *"bcd")
    highest = spool.last_seq
    place.kill()
    place.memory = here
    again = place.open()
    fill(again, "e")
    assert again.last_seq > highest
    assert stored(again) == [(1, "a"), (again.last_seq, "e")]


def test_a_full_spool_drops_the_oldest_and_counts_it(place, caplog):
    spool = place.open(max_events=3)
    fill(spool, *"ab")
    spool.tick(away=True)
    fill(spool, *"cde")
    spool.tick(away=True)
    assert stored(spool) == [(3, "c"), (4, "d"), (5, "e")]
    assert (len(spool), spool.dropped) == (3, 2)
    assert "dropped" in caplog.text


def test_memory_alone_keeps_within_the_bound(place):
    spool = place.open(max_events=3)
    fill(spool, *"abcd")
    fill(spool, "e")
    assert (stored(spool), spool.dropped) == ([(3, "c"), (4, "d"), (5, "e")], 2)


def test_events_that_are_too_old_are_dropped_and_counted_wherever_they_lie(place):
    spool = place.open(max_age_s=60)
    fill(spool, "old")
    spool.tick(away=True)
    fill(spool, "old too")
    place.clock.time_s += 50
    fill(spool, "new")
    place.clock.time_s += 20
    spool.expire()
    assert (stored(spool), spool.dropped) == ([(3, "new")], 2)


def test_an_event_from_before_the_clock_was_set_does_not_age_when_it_is(place):
    place.clock.clock_state = "unsynced"
    spool = place.open(max_age_s=60)
    spool.add([named("early", clock="unsynced")])
    place.clock.ahead_s = 1e8
    place.clock.clock_state = "synced"
    spool.expire()
    assert stored(spool) == [(1, "early")]


def test_a_clock_that_is_not_set_drops_nothing(place):
    spool = place.open(max_age_s=60)
    fill(spool, "a")
    place.clock.clock_state = "unsynced"
    place.clock.time_s += 100
    spool.expire()
    assert stored(spool) == [(1, "a")]


@pytest.mark.parametrize("jump_s", [1e8, -1e8])
def test_a_clock_that_jumps_ages_nothing(place, jump_s):
    spool = place.open(max_age_s=60)
    fill(spool, "on the card")
    spool.tick(away=True)
    fill(spool, "in memory")
    place.clock.ahead_s = jump_s
    fill(spool, "after the jump")
    spool.expire()
    place.clock.time_s += 50
    spool.expire()
    assert [event for _, event in stored(spool)] == ["on the card", "in memory", "after the jump"]
    place.clock.time_s += 20
    spool.expire()
    assert stored(spool) == []


@pytest.mark.parametrize("damage", [b"this is no database at all, but long enough to look like one" * 20, b"\0" * 4096])
def test_a_damaged_card_is_set_aside_and_the_numbers_go_on_from_the_time(place, damage, caplog):
    place.disk.parent.mkdir()
    place.disk.write_bytes(damage)
    spool = place.open()
    fill(spool, "a")
    assert stored(spool) == [(AUTUMN_2026_MS, "a")]
    assert place.disk.with_name("events.sqlite3.damaged").read_bytes() == damage
    assert "damaged" in caplog.text


def test_damaged_memory_is_set_aside_and_no_number_is_given_twice(place, caplog):
    spool = place.open()
    fill(spool, "a")
    place.kill()
    place.memory.write_bytes(b"\0" * 4096)
    Path(f"{place.memory}-wal").unlink(missing_ok=True)
    again = place.open()
    fill(again, "b")
    assert again.last_seq > 1
    assert [event for _, event in stored(again)] == ["b"]
    assert "damaged" in caplog.text


def test_a_file_of_a_later_version_is_set_aside(place):
    place.open().close()
    with closing(sqlite3.connect(place.disk)) as db:
        db.execute("PRAGMA user_version = 99")
    spool = place.open()
    fill(spool, "a")
    assert len(spool) == 1
    assert place.disk.with_name("events.sqlite3.damaged").exists()


def test_damage_while_it_runs_costs_what_was_on_the_card_and_is_counted(place, caplog):
    spool = place.open()
    fill(spool, *(f"{n:0200d}" for n in range(500)))
    spool.close()
    spool = place.open()
    spool._disk._store._db.execute("PRAGMA cache_size = 1")
    with place.disk.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * (place.disk.stat().st_size - 4096))
    fill(spool, "after")
    spool.tick(away=True)
    assert [event for _, event in stored(spool)] == ["after"]
    assert spool.last_seq == 501
    assert spool.dropped == 500
    assert "damaged" in caplog.text


def test_where_no_card_can_be_written_events_are_kept_in_memory_until_it_can(place, caplog):
    place.disk.parent.write_text("a file where a folder should be")
    with caplog.at_level(logging.INFO):
        spool = place.open()
        fill(spool, "a")
        spool.tick(away=True)
        spool.tick(away=True)
        assert caplog.text.count("cannot be used") == 1
        assert "check the folder's permissions and the free space" in spool.disk_trouble
        assert stored(spool) == [(AUTUMN_2026_MS, "a")]
        place.disk.parent.unlink()
        place.clock.time_s += 2
        spool.tick(away=True)
    assert place.on_disk() == [AUTUMN_2026_MS]
    assert "can be used again" in caplog.text
    assert spool.disk_trouble is None


def test_a_card_that_is_full_leaves_the_events_in_memory_and_is_tried_again(place, caplog):
    spool = place.open()
    fill(spool, "a")
    spool.tick(away=True)
    card = spool._disk._store._db
    pages = card.execute("PRAGMA page_count").fetchone()[0]
    card.execute(f"PRAGMA max_page_count = {pages}")
    fill(spool, "x" * 100_000, "b")
    for _ in range(3):
        spool.tick(away=True)
        place.clock.time_s += 2
    assert [event[:1] for _, event in stored(spool)] == ["a", "x", "b"]
    assert place.on_disk() == [1]
    assert (caplog.text.count("cannot be used"), spool.dropped) == (1, 0)
    card.execute("PRAGMA max_page_count = 1000000")
    spool.tick(away=True)
    assert place.on_disk() == [1, 2, 3]


def test_a_card_that_is_full_is_read_and_what_the_broker_has_is_not_sent_again(place):
    spool = place.open()
    fill(spool, "a", "b")
    spool.tick(away=True)
    spool._disk._store._db.execute("PRAGMA max_page_count = 1")
    fill(spool, "x" * 100_000)
    spool.tick(away=True)
    assert [seq for seq, _ in stored(spool)] == [1, 2, 3]
    spool.remove([1])
    spool.tick(away=True)
    assert [seq for seq, _ in stored(spool)] == [2, 3]


def test_memory_that_is_full_is_no_reason_to_lose_an_event(place, caplog):
    spool = place.open()
    fill(spool, "a")
    memory = spool._memory._db
    memory.execute("PRAGMA max_page_count = 1")
    fill(spool, "x" * 100_000)
    fill(spool, "b")
    spool.tick(away=False)
    assert [event[:1] for _, event in stored(spool)] == ["a", "x", "b"]
    assert place.on_disk() == [2, 3]
    assert "memory fails" in caplog.text


def test_a_place_in_memory_that_is_full_from_the_start_keeps_no_daemon_from_starting(place, monkeypatch, caplog):
    def full(store, *_, **__):
        if store._medium == "memory":
            raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(EventStore, "note", full)
    monkeypatch.setattr(EventStore, "insert", full)
    spool = place.open()
    fill(spool, "a", "b")
    assert [name for _, name in stored(spool)] == []  # neither in memory nor on the disk yet
    monkeypatch.undo()
    spool.tick(away=False)
    assert [name for _, name in stored(spool)] == ["a", "b"]
    assert "the spool in memory fails" in caplog.text


def test_without_a_place_in_memory_events_are_kept_all_the_same(place, caplog):
    place.memory.parent.write_text("a file where a folder should be")
    spool = place.open()
    fill(spool, "a")
    assert stored(spool) == [(1, "a")]
    spool.tick(away=True)
    assert place.on_disk() == [1]
    assert "a killed daemon would lose" in caplog.text


def test_a_second_spool_in_the_same_folder_is_refused_until_the_first_is_closed(place):
    spool = place.open()
    with pytest.raises(StorageError, match=r"another affectd \(process \d+\).*device\.state_dir"):
        place.open()
    spool.close()
    place.open()


def test_an_event_after_the_clock_was_set_for_the_first_time_does_not_carry_the_time_before(place):
    place.clock.clock_state, place.clock.ahead_s = "unsynced", -1e9
    spool = place.open(max_age_s=60)
    place.clock.clock_state, place.clock.ahead_s = "synced", 0.0
    fill(spool, "just after")
    spool.expire()
    assert stored(spool) == [(1, "just after")]


def test_on_a_disk_that_cannot_be_read_live_events_are_handed_out_and_the_rest_once_it_can(place, monkeypatch):
    spool = place.open()
    fill(spool, "on the disk")
    spool.tick(away=True)
    fill(spool, "live")
    with monkeypatch.context() as broken:
        broken.setattr(spool._disk._store, "read", fails)
        assert (stored(spool), spool.incomplete) == ([(2, "live")], True)
        assert "cannot be used" in spool.disk_trouble
        assert stored(spool) == [(2, "live")]
    place.clock.time_s += 2
    assert (stored(spool), spool.incomplete) == ([(1, "on the disk"), (2, "live")], False)


def fails(*_, **__):
    raise sqlite3.OperationalError("disk I/O error")


def test_a_disk_found_damaged_while_it_is_full_is_used_again_once_there_is_room(place, monkeypatch):
    spool = place.open()
    fill(spool, "a")
    spool.tick(away=True)
    store = spool._disk._store
    with monkeypatch.context() as full:
        full.setattr(store, "_load", fails)
        full.setattr(store, "_transact", damaged)
        fill(spool, "b")
        spool.tick(away=True)
        assert spool.disk_trouble
    place.clock.time_s += 2
    spool.tick(away=True)
    assert (stored(spool), spool.disk_trouble, place.on_disk()) == ([(2, "b")], None, [2])
    assert spool.dropped == 1


def damaged(*_, **__):
    error = sqlite3.DatabaseError("database disk image is malformed")
    error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
    raise error


def test_adding_never_touches_the_disk_not_even_for_numbers(place, monkeypatch):
    spool = place.open()
    monkeypatch.setattr(spool._disk, "attempt", fails)
    monkeypatch.setattr(spool._disk, "note", fails)
    for _ in range(11):
        fill(spool, *map(str, range(1000)))
    assert len(spool) == 10_000


def test_numbers_that_no_block_was_reserved_for_in_time_go_on_from_the_time(place):
    spool = place.open()
    for _ in range(11):
        fill(spool, *map(str, range(1000)))
    assert spool.last_seq > AUTUMN_2026_MS
    highest = spool.last_seq
    spool.tick(away=True)
    place.cut_the_power()
    again = place.open()
    fill(again, "after")
    assert again.last_seq > highest


def test_a_full_spool_on_a_disk_that_takes_nothing_drops_the_oldest_all_the_same(place):
    spool = place.open(max_events=3)
    fill(spool, *"abc")
    spool.tick(away=True)
    spool._disk._store._db.execute("PRAGMA query_only = 1")
    for name in "de":
        fill(spool, name)
        place.clock.time_s += 2
        spool.tick(away=True)
    assert (stored(spool), spool.dropped, len(spool)) == ([(3, "c"), (4, "d"), (5, "e")], 2, 3)
    spool._disk._store._db.execute("PRAGMA query_only = 0")
    place.clock.time_s += 2
    spool.tick(away=True)
    assert (place.on_disk(), spool.dropped) == ([3, 4, 5], 2)


DAMAGES = {
    "cut": "UPDATE events SET description = substr(description, 1, 40) WHERE seq = 1",
    "a changed key": "UPDATE events SET description = replace(description, 'clock', 'clokc') WHERE seq = 1",
    "not UTF-8": "UPDATE events SET description = CAST(replace(description, 'happy', x'ff') AS TEXT) WHERE seq = 1",
    "another's number": "UPDATE events SET description = replace(description, '\"seq\":1', '\"seq\":7') WHERE seq = 1",
    "the highest number": "UPDATE events SET seq = 9223372036854775807 WHERE seq = 1;"
    "UPDATE sqlite_sequence SET seq = 9223372036854775807",
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_event_is_set_aside_counted_and_told_and_the_others_go_on(place, damage, caplog):
    spool = place.open()
    fill(spool, "a", "b")
    spool.close()
    with closing(sqlite3.connect(place.disk)) as db:
        db.executescript(damage)
    spool = place.open()
    fill(spool, "c")
    for _ in range(2):
        assert [name for _, name in stored(spool)] == ["b", "c"]
    spool.tick(away=True)
    assert (spool.dropped, len(spool), len(place.on_disk())) == (1, 2, 2)
    assert caplog.text.count("in the spool is damaged") == 1
    (line,) = (place.disk.parent / "events.damaged.jsonl").read_text().splitlines()
    assert "schema" in json.loads(line)["text"]


def test_a_damaged_note_of_the_numbers_makes_them_go_on_from_the_time(place):
    place.open().close()
    with closing(sqlite3.connect(place.disk)) as db:
        db.execute("UPDATE notes SET value = 'x1' WHERE name = 'numbers_up_to'")
        db.commit()
    spool = place.open()
    fill(spool, "a")
    assert stored(spool) == [(AUTUMN_2026_MS, "a")]


def test_a_file_of_damaged_events_does_not_grow_for_ever(tmp_path):
    kept = DamagedEvents(tmp_path / "damaged.jsonl")
    for number in range(30):
        kept.add((number, None, b"x" * 100_000), "why")
    assert kept.count == 30
    assert (tmp_path / "damaged.jsonl").stat().st_size < 1_200_000


@pytest.mark.parametrize(("medium", "flushed", "told"), [("disk", True, 2), ("disk", False, 1), ("memory", True, 0)])
def test_what_goes_to_the_disk_is_flushed_and_a_deletion_or_memory_is_not(tmp_path, medium, flushed, told):
    store = EventStore(tmp_path / "events.sqlite3", medium)
    level = []
    store._attempt(lambda db: level.append(db.execute("PRAGMA synchronous").fetchone()[0]), flushed=flushed)
    assert level == [told]
    store.close()


def test_inserting_and_noting_are_flushed(tmp_path, monkeypatch):
    store = EventStore(tmp_path / "events.sqlite3", "disk")
    flushes = []
    transact = store._transact

    def spy(db, operation, *, flushed):
        flushes.append(flushed)
        return transact(db, operation, flushed=flushed)

    monkeypatch.setattr(store, "_transact", spy)
    store.insert([(1, None, b"{}")])
    store.note(a="b")
    store.delete([1])
    assert flushes == [True, True, False]
    store.close()


def test_a_slow_disk_is_written_to_a_few_seconds_at_a_time_and_to_the_end_at_a_stop(place, monkeypatch):
    spool = place.open()
    fill(spool, *map(str, range(1500)))
    put = spool._disk.put

    def slowly(events):
        place.clock.time_s += 6.0
        return put(events)

    monkeypatch.setattr(spool._disk, "put", slowly)
    spool.tick(away=True)
    assert len(place.on_disk()) == 500
    spool.close()
    assert len(place.on_disk()) == 1500


def test_a_spool_with_nothing_to_do_may_be_left_alone_and_one_with_an_event_may_not(place):
    spool = place.open()
    spool.tick(away=False)
    assert not spool.restless
    fill(spool, "a")
    assert spool.restless
    spool.tick(away=True)
    place.clock.time_s += 10
    spool.tick(away=True)
    assert not spool.restless  # it lies on the disk, and waits for a broker
    spool.remove([1])
    assert spool.restless  # the disk has yet to follow
    spool.tick(away=False)
    assert not spool.restless


def test_a_spool_that_is_full_for_long_says_so_ever_more_rarely(place, caplog):
    spool = place.open(max_events=1)
    for _ in range(100):
        fill(spool, "a")
    told = [record for record in caplog.records if "dropped unsent" in record.getMessage()]
    assert 2 <= len(told) <= 8
    assert spool.dropped == 99


def test_a_store_in_the_process_leaves_no_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    store = EventStore(None, "memory")
    store.insert([(1, None, b"{}")])
    store.close()
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_sound_but_cannot_be_opened_is_not_set_aside(tmp_path):
    (tmp_path / "folder").mkdir()
    with pytest.raises(sqlite3.Error):
        EventStore(tmp_path / "folder", "disk")
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]


def test_a_disk_that_could_not_be_read_once_is_well_again_by_itself(place, monkeypatch):
    spool = place.open()
    fill(spool, "a")
    spool.tick(away=True)
    with monkeypatch.context() as broken:
        broken.setattr(spool._disk._store, "read", fails)
        stored(spool)
    assert (spool.restless, bool(spool.disk_trouble)) == (True, True)
    place.clock.time_s += 2
    spool.tick(away=True)
    assert spool.disk_trouble is None
