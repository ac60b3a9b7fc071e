"""The spool keeps events in order over restarts, kills and power cuts, within bounds."""

import subprocess
import sys

import pytest

from device.errors import StorageError
from device.spool.spool import LATE_AFTER_S
from tests.device.spool.place import AUTUMN_2026_MS, ROOT, fails, fill, named, stored


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
