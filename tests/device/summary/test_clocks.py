"""What was counted stands in its hour, whatever the clock does."""

from datetime import UTC, date, datetime, timedelta

import pytest

from device.summary.hours import hours_of_day
from tests.device.summary.machine import BERLIN, DAY, NOON, Clock, Machine


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
