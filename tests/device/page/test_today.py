"""The day's page says what the memory counted."""

import re
from datetime import date

import pytest

from device.page.texts import texts_in
from device.page.views.layout import Visit
from device.page.views.today import today_page
from device.summary.database import SUMMARY_NAME
from device.tools.page.day import day_as_json
from tests.device.page.days import LOST_HOUR, PAUSED_HOUR, VISITS, write_day
from tests.device.page.served import HELLO, STATE

DAY = date(2026, 11, 20)


@pytest.fixture
def summary(tmp_path):
    write_day(tmp_path, DAY, offset_h=1)
    return day_as_json(tmp_path, DAY.isoformat())


def page_of(summary, language="en", **hello):
    return today_page(Visit(texts_in(language), HELLO | hello, STATE, may_leave=True), DAY, summary)


def test_visits_and_stays_of_the_day_are_told(summary):
    text = page_of(summary)
    assert f"<dt>Visits</dt><dd>{sum(VISITS.values())}</dd>" in text
    assert "238 visits on 2026-11-20, most of them in the hour from 17:00" in text
    assert "<dt>Mean stay</dt>" in text


def test_every_hour_has_its_column_and_its_row(summary):
    text = page_of(summary)
    assert len(re.findall(r'class="column"', text)) == 24
    rows = re.findall(r'<time datetime="[^"]+">(\d\d):00</time></th><td>(\d+)</td>', text)
    assert {int(hour): int(visits) for hour, visits in rows} == VISITS


def test_a_column_is_as_tall_as_its_hour_had_visits(summary):
    columns = page_of(summary).split('class="column"')[1:]
    heights = [sum(map(float, re.findall(r'height="([\d.]+)" fill=', column))) for column in columns]
    most = max(VISITS.values())
    for hour, visits in VISITS.items():
        assert heights[hour] == pytest.approx(100 * visits / most, abs=1.5)


def test_a_paused_hour_says_so_and_is_not_one_in_which_nobody_came(summary):
    text = page_of(summary)
    columns = text.split('class="column"')[1:]
    assert 'class="paused"' in columns[PAUSED_HOUR]
    assert sum('class="paused"' in column for column in columns) == 2, "the other is the legend's"
    assert (
        f"{PAUSED_HOUR}:00</time></th><td>0</td><td>\N{EN DASH}</td><td>\N{EN DASH}</td><td>paused 55 min</td>" in text
    )
    assert f"{LOST_HOUR}:00" in text
    assert "no picture 15 min" in text


def test_an_hour_that_the_clock_shows_twice_has_two_bars_and_two_rows(summary):
    first, second = dict(summary["hours"][2]), dict(summary["hours"][2])
    second["start"] = first["start"].replace("+01:00", "+02:00")
    text = page_of(summary | {"hours": [first, second]})
    (column,) = [column for column in text.split('class="column"')[1:] if "<rect" in column.partition("</div>")[0]]
    assert column.partition("</div>")[0].count("<svg") == 2


def test_a_day_without_anything_and_a_memory_that_is_off_say_so(tmp_path):
    empty = day_as_json(tmp_path, DAY.isoformat())
    assert "Nothing is known of this day." in page_of(empty)
    assert "Nothing is known of this day." in page_of(None)
    assert "summary.enabled" in page_of(None, remembers=False)


def test_counts_of_a_clock_that_was_not_set_are_marked(summary):
    text = page_of(summary | {"day": summary["day"] | {"clock": "unsynced"}})
    assert "while the clock was not set" in text


def test_it_speaks_german(summary):
    text = page_of(summary, "de")
    assert "238 Besuche am 2026-11-20" in text
    assert "55 min Pause" in text


@pytest.mark.attack
@pytest.mark.parametrize("content", [b"", b"nonsense" * 1000, b"SQLite format 3\0" + b"\xff" * 5000])
def test_a_memory_that_is_damaged_is_told_and_never_fatal(tmp_path, caplog, content):
    (tmp_path / SUMMARY_NAME).write_bytes(content)
    summary = day_as_json(tmp_path, DAY.isoformat())
    assert "Nothing is known of this day." in page_of(summary)
    assert summary is not None or "the page cannot show the day" in caplog.text


@pytest.mark.attack
@pytest.mark.parametrize("day", ["", "yesterday", "2026-13-40", "9999-99-99", "'; DROP TABLE hours; --", "x" * 500])
def test_a_day_that_is_none_is_not_looked_up(tmp_path, day):
    write_day(tmp_path, DAY, offset_h=1)
    assert day_as_json(tmp_path, day) is None
