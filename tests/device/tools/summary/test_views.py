"""What was counted, as people and programs read it."""

import builtins
import csv
import io
import json
from datetime import date

import pytest

from device.errors import UnavailableError
from device.summary.counts import Counts, DaySummary, Hour, HourSummary, dwell_bin
from device.tools.summary.export import to_csv, to_json
from device.tools.summary.plot import plot_days, plot_hours
from device.tools.summary.table import day_lines, hour_lines, length

DAY = date(2026, 10, 25)
NINE = 1792911600
"""Nine o'clock on that day in UTC."""


def hour(start_s, counts, offset_s=0, clock="synced") -> HourSummary:
    return HourSummary(Hour(start_s, offset_s), counts, clock)


BUSY = Counts(
    visits=2,
    looked=1,
    dwell_s=30.0,
    dwell_bins={dwell_bin(10.0): 1, dwell_bin(20.0): 1},
    dominant={"happy": 1},
    emotion_s={"happy": 30.0, "sad": 10.0},
    presence_s=40.0,
    watched_s=3600.0,
)
HOURS = (
    hour(NINE, BUSY),
    hour(NINE + 3600, Counts(watched_s=3600.0)),
    hour(NINE + 7200, Counts(paused_s=3600.0)),
    hour(NINE + 10800, Counts(watched_s=3000.0, lost_s=600.0), clock="unsynced"),
    hour(NINE + 14400, Counts()),
)


def test_a_line_for_each_hour_says_who_came_or_why_nobody_was_seen():
    head, busy, nobody, paused, unsure, off = hour_lines(HOURS)
    assert head.split() == ["HOUR", "VISITS", "MEAN", "MEDIAN", "LOOKED", "SHOWN"]
    assert busy.split()[:4] == ["07:00", "2", "15", "s"]
    assert "50%" in busy
    assert busy.endswith("happy 75%, sad 25%")
    assert nobody.split() == ["08:00", "0", "-", "-", "-", "-"]
    assert paused.split() == ["09:00", "paused", "60", "min"]
    assert unsure.endswith("camera lost 10 min, clock not set")
    assert off.split() == ["11:00", "not", "running"]


def test_an_hour_that_comes_twice_is_told_with_its_offset():
    lines = list(hour_lines([hour(NINE, BUSY, 7200), hour(NINE + 3600, BUSY, 3600)]))
    assert [line.split()[0] for line in lines[1:]] == ["09:00+02:00", "09:00+01:00"]


def test_a_line_for_each_day_is_the_sum_of_its_hours():
    (_, line) = day_lines([DaySummary.of(DAY, HOURS)])
    assert line.startswith("2026-10-25       2  15 s")
    assert line.endswith("paused 60 min, camera lost 10 min, clock not set")


@pytest.mark.parametrize(
    ("amount_s", "told"), [(None, "-"), (3.21, "3.2 s"), (42.0, "42 s"), (300.0, "5 min"), (9000.0, "2.5 h")]
)
def test_lengths_are_told_as_people_say_them(amount_s, told):
    assert length(amount_s) == told


def test_csv_has_a_column_for_every_emotion_and_no_formula():
    evil = hour(NINE + 3600, Counts(emotion_s={"=cmd()": 1.0}, presence_s=1.0))
    rows = list(csv.DictReader(io.StringIO(to_csv([HOURS[0], evil]))))
    assert rows[0]["start"] == "2026-10-25T07:00:00+00:00"
    assert (rows[0]["visits"], rows[0]["happy_s"], rows[0]["sad_visits"]) == ("2", "30.0", "0")
    assert rows[1]["mean_dwell_s"] == ""
    assert not any(cell.startswith("=") for row in rows for cell in (*row, *row.values()))


def test_json_has_an_object_for_every_hour():
    told = json.loads(to_json(HOURS))
    assert len(told) == 5
    assert (told[0]["mean_dwell_s"], told[0]["emotion_s"]) == (15.0, {"happy": 30.0, "sad": 10.0})
    assert told[1]["median_dwell_s"] is None


def test_a_plot_is_a_png_of_a_day_or_of_days_also_of_none():
    pytest.importorskip("matplotlib", reason="draws: pip install 'affectd[plot]'")
    for picture in (plot_hours(HOURS, "a day"), plot_days([DaySummary.of(DAY, HOURS)], "days"), plot_days([], "none")):
        assert picture.startswith(b"\x89PNG")


def test_without_matplotlib_one_line_says_what_to_do(monkeypatch):
    real = builtins.__import__

    def without(name, *more):
        if name.startswith("matplotlib"):
            raise ModuleNotFoundError(name=name)
        return real(name, *more)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(UnavailableError, match=r"a plot needs matplotlib, .* copy the file to a PC"):
        plot_hours(HOURS, "a day")
