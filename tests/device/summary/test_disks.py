"""Full, damaged and silent disks lose nothing that was counted."""

import resource
import threading
from contextlib import contextmanager

import pytest

from device.summary.database import SUMMARY_NAME
from device.summary.writer import SummaryWriter
from tests.device.summary.machine import Machine


@contextmanager
def full_disk(at_bytes: int = 0):
    """No file may grow beyond ``at_bytes``, as on a disk that is full."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (at_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("at_bytes", [0, 512, 8192])
def test_a_full_disk_loses_nothing_and_is_told_once(tmp_path, caplog, at_bytes):
    machine = Machine(tmp_path)
    machine.visit()
    machine.wait(700.0)
    with full_disk(at_bytes):
        for _ in range(60):
            machine.visit()
            machine.wait(1800.0, step_s=60.0)
        machine.settle()
        assert "cannot be written" in str(machine.sink.disk_trouble)
        assert machine.sink.snapshot().today.counts.visits >= 2
    assert caplog.text.count("cannot be written") == 1
    machine.wait(1300.0)
    assert machine.sink.disk_trouble is None
    machine.stop()
    assert machine.visits == 61


def test_a_folder_that_cannot_be_made_is_told_and_the_day_is_published_all_the_same(tmp_path, caplog):
    (tmp_path / "file").touch()
    machine = Machine(tmp_path / "file")
    machine.visit()
    machine.wait(20.0)
    assert "cannot be written" in caplog.text
    assert machine.sink.snapshot().today.counts.visits == 1
    machine.stop()


def test_a_file_that_is_damaged_while_it_runs_is_set_aside_and_counting_goes_on(machine, caplog):
    machine.visit()
    machine.wait(700.0)
    machine.path.write_bytes(b"damaged" * 1000)
    machine.visit()
    machine.wait(700.0)
    machine.stop()
    assert machine.visits == 1
    assert machine.path.with_name(f"{SUMMARY_NAME}.damaged").exists()
    assert caplog.text.count("is damaged") == 1
    assert machine.sink.disk_trouble is None


def test_a_disk_that_never_answers_holds_up_nobody_and_is_told(machine, monkeypatch, caplog):
    machine.wait(20.0)
    stuck = threading.Event()
    monkeypatch.setattr(SummaryWriter, "write", lambda *_, **__: stuck.wait(60.0))
    machine.clock.time_s += 700.0
    machine.sink.check()
    for _ in range(100):
        machine.clock.time_s += 10.0
        machine.sink.check()
    assert "the disk has not answered" in str(machine.sink.disk_trouble)
    machine.sink.close(timeout_s=0.05)
    assert "is not written to the end" in caplog.text
    stuck.set()


def test_no_sum_is_told_before_the_file_was_read(tmp_path, monkeypatch):
    hold = threading.Event()
    write = SummaryWriter.write
    monkeypatch.setattr(SummaryWriter, "write", lambda *args, **more: (hold.wait(10.0), write(*args, **more)))
    monkeypatch.setattr(Machine, "settle", lambda self: self.sink.check())
    machine = Machine(tmp_path)
    machine.wait(20.0)
    assert machine.sink.news() is None
    hold.set()
    machine.sink._writing.join()
    machine.wait(20.0)
    assert machine.sink.news() is not None
