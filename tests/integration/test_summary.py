"""The memory of a real daemon: on a real broker, over kills and restarts, and on the command line."""

import csv
import io
import json
import random
import signal
import subprocess
import sys
from contextlib import suppress
from datetime import UTC, date, datetime

import pytest

from device.summary.database import SUMMARY_NAME
from device.summary.store import SummaryStore
from device.summary.writer import SummaryWriter
from tests.brokers import wait_until
from tests.device.mqtt.wire_format import check_payload
from tests.integration.processes import ROOT, call_affectd

pytestmark = pytest.mark.integration

ENDLESS = {"pace": "real-time", "loop": True}

# A daemon's writer in a process of its own, to be killed: says how many visits the disk has.
WRITER = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from device.summary.counts import Counts, dwell_bin
from device.summary.hours import hour_of
from device.summary.writer import Batch, Entry, SummaryWriter

run, path = sys.argv[1], Path(sys.argv[2])
hour = hour_of(datetime(2026, 11, 20, 12, tzinfo=UTC), UTC)
visit = Batch(hour, "synced", "boot", 0.0, Counts(visits=1, dwell_s=10.0, dwell_bins={dwell_bin(10.0): 1}))
writer = SummaryWriter(path, run, "boot")
for number in range(1, 100000):
    writer.write([Entry(number, (visit,))])
    print(number, flush=True)
