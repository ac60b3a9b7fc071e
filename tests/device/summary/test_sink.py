"""What the pipeline sees is counted in the right hour, once, whatever the clock, the disk and the power do."""

import resource
import threading
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from device.summary.database import SUMMARY_NAME
from device.summary.hours import hours_of_day
from device.summary.writer import SummaryWriter
from tests.device.summary.machine import BERLIN, NOON, Clock, Machine

DAY = date(2026, 11, 20)


@pytest.fixture
def machine(tmp_path):
    return Machine(tmp_path)


def test_a_visit_has_its_length_its_emotions_and_whether_it_looked(machine):
    machine.see(4.0, None)
    machine.see(6.0, "happy", frontalness=0.2)
    machine.see(20.0, "sad")
    machine.leave()
    machine.visit(10.0, "uncertain", frontalness=0.3)
    machine.stop()
    counts = machine.store.day(DAY).counts
    assert (counts.visits, counts.looked, counts.mean_dwell_s) == (2, 1, 20.0)
    assert counts.dominant == {"sad": 1, "uncertain": 1}
    assert counts.emotion_s == {"happy": 6.0, "sad": 20.0, "uncertain": 10.0}
    assert (counts.presence_s, counts.frontal_s, counts.watched_s) == (40.0, 24.0, 40.0)


def test_two_faces_at_once_are_two_visits_and_their_time_counts_twice(tmp_path):
    one, other = Machine(tmp_path / "one"), Machine(tmp_path / "other")
    one.visit(10.0)
    one.visit(10.0)
    one.stop()
    other.visit(20.0)
    other.stop()
    assert one.store.day(DAY).counts.presence_s == other.store.day(DAY).counts.presence_s
    assert (one.visits, other.visits) == (2, 1)


def test_nothing_of_a_single_visit_is_in_the_file(machine):
    machine.visit(12.25)
    machine.visit(7.5)
    machine.stop()
    content = machine.path.read_bytes()
    for trace in (b"12.25", b"7.5", str(int(NOON.timestamp()) + 12).encode(), b'"track"'):
        assert trace not in content


def test_it_is_written_every_ten_minutes_at_most(machine, monkeypatch):
    written: list[float] = []
    write = SummaryWriter.write

    def noting(*args, **more):
        written.append(machine.clock.time_s)
        write(*args, **more)

    monkeypatch.setattr(SummaryWriter, "write", noting)
    for _ in range(120):
        machine.visit(5.0)
        machine.wait(25.0)
    assert 5 <= len(written) <= 6
    assert all(later - earlier >= 600 for earlier, later in pairwise(written))


def test_midnight_is_the_place_s_own_and_a_visit_counts_where_it_ends(machine):
    machine.wait_until(datetime(2026, 11, 20, 22, 59, 50, tzinfo=UTC))
    machine.visit(5.0)
    machine.visit(10.0)
    machine.stop()
    before, after = (machine.store.day(DAY + timedelta(days=more)).counts for more in (0, 1))
    assert (before.visits, after.visits) == (1, 1)
    assert before.presence_s + after.presence_s == 15.0
    assert before.presence_s == pytest.approx(10.0, abs=1.1)


@pytest.mark.parametrize(("day", "count"), [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25), (DAY, 24)])
def test_every_hour_of_a_day_has_its_own_counts_also_where_summer_time_begins_or_ends(tmp_path, day, count):
    first = hours_of_day(day, BERLIN)[0].start
    machine = Machine(tmp_path, Clock(first))
    for number in range(count):
        for _ in range(number % 3 + 1):
            machine.visit(30.0, step_s=15.0)
        machine.wait_until(first + timedelta(hours=number + 1))
    machine.stop()
    hours = machine.store.hours(day)
    assert [hour.hour for hour in hours] == list(hours_of_day(day, BERLIN))
    assert [hour.counts.visits for hour in hours] == [number % 3 + 1 for number in range(count)]
    assert [hour.counts.watched_s for hour in hours] == pytest.approx([3600.0] * count, abs=31)
    assert machine.store.day(day).counts.watched_s == pytest.approx(3600.0 * count, abs=1)


@pytest.mark.parametrize("minutes", [5, 25, 200])
def test_a_clock_that_is_set_late_by_years_moves_what_was_counted_before(tmp_path, minutes):
    machine = Machine(tmp_path, Clock(datetime(1970, 1, 1, 0, 1, tzinfo=UTC), "unsynced"))
    for _ in range(minutes):
        machine.visit(20.0, step_s=10.0)
        machine.wait(40.0)
    assert machine.sink.news() is None
    machine.clock.set(NOON)
    machine.wait(1200.0)
    machine.stop()
    assert {day.day for day in machine.store.days()} == {DAY}
    assert machine.visits == minutes
    by_hour = [hour.counts.visits for hour in machine.store.hours(DAY) if hour.counts.visits]
    assert sum(by_hour) == minutes
    assert all(count <= 70 for count in by_hour)
    assert {hour.clock for hour in machine.store.all_hours()} == {"synced"}


