"""What a damaged file or event costs the spool, and what it does not."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from device.spool.damaged import DamagedEvents
from device.spool.store import EventStore
from tests.device.spool.place import AUTUMN_2026_MS, fill, stored


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


def test_a_file_that_is_sound_but_cannot_be_opened_is_not_set_aside(tmp_path):
    (tmp_path / "folder").mkdir()
    with pytest.raises(sqlite3.Error):
        EventStore(tmp_path / "folder", "disk")
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]
