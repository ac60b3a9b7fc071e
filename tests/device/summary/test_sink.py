"""What the pipeline sees is counted once, in visits, hours and pauses."""

from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from device.summary.writer import SummaryWriter
from tests.device.summary.machine import DAY, NOON, Clock, Machine


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


@pytest.mark.parametrize(("frontal_s", "looked"), [(5.0, 1), (4.0, 0)])
def test_a_visit_looked_where_half_of_it_or_more_was_frontal(machine, frontal_s, looked):
    machine.see(10.0 - frontal_s, frontalness=0.3)
    machine.see(frontal_s)
    machine.leave()
    machine.stop()
    counts = machine.store.day(DAY).counts
    assert (counts.visits, counts.looked, counts.frontal_s) == (1, looked, frontal_s)


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