def test_a_clock_that_is_set_late_while_the_daemon_is_down_moves_it_too(tmp_path):
    machine = Machine(tmp_path, Clock(datetime(2026, 1, 5, tzinfo=UTC), "unsynced"))
    machine.visit()
    machine.stop()
    assert [(one.day, one.clock) for one in machine.store.days()] == [(date(2026, 1, 5), "unsynced")]
    machine.wait(900.0)
    machine.clock.set(NOON)
    machine.start()
    assert [(one.day, one.counts.visits) for one in machine.store.days()] == [(DAY, 1)]


def test_a_clock_that_goes_back_loses_nothing_and_counts_nothing_twice(machine):
    machine.visit()
    machine.wait(1000.0)
    machine.clock.set(NOON - timedelta(hours=5))
    machine.visit()
    machine.wait(1000.0)
    machine.clock.set(NOON - timedelta(days=400))
    machine.visit()
    machine.stop()
    assert machine.visits == 3
    assert sum(day.counts.watched_s for day in machine.store.days()) == pytest.approx(2030.0, abs=1)


def test_a_clock_that_leaps_years_ahead_deletes_nothing(machine):
    machine.visit()
    machine.wait(700.0)
    machine.clock.set(NOON + timedelta(days=9000))
    machine.wait(3000.0)
    machine.clock.set(NOON + timedelta(seconds=3700))
    machine.wait(700.0)
    assert machine.store.day(DAY).counts.visits == 1


def test_days_go_when_they_are_older_than_is_wanted(tmp_path):
    machine = Machine(tmp_path, keep_days=1)
    for _ in range(3):
        machine.visit()
        machine.wait(86_400.0, step_s=900.0)
    machine.stop()
    assert [one.day for one in machine.store.days()] == [DAY + timedelta(days=more) for more in (2, 3)]


def test_a_paused_hour_says_so_and_is_not_one_in_which_nobody_came(machine):
    machine.see(30.0)
    machine.leave("paused")
    machine.sink.set_source_state("paused")
    machine.wait(120.0)
    assert machine.store.day(DAY).counts.visits == 1, "what was seen before the pause is written at once"
    machine.wait_until(NOON + timedelta(hours=2))
    machine.sink.set_source_state("ok")
    machine.wait_until(NOON + timedelta(hours=3))
    machine.stop()
    first, second, third = machine.store.hours(DAY)[:3]
    assert first.counts.paused_s == pytest.approx(3570.0, abs=31)
    assert (second.counts.paused_s, second.counts.watched_s) == (pytest.approx(3600.0, abs=31), 0.0)
    assert (third.counts.paused_s, third.counts.watched_s) == (0.0, pytest.approx(3600.0, abs=31))


def test_a_pause_that_is_turned_again_and_again_does_not_wear_the_card(machine, monkeypatch):
    written = []
    monkeypatch.setattr(SummaryWriter, "write", lambda *_, **__: written.append(1))
    for _ in range(60):
        machine.sink.set_source_state("paused")
        machine.wait(2.0)
        machine.sink.set_source_state("ok")
        machine.wait(2.0)
    assert len(written) <= 4


def test_a_loop_that_stood_still_has_watched_nobody_meanwhile(machine):
    machine.wait(60.0)
    machine.clock.time_s += 1800.0
    machine.stop()
    assert machine.store.day(DAY).counts.watched_s <= 120.0


def test_a_lost_camera_is_neither_watched_nor_paused(machine):
    machine.sink.set_source_state("lost")
    machine.wait(600.0)
    machine.stop()
    counts = machine.store.day(DAY).counts
    assert (counts.lost_s, counts.watched_s, counts.paused_s) == (600.0, 0.0, 0.0)


def test_a_restart_goes_on_with_the_day(machine):
    machine.visit()
    machine.stop()
    machine.start()
    machine.visit()
    machine.settle()
    assert machine.sink.snapshot().today.counts.visits == 2
    machine.stop()
    assert machine.visits == 2


def test_a_power_cut_takes_ten_minutes_at_most_also_of_a_visit_that_goes_on(machine):
    machine.visit(20.0)
    machine.see(1500.0)
    machine.start()
    counts = machine.store.day(DAY).counts
    assert counts.visits == 2
    assert 1520.0 - 610.0 <= counts.dwell_s <= 1520.0
    assert 1520.0 - 610.0 <= counts.presence_s <= 1520.0


STEPS = st.one_of(
    st.tuples(st.just("visit"), st.floats(1.0, 900.0)),
    st.tuples(st.just("wait"), st.floats(1.0, 4000.0)),
    st.tuples(st.just("set"), st.floats(-1e6, 1e6)),
    st.tuples(st.just("restart"), st.just(0.0)),
    st.tuples(st.just("cut"), st.just(0.0)),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(STEPS, max_size=12), st.booleans())
