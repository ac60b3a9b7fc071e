"""Events are kept where a disk is full, slow, missing or cannot be written to."""

import logging
import sqlite3

from device.spool.disk import DiskTier
from device.spool.store import EventStore
from tests.device.spool.place import AUTUMN_2026_MS, fails, fill, stored


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


def test_a_card_that_takes_numbers_again_but_no_events_is_still_in_trouble(place, caplog):
    disk = DiskTier(place.disk, place.clock)
    disk.attempt(fails, of="events")
    place.clock.time_s += 2
    disk.attempt(fails)
    place.clock.time_s += 2
    with caplog.at_level(logging.INFO):
        assert disk.attempt(lambda store: store.last_seq) is not None
        assert disk.troubled
        assert "can be used again" not in caplog.text
        disk.attempt(lambda store: store.last_seq, of="events")
    assert not disk.troubled
    assert caplog.text.count("can be used again") == 1


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


def test_a_spool_that_is_full_for_long_says_so_ever_more_rarely(place, caplog):
    spool = place.open(max_events=1)
    for _ in range(100):
        fill(spool, "a")
    told = [record for record in caplog.records if "dropped unsent" in record.getMessage()]
    assert 2 <= len(told) <= 8
    assert spool.dropped == 99


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
