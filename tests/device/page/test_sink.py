"""What the sensor does for the page: as little as can be, and nothing of the picture leaves it."""

import json
import logging
import threading
from typing import Any, cast

import numpy as np
import pytest

from device.page.channel import Report, read_report
from device.page.settings import PageSettings
from device.page.sink import MOST_EVENTS, PageActions, PageSink, Sources
from device.page.state_file import StateFile
from device.records import Box, Event, Frame, Observation, RelativeBox
from tests.brokers import wait_until
from tests.device.sightings import NOON, FakeClock, face, reading
from tests.device.system.test_supervisor import FakeProcess

FACE = face(7, reading("happy", since_s=2.0), box=Box(64, 48, 128, 96))
SHOWN = Report("shown", "http://hall:8471")


def event(track=7):
    return Event(
        id="0", type="face_left", time=NOON, clock="synced", track=track, box=RelativeBox(0, 0, 1, 1), reason="lost"
    )


class FakeJob:
    def __init__(self, arguments, given, *_):
        self.arguments, self.given = arguments, given
        self.outcome = None
        self.cancelled = False

    def result(self):
        return self.outcome

    def cancel(self):
        self.cancelled = True


class Bench:
    def __init__(self, tmp_path, *, with_file=True, day=None):
        self.clock = FakeClock(10.0)
        self.process = FakeProcess()
        self.hellos = []
        self.turned, self.reloads, self.jobs, self.looks = [], [], [], []
        self.state_file = StateFile(tmp_path, tmp_path)
        self.sink = PageSink(
            PageSettings(enabled=True),
            self.clock,
            sources=Sources(hello=lambda: {"id": "hall"}, state=lambda: {"broker": "off"}, look=self.look, day=day),
            actions=PageActions(
                pause=self.turned.append,
                reload=lambda: self.reloads.append(self.clock.time_s),
                doctor=("doctor", "--json") if with_file else None,
                change=("page", "change") if with_file else None,
            ),
            state_file=self.state_file,
            launch=self.launch,
            start_job=self.job,
        )

    def launch(self, _, hello):
        self.hellos.append(hello)
        return self.process

    def job(self, *given):
        self.jobs.append(FakeJob(*given))
        return self.jobs[-1]

    def look(self, _, fps):
        self.looks.append(fps)
        return {"picture": {"width": 640}, "faces": [{"face": 7, "pixels": 128, "faults": []}]}

    def open(self):
        self.sink.check()
        self.hear(SHOWN)

    def hear(self, *reports):
        self.process.reports += [Report(cast("Any", one)) if isinstance(one, str) else one for one in reports]
        self.sink.check()

    def turn(self):
        self.sink.check()
        return True

    def said(self, kind):
        return [message for message in self.process.heard if message["kind"] == kind]

    def observe(self, after_s=0.1):
        self.clock.time_s += after_s
        grey = np.random.default_rng(1).integers(0, 256, (480, 640), np.uint8)
        self.sink.observe(Observation(Frame(grey, self.clock.time_s, NOON, 0), (FACE,), (), ()))


@pytest.fixture
def bench(tmp_path):
    made = Bench(tmp_path)
    made.open()
    yield made
    made.sink.close()


def test_a_frame_is_only_told_of_when_somebody_looks(bench):
    bench.observe()
    assert not bench.said("moment")
    assert not bench.looks, "nothing is measured either"
    bench.hear("ready")
    bench.observe()
    bench.observe()
    (told,) = bench.said("moment")
    (seen,) = told["moment"]["faces"]
    assert seen["box"] == [0.1, 0.1, 0.2, 0.2]
    assert (seen["face"], seen["emotion"], seen["pixels"]) == (7, "happy", 128)


def test_nothing_that_is_told_holds_a_picture(bench):
    bench.hear("ready")
    bench.observe()
    for message in bench.process.heard:
        assert len(json.dumps(message)) < 2000
        assert not any(isinstance(part, (bytes, np.ndarray)) for part in _parts(message))


def _parts(value):
    if isinstance(value, dict):
        return [part for one in value.values() for part in _parts(one)]
    if isinstance(value, list):
        return [part for one in value for part in _parts(one)]
    return [value]


@pytest.mark.parametrize("state", ["paused", "lost"])
def test_while_the_camera_is_off_nothing_is_told_but_that(bench, state):
    bench.hear("ready")
    bench.sink.set_source_state(state)
    bench.observe()
    assert bench.said("state")[-1]["state"]["source"] == state
    assert not bench.said("moment")


def test_the_switch_is_turned_from_the_page(bench):
    bench.hear("pause")
    bench.hear("resume")
    assert bench.turned == [True, False]


def test_a_new_process_is_told_who_is_logged_in_and_what_has_happened(bench):
    session = {"digest": "0" * 64, "until_s": 1.0, "key": "k"}
    bench.hear(Report("sessions", data={"sessions": [session]}))
    bench.sink.emit(event(3))
    bench.process.ended = "killed by SIGKILL"
    bench.sink.check()
    bench.process = FakeProcess()
    bench.clock.time_s += 5.0
    bench.sink.check()
    bench.hear(SHOWN)
    assert bench.hellos[-1]["sessions"] == [session]
    assert [told["event"]["track"] for told in bench.said("event")] == [3]


def test_who_is_logged_in_and_what_has_happened_outlive_the_daemon(tmp_path):
    session = {"digest": "0" * 64, "until_s": 1.0, "key": "k"}
    first = Bench(tmp_path)
    first.open()
    first.hear(Report("sessions", data={"sessions": [session, {"digest": "short"}, 3]}))
    for track in range(MOST_EVENTS + 5):
        first.sink.emit(event(track))
    first.sink.close()
    second = Bench(tmp_path)
    second.open()
    assert second.hellos[-1]["sessions"] == [session]
    assert [told["event"]["track"] for told in second.said("event")] == list(range(5, MOST_EVENTS + 5))
    second.sink.close()