def test_whatever_happens_no_visit_is_counted_twice_and_none_is_lost_but_to_a_cut(
    tmp_path_factory, steps, starts_unset
):
    """A cut takes what came since the last write; a visit that it interrupts may count, and no other."""
    machine = Machine(tmp_path_factory.mktemp("any"), Clock(NOON, "unsynced" if starts_unset else "synced"))
    made = safe = 0
    for kind, amount in steps:
        if kind == "visit":
            machine.visit(amount, step_s=60.0)
            made += 1
        elif kind == "wait":
            machine.wait(amount, step_s=60.0)
        elif kind == "set":
            machine.clock.set(machine.clock.now() + timedelta(seconds=amount))
        elif kind == "restart":
            machine.stop()
            machine.start()
            safe = made
        else:
            machine.settle()
            written = machine.visits
            machine.start()
            assert written <= machine.visits <= made
            made = safe = machine.visits
        assert safe <= machine.visits <= made
        assert machine.sink.snapshot().today.counts.visits <= made
    machine.stop()
    assert machine.visits == made


@contextmanager
def full_disk(at_bytes: int = 0):
    """No file may grow beyond ``at_bytes``, as on a disk that is full."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (at_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("at_bytes", [0, 512, 8192])
def test_a_full_disk_loses_nothing_and_is_told_once(tmp_path, caplog, at_bytes):
    machine = Machine(tmp_path)
    machine.visit()
    machine.wait(700.0)
    with full_disk(at_bytes):
        for _ in range(60):
            machine.visit()
            machine.wait(1800.0, step_s=60.0)
        machine.settle()
        assert "cannot be written" in str(machine.sink.disk_trouble)
        assert machine.sink.snapshot().today.counts.visits >= 2
    assert caplog.text.count("cannot be written") == 1
    machine.wait(1300.0)
    assert machine.sink.disk_trouble is None
    machine.stop()
    assert machine.visits == 61


def test_a_folder_that_cannot_be_made_is_told_and_the_day_is_published_all_the_same(tmp_path, caplog):
    (tmp_path / "file").touch()
    machine = Machine(tmp_path / "file")
    machine.visit()
    machine.wait(20.0)
    assert "cannot be written" in caplog.text
    assert machine.sink.snapshot().today.counts.visits == 1
    machine.stop()


def test_a_file_that_is_damaged_while_it_runs_is_set_aside_and_counting_goes_on(machine, caplog):
    machine.visit()
    machine.wait(700.0)
    machine.path.write_bytes(b"damaged" * 1000)
    machine.visit()
    machine.wait(700.0)
    machine.stop()
    assert machine.visits == 1
    assert machine.path.with_name(f"{SUMMARY_NAME}.damaged").exists()
    assert caplog.text.count("is damaged") == 1
    assert machine.sink.disk_trouble is None


def test_a_disk_that_never_answers_holds_up_nobody_and_is_told(machine, monkeypatch, caplog):
    machine.wait(20.0)
    stuck = threading.Event()
    monkeypatch.setattr(SummaryWriter, "write", lambda *_, **__: stuck.wait(60.0))
    machine.clock.time_s += 700.0
    machine.sink.check()
    for _ in range(100):
        machine.clock.time_s += 10.0
        machine.sink.check()
    assert "the disk has not answered" in str(machine.sink.disk_trouble)
    machine.sink.close(timeout_s=0.05)
    assert "is not written to the end" in caplog.text
    stuck.set()


def test_news_come_with_a_visit_and_an_hour_and_not_more_often_than_every_ten_seconds(machine):
    machine.wait(20.0)
    assert machine.sink.news().today.counts.visits == 0
    machine.visit(3.0)
    assert machine.sink.news() is None
    machine.wait(8.0, step_s=1.0)
    assert machine.sink.news().today.counts.visits == 1
    machine.wait(100.0, step_s=10.0)
    assert machine.sink.news() is None
    machine.wait_until(NOON + timedelta(hours=1, seconds=30))
    told = machine.sink.news()
    assert (told.last_hour.start, told.last_hour.counts.visits) == (NOON, 1)
    assert told.day_began.isoformat() == "2026-11-20T00:00:00+01:00"


def test_a_clock_that_shows_less_than_was_counted_before_publishes_nothing(tmp_path):
    machine = Machine(tmp_path)
    machine.visit()
    machine.stop()
    later = Machine(tmp_path, Clock(NOON - timedelta(hours=9), "unsynced"), boot="next")
    later.wait(30.0)
    assert later.sink.news() is None
    plausible = Machine(tmp_path, Clock(NOON + timedelta(minutes=1), "unsynced"), boot="third")
    plausible.wait(30.0)
    assert plausible.sink.news().clock == "unsynced"


def test_no_sum_is_told_before_the_file_was_read(tmp_path, monkeypatch):
    hold = threading.Event()
    write = SummaryWriter.write
    monkeypatch.setattr(SummaryWriter, "write", lambda *args, **more: (hold.wait(10.0), write(*args, **more)))
    monkeypatch.setattr(Machine, "settle", lambda self: self.sink.check())
    machine = Machine(tmp_path)
    machine.wait(20.0)
    assert machine.sink.news() is None
    hold.set()
    machine.sink._writing.join()
    machine.wait(20.0)
    assert machine.sink.news() is not None
