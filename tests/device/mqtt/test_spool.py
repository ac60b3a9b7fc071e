"""The spool keeps events in order over restarts, within bounds, and whatever happens to its file."""

import logging
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from device.mqtt.spool import Spool, SpoolSettings

AUTUMN_2026 = 1_790_000_000.0


def description(name: str, clock: str = "synced") -> dict[str, str]:
    return {"id": name, "clock": clock}


def stored(spool: Spool) -> list[tuple[int, str]]:
    return [(seq, event["id"]) for seq, event in spool.read(after_seq=0, limit=1_000_000)]


@pytest.fixture
def path(tmp_path) -> Path:
    return Path(tmp_path, "state", "events.sqlite3")


def test_events_come_out_in_the_order_they_went_in(path):
    spool = Spool(path)
    spool.add([description("a"), description("b")])
    spool.add([description("c")])
    assert stored(spool) == [(1, "a"), (2, "b"), (3, "c")]
    assert (len(spool), spool.last_seq, spool.dropped) == (3, 3, 0)


def test_reading_goes_on_after_a_number_and_stops_at_a_limit(path):
    spool = Spool(path)
    spool.add([description(name) for name in "abcde"])
    assert [seq for seq, _ in spool.read(after_seq=2, limit=2)] == [3, 4]


def test_what_the_broker_has_is_forgotten(path):
    spool = Spool(path)
    spool.add([description(name) for name in "abc"])
    spool.remove([2, 99])
    assert stored(spool) == [(1, "a"), (3, "c")]
    assert len(spool) == 2


def test_events_and_their_numbers_survive_a_restart(path):
    spool = Spool(path)
    spool.add([description("a"), description("b")])
    spool.remove([1])
    spool.close()
    again = Spool(path)
    assert (len(again), again.last_seq) == (1, 2)
    again.add([description("c")])
    assert stored(again) == [(2, "b"), (3, "c")]


def test_a_number_is_not_given_twice_though_every_event_is_gone(path):
    spool = Spool(path)
    spool.add([description("a"), description("b")])
    spool.remove([1, 2])
    spool.close()
    again = Spool(path)
    again.add([description("c")])
    assert stored(again) == [(3, "c")]


def test_a_process_that_is_killed_loses_nothing_it_has_stored(path):
    script = (
        "import os, signal, sys; from pathlib import Path; from device.mqtt.spool import Spool\n"
        "spool = Spool(Path(sys.argv[1])); spool.set_durable(durable=False)\n"
        "spool.add([{'id': str(n), 'clock': 'synced'} for n in range(50)])\n"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    assert subprocess.run([sys.executable, "-c", script, str(path)], check=False).returncode == -9
    assert [event for _, event in stored(Spool(path))] == [str(n) for n in range(50)]


def test_a_full_spool_drops_the_oldest_and_counts_it(path, caplog):
    spool = Spool(path, SpoolSettings(max_events=3))
    spool.add([description(name) for name in "abcd"])
    spool.add([description("e")])
    assert stored(spool) == [(3, "c"), (4, "d"), (5, "e")]
    assert (len(spool), spool.dropped) == (3, 2)
    assert "dropped" in caplog.text


def test_events_that_are_too_old_are_dropped_and_counted(path):
    now = [1000.0]
    spool = Spool(path, SpoolSettings(max_age_s=60), now_s=lambda: now[0])
    spool.add([description("old")])
    now[0] += 50
    spool.add([description("new")])
    now[0] += 20
    spool.expire()
    assert (stored(spool), spool.dropped) == ([(2, "new")], 1)


def test_an_event_from_before_the_clock_was_set_does_not_age_when_it_is(path):
    now = [0.0]
    spool = Spool(path, SpoolSettings(max_age_s=60), now_s=lambda: now[0])
    spool.add([description("early", clock="unsynced")])
    now[0] = AUTUMN_2026
    spool.expire()
    assert stored(spool) == [(1, "early")]


@pytest.mark.parametrize("damage", [b"this is no database at all, but long enough to look like one" * 20, b"\0" * 4096])
def test_a_damaged_file_is_set_aside_and_the_numbers_go_on_from_the_time(path, damage, caplog):
    path.parent.mkdir()
    path.write_bytes(damage)
    spool = Spool(path, now_s=lambda: AUTUMN_2026)
    spool.add([description("a")])
    assert stored(spool) == [(int(AUTUMN_2026 * 1000), "a")]
    assert path.with_name("events.sqlite3.damaged").read_bytes() == damage
    assert "damaged" in caplog.text


def test_a_file_of_a_later_version_is_set_aside(path):
    Spool(path).close()
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version = 99")
    db.close()
    spool = Spool(path)
    spool.add([description("a")])
    assert len(spool) == 1
    assert path.with_name("events.sqlite3.damaged").exists()


def test_damage_while_it_runs_costs_what_was_stored_and_is_counted(path, caplog):
    spool = Spool(path)
    spool.add([description(f"{n:0200d}") for n in range(500)])
    spool.close()
    spool = Spool(path)
    spool._db.execute("PRAGMA cache_size = 1")
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * (path.stat().st_size - 4096))
    spool.add([description("after")])
    assert [event for _, event in stored(spool)] == ["after"]
    assert spool.last_seq > 500
    assert spool.dropped == 500
    assert "damaged" in caplog.text


def test_where_nothing_can_be_written_events_are_kept_in_memory(tmp_path, caplog):
    (tmp_path / "state").write_text("a file where a folder should be")
    with caplog.at_level(logging.WARNING):
        spool = Spool(tmp_path / "state" / "events.sqlite3")
    spool.add([description("a")])
    assert [event for _, event in stored(spool)] == ["a"]
    assert "memory" in caplog.text


def test_a_disk_that_fills_up_moves_the_events_to_memory(path, caplog):
    spool = Spool(path)
    spool.add([description("a")])
    spool._db.execute("PRAGMA max_page_count = 1")
    spool.add([description("x" * 100_000), description("b")])
    assert [event[:1] for _, event in stored(spool)] == ["x", "b"]
    assert "memory" in caplog.text
    assert stored(Spool(path)) == [(1, "a")]


@pytest.mark.parametrize("durable", [True, False])
def test_events_are_kept_whether_or_not_each_is_flushed(path, durable):
    spool = Spool(path)
    spool.set_durable(durable=durable)
    spool.add([description("a")])
    spool.set_durable(durable=not durable)
    spool.add([description("b")])
    spool.close()
    assert stored(Spool(path)) == [(1, "a"), (2, "b")]
