"""What was booked is read again, once, whatever happened between."""

import os
import sqlite3
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from device.errors import DataError, StorageError
from device.summary.counts import Counts, dwell_bin
from device.summary.database import SUMMARY_NAME
from device.summary.hours import hour_of
from device.summary.store import SummaryStore
from device.summary.writer import Anchor, Batch, Entry, SummaryWriter, clear, damaged_path

BERLIN = ZoneInfo("Europe/Berlin")
NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
DAY = date(2026, 11, 20)


def visit(length_s: float = 10.0, emotion: str = "happy") -> Counts:
    return Counts(
        visits=1,
        looked=1,
        dwell_s=length_s,
        dwell_bins={dwell_bin(length_s): 1},
        dominant={emotion: 1},
        emotion_s={emotion: length_s},
        presence_s=length_s,
        frontal_s=length_s / 2,
    )


def batch(counts, moment=NOON, clock="synced", boot="boot", monotonic_s=0.0) -> Batch:
    return Batch(hour_of(moment, BERLIN), clock, boot, monotonic_s, counts)


def entry(number, *batches) -> Entry:
    return Entry(number, batches)


@pytest.fixture
def path(tmp_path):
    return tmp_path / SUMMARY_NAME


@pytest.fixture
def writer(path):
    return SummaryWriter(path, "run", "boot")


@pytest.fixture
def store(path):
    return SummaryStore(path)


def test_before_anything_was_written_there_is_nothing(store, path):
    assert store.hours(DAY) == store.days() == ()
    assert store.day(DAY).counts.is_empty
    path.touch()
    assert store.days() == ()


def test_what_is_booked_adds_up_by_hour_and_by_day(store, writer):
    writer.write([entry(1, batch(visit(10)), batch(Counts(watched_s=600.0)))])
    writer.write([entry(2, batch(visit(20, "sad")), batch(visit(5), NOON + timedelta(hours=1)))])
    first, second = store.hours(DAY)
    assert first.start.isoformat() == "2026-11-20T13:00:00+01:00"
    assert (first.counts.visits, first.counts.mean_dwell_s, first.counts.watched_s) == (2, 15.0, 600.0)
    assert first.counts.dominant == {"happy": 1, "sad": 1}
    assert second.counts == visit(5)
    assert store.day(DAY).counts == first.counts.plus(second.counts)
    assert [one.day for one in store.days()] == [DAY]


def test_an_entry_that_is_given_again_is_not_counted_again(store, writer, path):
    writer.write([entry(1, batch(visit()))])
    writer.write([entry(1, batch(visit())), entry(2, batch(visit()))])
    assert store.day(DAY).counts.visits == 2
    SummaryWriter(path, "another run", "boot").write([entry(1, batch(visit()))])
    assert store.day(DAY).counts.visits == 3


def test_a_visit_that_goes_on_is_counted_once_by_whoever_sees_its_end(store, writer, path):
    writer.write([entry(1, batch(Counts(watched_s=1.0)))], batch(visit(600)))
    assert store.day(DAY).counts.visits == 0
    writer.write([entry(2, batch(visit(700)))])
    assert store.day(DAY).counts.visits == 1
    writer.write([], batch(visit(600)))
    SummaryWriter(path, "after a power cut", "next boot").write([])
    assert (store.day(DAY).counts.visits, store.day(DAY).counts.dwell_s) == (2, 1300.0)
    SummaryWriter(path, "and another start", "next boot").write([])
    assert store.day(DAY).counts.visits == 2


def test_what_was_counted_before_the_clock_was_set_moves_to_where_it_belongs(store, writer):
    early = datetime(2026, 1, 2, tzinfo=UTC)
    writer.write([entry(1, batch(visit(), early, "unsynced", monotonic_s=300.0))])
    (unsure,) = store.all_hours()
    assert (unsure.day, unsure.clock) == (date(2026, 1, 2), "unsynced")
    writer.write([], anchor=Anchor("boot", NOON.timestamp() - 400.0, BERLIN))
    (sure,) = store.all_hours()
    assert (sure.start, sure.clock) == (hour_of(NOON - timedelta(seconds=100), BERLIN).start, "synced")
    assert sure.counts == visit()


