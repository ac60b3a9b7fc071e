"""Every moment belongs to one local hour, in whatever zone, also where summer time cuts or repeats one."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.summary.hours import hour_before, hour_of, hours_of_day

ZONES = ["UTC", "Europe/Berlin", "America/Havana", "Asia/Kathmandu", "Australia/Lord_Howe", "Pacific/Apia"]
BERLIN = ZoneInfo("Europe/Berlin")


@given(st.integers(946_684_800, 2_145_916_800), st.sampled_from(ZONES))
def test_a_moment_is_in_its_hour_and_that_hour_is_among_those_of_its_day(epoch_s, zone):
    moment, place = datetime.fromtimestamp(epoch_s, UTC), ZoneInfo(zone)
    hour = hour_of(moment, place)
    assert timedelta() <= moment - hour.start < timedelta(hours=1)
    assert (hour.start.hour, hour.day) == (moment.astimezone(place).hour, moment.astimezone(place).date())
    assert hour in hours_of_day(hour.day, place)


@given(st.dates(date(2000, 1, 1), date(2037, 12, 30)), st.sampled_from(ZONES))
def test_a_day_ends_where_the_next_begins(day, zone):
    place = ZoneInfo(zone)
    hours, following = hours_of_day(day, place), hours_of_day(day + timedelta(days=1), place)
    if hours and following:  # Samoa left out 30 December 2011
        assert hour_before(following[0], place) == hours[-1]
        assert list(hours) == sorted(hours)


@pytest.mark.parametrize(
    ("zone", "day", "count"),
    [
        ("Europe/Berlin", date(2026, 3, 29), 23),
        ("Europe/Berlin", date(2026, 10, 25), 25),
        ("Europe/Berlin", date(2026, 7, 1), 24),
        ("America/Havana", date(2026, 3, 8), 23),
        ("America/Havana", date(2026, 12, 31), 24),
        ("Australia/Lord_Howe", date(2026, 4, 5), 25),
        ("Asia/Kathmandu", date(2026, 1, 1), 24),
    ],
)
def test_a_day_has_as_many_hours_as_its_clock_shows(zone, day, count):
    assert len(hours_of_day(day, ZoneInfo(zone))) == count


def test_the_hour_that_is_shown_twice_is_two_hours():
    first = hour_of(datetime(2026, 10, 25, 0, 30, tzinfo=UTC), BERLIN)
    second = hour_of(datetime(2026, 10, 25, 1, 30, tzinfo=UTC), BERLIN)
    assert first.start.isoformat() == "2026-10-25T02:00:00+02:00"
    assert second.start.isoformat() == "2026-10-25T02:00:00+01:00"
    assert first != second


def test_midnight_is_the_place_s_own():
    assert hour_of(datetime(2026, 11, 29, 23, 30, tzinfo=UTC), BERLIN).day == date(2026, 11, 30)
    assert hour_of(datetime(2026, 11, 29, 23, 30, tzinfo=UTC), ZoneInfo("UTC")).day == date(2026, 11, 29)