def test_what_was_kept_and_is_damaged_is_told_and_forgotten(tmp_path, caplog):
    first = Bench(tmp_path)
    first.sink.close()
    (path,) = tmp_path.glob("page-*")
    path.write_text('{"sessions": 3}')
    assert StateFile(tmp_path, tmp_path).sessions == []
    assert "cannot be used" in caplog.text


def test_what_does_not_fit_is_told_later_and_in_order(bench):
    bench.process.send = lambda _: False
    for track in range(3):
        bench.sink.emit(event(track))
    bench.sink.check()
    del bench.process.send
    bench.sink.check()
    assert [told["event"]["track"] for told in bench.said("event")] == [0, 1, 2]


def test_a_page_that_does_not_listen_fills_no_memory(bench):
    bench.process.send = lambda _: False
    for track in range(5000):
        bench.sink.emit(event(track))
    assert len(bench.sink._unsent) <= 2 * MOST_EVENTS


def test_the_doctor_is_asked_once_however_often_somebody_wants_him(bench):
    bench.hear("doctor", "doctor", "doctor")
    (job,) = bench.jobs
    assert job.arguments == ("doctor", "--json")
    good = '{"grade": "ok", "subject": "clock", "message": "set", "command": ""}'
    job.outcome = (0, f"{good}\nno JSON\n[]\n", "")
    bench.sink.check()
    (sent,) = bench.said("doctor")
    assert sent["findings"] == [{"grade": "ok", "subject": "clock", "message": "set", "command": ""}]


def test_an_examination_without_an_end_says_so(bench):
    bench.hear("doctor")
    bench.jobs[0].outcome = "it has not come to an end within 120 s"
    bench.sink.check()
    assert bench.said("doctor")[0]["fault"] == "it has not come to an end within 120 s"


def test_a_change_is_told_first_and_taken_then(bench):
    bench.hear(Report("change", data={"values": {"source.fps": "10"}}))
    (job,) = bench.jobs
    assert (job.arguments, json.loads(job.given)) == (("page", "change"), {"source.fps": "10"})
    job.outcome = (0, "config.yaml: source.fps changed\n", "")
    bench.sink.check()
    assert bench.said("changed") == [{"kind": "changed", "done": True, "text": "config.yaml: source.fps changed"}]
    assert not bench.reloads
    bench.clock.time_s += 1.0
    bench.sink.check()
    bench.sink.check()
    assert len(bench.reloads) == 1


def test_a_change_that_is_refused_is_told_and_nothing_is_taken(bench):
    bench.hear(Report("change", data={"values": {"source.fps": "999"}}))
    bench.jobs[0].outcome = (78, "", "affectd: config.yaml:3: expected less\n")
    bench.sink.check()
    bench.clock.time_s += 60.0
    bench.sink.check()
    assert bench.said("changed")[0] == {"kind": "changed", "done": False, "text": "config.yaml:3: expected less"}
    assert not bench.reloads


def test_without_a_file_there_is_nothing_to_examine_or_to_change(tmp_path):
    bench = Bench(tmp_path, with_file=False)
    bench.open()
    bench.hear("doctor", Report("change", data={"values": {"source.fps": "10"}}))
    assert not bench.jobs
    bench.sink.close()


def test_what_a_day_was_like_is_looked_up_without_making_the_loop_wait(tmp_path):
    go = threading.Event()
    bench = Bench(tmp_path, day=lambda day: go.wait(30) and {"day": day, "hours": []})
    bench.open()
    bench.hear(Report("day", "2026-11-20"))
    bench.sink.check()
    assert not bench.said("day")
    go.set()
    wait_until(lambda: bench.turn() and bench.said("day"), "the day")
    assert bench.said("day")[0]["summary"] == {"day": "2026-11-20", "hours": []}
    bench.sink.close()


def test_a_day_that_cannot_be_read_is_not_known(tmp_path):
    bench = Bench(tmp_path, day=lambda _: 1 / 0)
    bench.open()
    bench.hear(Report("day", "2026-11-20"))
    wait_until(lambda: bench.turn() and bench.said("day"), "the day")
    assert bench.said("day")[0] == {"kind": "day", "day": "2026-11-20", "summary": None}
    bench.sink.close()


@pytest.mark.attack
@pytest.mark.parametrize(
    "values",
    [None, [], {"a": 1}, {"k" * 500: "v"}, {f"key{number}": "1" for number in range(10_000)}],
)
def test_a_page_that_was_taken_over_asks_for_nonsense_in_vain(bench, values):
    bench.hear(Report("change", data={"values": values}))
    assert len(bench.jobs[0].given) < 1000


@pytest.mark.attack
def test_a_page_that_was_taken_over_keeps_little(bench, tmp_path):
    bench.hear(Report("sessions", data={"sessions": [{"digest": "0" * 64, "until_s": 1, "more": 1}] * 10_000}))
    (path,) = tmp_path.glob("page-*")
    assert path.stat().st_size < 10_000


@pytest.mark.attack
@pytest.mark.parametrize(
    "data",
    [b"", b"[]", b"nonsense", b'{"kind": "shutdown"}', b'{"kind": 3}', b'{"kind":"day","text":{}}', b"[" * 60_000],
)
def test_a_report_that_is_none_is_not_understood(data):
    with pytest.raises(ValueError, match=r"."):
        read_report(data)


def test_the_log_says_where_the_page_is(tmp_path, caplog):
    caplog.set_level(logging.INFO, "device.page")
    bench = Bench(tmp_path)
    bench.open()
    assert "the page is shown: http://hall:8471" in caplog.text
    bench.sink.close()