def test_what_another_boot_never_knew_the_time_of_stays_where_its_clock_was_and_says_so(store, writer, path):
    early = datetime(2026, 1, 2, tzinfo=UTC)
    writer.write([entry(1, batch(visit(), early, "unsynced"))], batch(visit(), early, "unsynced"))
    later = SummaryWriter(path, "later", "next boot")
    later.write([entry(1, batch(visit(), early))], anchor=Anchor("next boot", NOON.timestamp(), BERLIN))
    (hour,) = store.all_hours()
    assert (hour.counts.visits, hour.clock) == (3, "unsynced")


def test_a_killed_daemon_s_visits_wait_for_the_clock_of_the_same_boot(store, writer, path):
    early = datetime(2026, 1, 2, tzinfo=UTC)
    writer.write([], batch(visit(), early, "unsynced", monotonic_s=10.0))
    again = SummaryWriter(path, "again", "boot")
    again.write([])
    assert store.all_hours()[0].clock == "unsynced"
    again.write([], anchor=Anchor("boot", NOON.timestamp(), BERLIN))
    assert store.day(DAY).counts == visit()


def test_a_clock_that_nobody_sets_for_days_is_not_waited_for(path, store, writer):
    for day in range(9):
        late_s = day * 86_400.0
        writer.write([entry(day + 1, batch(visit(), NOON + timedelta(days=day), "unsynced", monotonic_s=late_s))])
    with sqlite3.connect(path) as db:
        assert db.execute("SELECT COUNT(*) FROM waiting").fetchone()[0] <= 4
    assert [one.counts.visits for one in store.days()] == [1] * 9


def test_days_that_are_too_old_go_and_leave_no_trace_in_the_file(store, writer, path):
    old = batch(visit(emotion="a-label-to-look-for"), NOON - timedelta(days=30))
    writer.write([entry(1, old, batch(visit()))])
    assert b"a-label-to-look-for" in path.read_bytes()
    writer.write([], keep_from=DAY)
    assert [one.day for one in store.days()] == [DAY]
    assert b"a-label-to-look-for" not in path.read_bytes()


@pytest.mark.parametrize("damage", [b"this is no database", b"SQLite format 3\0" + bytes(4000)])
def test_a_damaged_file_is_set_aside_and_told_and_nothing_new_is_lost(store, writer, path, caplog, damage):
    path.write_bytes(damage)
    with pytest.raises(DataError, match="is damaged"):
        store.days()
    writer.write([entry(1, batch(visit()))])
    assert store.day(DAY).counts.visits == 1
    assert damaged_path(path).read_bytes() == damage
    assert "is damaged" in caplog.text
    assert "set aside as summary.sqlite3.damaged" in caplog.text


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE hours SET emotion_s = '{'",
        "UPDATE hours SET dwell_bins = '{\"900\": 1}'",
        "UPDATE hours SET visits = -1",
        "UPDATE hours SET watched_s = 'x'",
        "UPDATE hours SET dominant = '[1]'",
        "UPDATE hours SET presence_s = 9e999",
        "UPDATE hours SET start_s = 9e30",
        "PRAGMA user_version = 7",
        "DROP TABLE hours",
    ],
)
def test_rows_that_cannot_be_are_damage_too(store, writer, path, change):
    writer.write([entry(1, batch(visit()))])
    with sqlite3.connect(path) as db:
        db.execute(change)
    with pytest.raises((DataError, StorageError)):
        store.days()