"""


def test_a_process_that_is_killed_while_it_writes_loses_nothing_that_it_had_written_and_doubles_nothing(tmp_path):
    path, chance = tmp_path / SUMMARY_NAME, random.Random(7)
    before = 0
    for kill in range(12):
        command = [sys.executable, "-c", WRITER, f"run {kill}", str(path)]
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        told = [process.stdout.readline() for _ in range(chance.randint(1, 30))]
        process.kill()
        process.wait()
        told += process.stdout.read().split()
        process.stdout.close()
        SummaryWriter(path, f"look {kill}", "boot").write([])  # undoes what the kill has left half done
        visits = sum(one.counts.visits for one in SummaryStore(path).days())
        assert visits - before - int(told[-1]) in {0, 1}, "the last may not have been told any more"
        before = visits
    assert not list(tmp_path.glob("*.damaged*"))


def summaries(listener):
    return [received.message for received in listener.on("summary") if received.payload]


def test_what_it_says_is_kept_by_the_broker_and_goes_on_after_a_restart(broker, listen, configure, daemon, tmp_path):
    listener = listen(broker.port)
    config = configure(broker.port)
    process = daemon(config)
    assert process.wait() == 0
    listener.wait_for(lambda heard: summaries(heard) and summaries(heard)[-1]["today"]["visits"] > 0, "its visits")
    first = summaries(listener)[-1]["today"]
    for received in listener.on("summary"):
        check_payload("summary", received.payload)
    left = sum(event["type"] == "face_left" for event in listener.events())
    assert first["visits"] == left
    assert sum(first["emotions"].values()) == pytest.approx(1.0, abs=0.01)

    assert daemon(config).wait() == 0
    late = listen(broker.port)
    late.wait_for(summaries, "what is retained")
    assert late.on("summary")[0].retained
    assert summaries(late)[0]["today"]["visits"] == 2 * first["visits"]
    (day,) = SummaryStore(tmp_path / "state" / SUMMARY_NAME).days()
    assert day.counts.visits == 2 * first["visits"]


def test_a_pause_is_written_at_once_and_says_so(broker, listen, configure, daemon, tmp_path):
    listener = listen(broker.port)
    process = daemon(configure(broker.port, source=ENDLESS))
    store = SummaryStore(tmp_path / "state" / SUMMARY_NAME)
    listener.wait_for(lambda heard: heard.on("events"), "a face")
    listener.say("affectd/hall/pause/set", "ON")
    listener.wait_for(lambda heard: heard.on("pause") and heard.on("pause")[-1].text == "ON", "the pause")
    process.signal(signal.SIGTERM)
    assert process.wait() == 0
    counts = [one.counts for one in store.days()]
    assert sum(one.visits for one in counts) > 0
    assert sum(one.watched_s for one in counts) > 0
    assert summaries(listener)


def test_a_summary_of_before_is_taken_from_the_broker_once_nothing_is_counted_any_more(
    broker, listen, configure, daemon
):
    listener = listen(broker.port)
    assert daemon(configure(broker.port)).wait() == 0
    listener.wait_for(summaries, "a summary")
    assert daemon(configure(broker.port, summary={"enabled": False})).wait() == 0
    listener.wait_for(lambda heard: heard.on("summary")[-1].payload == b"", "it to be taken away")


def test_a_daemon_that_is_not_to_count_writes_nothing_and_says_nothing(broker, listen, configure, daemon, tmp_path):
    listener = listen(broker.port)
    assert daemon(configure(broker.port, summary={"enabled": False})).wait() == 0
    listener.wait_for(lambda heard: heard.on("availability")[-1].text == "offline", "its end")
    assert not listener.on("summary")
    assert not (tmp_path / "state" / SUMMARY_NAME).exists()
    assert b"visits_today" not in b"".join(received.payload for received in listener.received)


def test_a_damaged_file_is_told_and_stops_nothing(broker, listen, configure, daemon, tmp_path):
    state = tmp_path / "state"
    state.mkdir()
    (state / SUMMARY_NAME).write_bytes(b"no database" * 500)
    listener = listen(broker.port)
    process = daemon(configure(broker.port))
    assert process.wait() == 0
    assert process.told.count("is damaged") == 1
    assert (state / f"{SUMMARY_NAME}.damaged").exists()
    listener.wait_for(lambda heard: summaries(heard) and summaries(heard)[-1]["today"]["visits"] > 0, "its visits")


def test_the_command_prints_exports_draws_and_deletes(configure, daemon, broker, tmp_path):
    config = str(configure(broker.port))
    assert call_affectd("summary", "--config", config).stdout.startswith("nothing was counted yet (")
    before = datetime.now(UTC).astimezone().date()
    assert daemon(tmp_path / "config.yaml").wait() == 0
    days = SummaryStore(tmp_path / "state" / SUMMARY_NAME).days()
    told = call_affectd("summary", "--config", config)
    assert (told.returncode, told.stderr) == (0, "")
    assert [line.split()[0] for line in told.stdout.splitlines()] == ["DAY", *(str(one.day) for one in days)]
    assert days[0].day >= before >= date(2026, 1, 1)

    hours = call_affectd("summary", "--config", config, "--day", str(days[-1].day)).stdout.splitlines()
    assert hours[0].startswith("HOUR")
    assert 1 <= len(hours) - 1 <= 25
    rows = list(csv.DictReader(io.StringIO(call_affectd("summary", "--config", config, "--csv").stdout)))
    objects = json.loads(call_affectd("summary", "--config", config, "--json").stdout)
    assert [int(row["visits"]) for row in rows] == [one["visits"] for one in objects]
    assert sum(one["visits"] for one in objects) == sum(one.counts.visits for one in days)

    gone = call_affectd("summary", "clear", "--config", config)
    assert (gone.returncode, gone.stderr) == (0, "")
    assert f"{len(objects)} hour" in gone.stdout
    assert call_affectd("summary", "--config", config).stdout.startswith("nothing was counted yet (")


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["--day", "soon"], 2, "expected a day such as"),
        (["clear", "--csv"], 2, "do not go with clear"),
        (["--csv", "--json"], 2, "not allowed with argument"),
        (["--plot", "/nowhere/day.png"], 74, "the folder /nowhere is not there"),
    ],
)
def test_the_command_says_in_one_line_what_it_does_not_understand(configure, arguments, code, told):
    answer = call_affectd("summary", *arguments, "--config", str(configure(1883)))
    assert answer.returncode == code
    assert told in answer.stderr
    assert "Traceback" not in answer.stderr


def test_the_command_says_that_the_file_is_damaged_and_leaves_it_alone(configure, tmp_path):
    (tmp_path / "state").mkdir()
    damaged = tmp_path / "state" / SUMMARY_NAME
    damaged.write_bytes(b"no database" * 500)
    answer = call_affectd("summary", "--config", str(configure(1883)))
    assert answer.returncode == 65
    assert "is damaged" in answer.stderr
    assert damaged.read_bytes() == b"no database" * 500


def test_a_daemon_that_is_killed_loses_the_last_ten_minutes_at_most(broker, listen, configure, daemon, tmp_path):
    listener = listen(broker.port)
    process = daemon(configure(broker.port, source=ENDLESS))
    listener.wait_for(lambda heard: heard.on("events"), "a face")
    process.signal(signal.SIGKILL)
    process.wait()
    with suppress(IndexError):
        assert summaries(listener)[-1]["today"]["visits"] == 0
    again = daemon(configure(broker.port))
    assert again.wait() == 0
    wait_until(lambda: summaries(listener)[-1]["today"]["visits"] > 0, "the next daemon's visits")
    assert not list((tmp_path / "state").glob("*.damaged"))
