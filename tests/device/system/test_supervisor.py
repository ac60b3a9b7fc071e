"""A companion (here: the overlay) is kept running, and the log says once how it fares."""

import logging

import pytest

from device.overlay.channel import Report, Update
from device.system.supervisor import LONGEST_WAIT_S, OPENING_TIMEOUT_S, SILENT_TIMEOUT_S, STEADY_AFTER_S, Supervisor
from tests.device.sightings import FakeClock

SHOWN = Report("shown", "x11, 1280 x 720 pixels")
NO_DISPLAY = Report("failed", "no display is plugged in")


class FakeProcess:
    def __init__(self):
        self.reports = []
        self.ended = None
        self.killed = False
        self.farewell_s = None
        self.heard = []

    def send(self, update):
        self.heard.append(update)
        return True

    def receive(self):
        reports, self.reports = self.reports, []
        return reports

    def end(self, patience_s):
        self.killed = self.ended is None
        self.farewell_s = patience_s


class Bench:
    def __init__(self):
        self.clock = FakeClock()
        self.processes = []
        self.fault = None
        self.supervisor = Supervisor(
            self.launch, self.clock, name="overlay", logger=logging.getLogger("device.overlay")
        )

    def launch(self):
        if self.fault:
            raise self.fault
        self.processes.append(FakeProcess())
        return self.processes[-1]

    @property
    def process(self):
        return self.processes[-1]

    def turn(self, *reports, after_s=0.0, ended=None):
        self.clock.time_s += after_s
        if self.processes:
            self.process.reports += reports
            self.process.ended = ended or self.process.ended
        return self.supervisor.turn()

    def wait_for_next(self):
        """How long it takes until the next process is started, seconds."""
        started, waited_s = len(self.processes), 0.0
        while len(self.processes) == started:
            self.turn(after_s=0.25)
            waited_s += 0.25
            assert waited_s < 2 * LONGEST_WAIT_S
        return waited_s


@pytest.fixture
def bench(caplog):
    caplog.set_level(logging.INFO, "device.overlay")
    return Bench()


@pytest.fixture
def told(caplog):
    return lambda: [(record.levelname, record.getMessage()) for record in caplog.records]


def test_a_display_that_opens_is_told_of_once(bench, told):
    bench.turn()
    bench.turn(SHOWN)
    bench.turn(Report("ready"), after_s=5.0)
    assert told() == [("INFO", "the overlay is shown: x11, 1280 x 720 pixels")]
    assert bench.supervisor.shown


def test_a_display_that_is_missing_is_told_of_once_and_tried_ever_more_slowly(bench, told):
    waits_s = []
    bench.turn()
    for _ in range(9):
        bench.turn(NO_DISPLAY, ended="exit code 69")
        waits_s.append(bench.wait_for_next())
    assert waits_s == sorted(waits_s)
    assert (waits_s[0], waits_s[-1]) == (1.0, LONGEST_WAIT_S)
    assert told() == [
        ("WARNING", "no overlay: no display is plugged in; sensing goes on, and it is tried again"),
    ]


def test_a_display_that_comes_back_is_told_of(bench, told):
    bench.turn()
    bench.turn(NO_DISPLAY, ended="exit code 69")
    bench.wait_for_next()
    bench.turn(SHOWN)
    assert told()[-1] == ("INFO", "the overlay is back: x11, 1280 x 720 pixels")


def test_another_reason_is_told_as_well(bench, told):
    bench.turn()
    bench.turn(NO_DISPLAY, ended="exit code 69")
    bench.wait_for_next()
    bench.turn(Report("failed", "another program holds the display"), ended="exit code 69")
    assert [message.split(";")[0] for _, message in told()] == [
        "no overlay: no display is plugged in",
        "no overlay: another program holds the display",
    ]


def test_a_process_that_is_killed_is_started_again(bench, told):
    bench.turn()
    bench.turn(SHOWN)
    bench.turn(ended="killed by SIGKILL", after_s=5.0)
    assert not bench.supervisor.shown
    assert told()[-1][1].startswith("no overlay: its process has ended (killed by SIGKILL)")
    assert bench.wait_for_next() == 1.0
    bench.turn(SHOWN)
    assert bench.supervisor.shown


def test_one_that_was_well_for_long_is_soon_tried_again(bench):
    bench.turn()
    for _ in range(5):
        bench.turn(NO_DISPLAY, ended="exit code 69")
        bench.wait_for_next()
    bench.turn(SHOWN)
    for _ in range(int(STEADY_AFTER_S / 5) + 1):
        bench.turn(Report("alive"), after_s=5.0)
    bench.turn(ended="killed by SIGSEGV")
    assert bench.wait_for_next() == 1.0


def test_one_that_crashes_whenever_it_is_shown_is_tried_ever_more_slowly(bench):
    bench.turn()
    waits_s = []
    for _ in range(8):
        bench.turn(SHOWN)
        bench.turn(ended="killed by SIGSEGV", after_s=0.5)
        waits_s.append(bench.wait_for_next())
    assert waits_s[-1] == LONGEST_WAIT_S


def test_one_that_hangs_is_ended_and_started_again(bench, told):
    bench.turn()
    bench.turn(SHOWN)
    bench.turn(after_s=SILENT_TIMEOUT_S)
    assert not bench.process.killed
    bench.turn(after_s=0.25)
    assert bench.process.killed
    assert "hung" in told()[-1][1]
    bench.wait_for_next()


def test_one_that_opens_slowly_is_waited_for(bench):
    bench.turn()
    bench.turn(after_s=OPENING_TIMEOUT_S)
    assert not bench.process.killed
    bench.turn(after_s=0.25)
    assert bench.process.killed


def test_what_it_said_while_the_daemon_was_busy_counts_as_now(bench):
    bench.turn()
    bench.turn(SHOWN)
    bench.turn(Report("alive"), after_s=10 * SILENT_TIMEOUT_S)
    assert not bench.process.killed


def test_one_that_a_person_closed_stays_closed(bench, told):
    bench.turn()
    bench.turn(SHOWN)
    bench.turn(Report("closed"))
    bench.turn(ended="exit code 0")
    for _ in range(10):
        bench.turn(after_s=LONGEST_WAIT_S)
    assert len(bench.processes) == 1
    assert told()[-1] == (
        "INFO",
        "the overlay was closed at the display; sensing goes on, and the next start shows it again",
    )


def test_the_last_report_of_one_that_has_ended_is_its_reason(bench, told):
    bench.turn()
    bench.process.reports = [NO_DISPLAY]
    bench.turn(ended="exit code 69")
    assert "no display is plugged in" in told()[-1][1]


def test_a_process_that_cannot_be_started_is_tried_again(bench, told):
    bench.fault = OSError(12, "Cannot allocate memory")
    bench.turn()
    assert "its process cannot be started: Cannot allocate memory" in told()[-1][1]
    bench.fault = None
    assert bench.wait_for_next() == 1.0


def test_nothing_is_said_to_one_that_has_not_opened_yet(bench):
    assert not bench.supervisor.send(Update("ok", "off", None))
    bench.turn()
    assert not bench.supervisor.send(Update("ok", "off", None))
    bench.turn(SHOWN)
    assert bench.supervisor.send(Update("ok", "off", None))
    assert len(bench.process.heard) == 1


def test_closing_leaves_it_a_moment_and_starts_no_other(bench):
    bench.turn()
    bench.turn(SHOWN)
    bench.supervisor.close()
    assert bench.process.farewell_s > 0
    bench.turn(after_s=LONGEST_WAIT_S)
    assert len(bench.processes) == 1