def test_a_row_that_cannot_be_read_is_set_aside_when_it_would_be_added_to(store, writer, path):
    writer.write([entry(1, batch(visit()))])
    with sqlite3.connect(path) as db:
        db.execute("UPDATE hours SET emotion_s = 'nonsense'")
    writer.write([entry(2, batch(visit()))])
    assert store.day(DAY).counts.visits == 1
    assert damaged_path(path).exists()


def test_damage_that_the_new_row_does_not_meet_is_found_by_the_first_write_of_a_run(store, writer, path):
    writer.write([entry(1, *(batch(visit(), NOON - timedelta(hours=n)) for n in range(200)))])
    content = bytearray(path.read_bytes())
    page_size = int.from_bytes(content[16:18], "big")
    last = len(content) - page_size
    content[last + 3 : last + 5] = b"\xff\xff"  # the count of its cells
    path.write_bytes(content)
    writer.write([entry(2, batch(visit()))])  # the run that is going on has looked at the file already
    assert not damaged_path(path).exists()
    SummaryWriter(path, "next run", "boot").write([entry(1, batch(visit()))])
    assert damaged_path(path).exists()
    assert [one.counts.visits for one in store.days()] == [1]


@settings(max_examples=60, deadline=None)
@given(position=st.integers(0, 20_000), bits=st.integers(1, 255))
def test_a_flipped_byte_is_never_fatal(tmp_path_factory, position, bits):
    path = tmp_path_factory.mktemp("flipped") / SUMMARY_NAME
    SummaryWriter(path, "run", "boot").write(
        [entry(1, *(batch(visit(), NOON + timedelta(hours=n)) for n in range(24)))]
    )
    content = bytearray(path.read_bytes())
    content[position % len(content)] ^= bits
    path.write_bytes(content)
    with suppress(DataError, StorageError):
        SummaryStore(path).days()
    SummaryWriter(path, "next", "boot").write([entry(1, batch(visit(), NOON + timedelta(days=9)))])
    assert SummaryStore(path).day(DAY + timedelta(days=9)).counts.visits == 1


def test_a_reader_leaves_the_folder_as_it_is_and_lets_the_writer_write(store, writer, path):
    writer.write([entry(1, batch(visit()))])
    before = sorted((one.name, one.stat().st_mtime_ns) for one in path.parent.iterdir())
    store.days()
    assert sorted((one.name, one.stat().st_mtime_ns) for one in path.parent.iterdir()) == before
    writer.write([entry(2, batch(visit()))])
    assert store.day(DAY).counts.visits == 2


def test_a_file_that_is_far_too_large_is_not_read(store, path):
    with path.open("wb") as file:
        file.truncate(65 * 1024 * 1024)
    with pytest.raises(DataError, match="are expected at most"):
        store.days()


def test_clear_deletes_everything_also_what_was_set_aside_and_leaves_no_trace_in_the_file(store, writer, path):
    writer.write([entry(1, batch(visit(emotion="a-label-to-look-for")))], batch(visit()))
    damaged_path(path).write_bytes(b"old")
    assert b"a-label-to-look-for" in path.read_bytes()
    assert clear(path) == 1
    assert store.days() == ()
    assert b"a-label-to-look-for" not in path.read_bytes()
    assert not damaged_path(path).exists()
    writer.write([entry(2, batch(visit()))])
    assert store.day(DAY).counts.visits == 1


def test_clear_removes_a_damaged_file_and_is_content_where_there_is_none(path):
    assert clear(path) == 0
    path.write_bytes(b"nonsense")
    assert clear(path) == 0
    assert not path.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_root_leaves_a_file_that_the_daemon_can_go_on_with(writer, path):
    writer.write([entry(1, batch(visit()))])
    for one in path.parent.iterdir():
        os.chown(one, 65534, 65534)
    clear(path)
    Path(f"{path}-journal").unlink(missing_ok=True)
    clear(path)
    assert {one.stat().st_uid for one in path.parent.iterdir()} == {65534}
