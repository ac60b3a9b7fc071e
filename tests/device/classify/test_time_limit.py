"""A model that takes too long over faces is noticed, whatever else keeps the machine busy."""

import threading
import time

import pytest

from device.classify import time_limit
from device.classify.time_limit import TimeLimit


@pytest.fixture
def computed(monkeypatch):
    """What the thread has computed, seconds; a test adds to it."""
    clock = {"s": 0.0}
    monkeypatch.setattr(time, "thread_time", lambda: clock["s"])
    monkeypatch.setattr(time, "clock_gettime", lambda _: clock["s"])
    return clock


def read_faces(limit, computed, *seconds):
    for taken_s in seconds:
        with limit:
            computed["s"] += taken_s


def test_five_slow_faces_in_a_row_are_too_many(computed):
    limit = TimeLimit()
    read_faces(limit, computed, 2.0, 2.0, 2.0, 2.0)
    assert limit.exceeded is None
    read_faces(limit, computed, 2.0)
    assert limit.exceeded == "it took more than 1 s over each of 5 faces in a row"


def test_a_quick_face_between_slow_ones_begins_the_count_anew(computed):
    limit = TimeLimit()
    read_faces(limit, computed, 2.0, 2.0, 2.0, 2.0, 0.5, 2.0, 2.0, 2.0, 2.0)
    assert limit.exceeded is None


def test_one_face_without_end_is_noticed_while_it_lasts(computed):
    limit = TimeLimit()
    with limit:
        computed["s"] += 10.0
        assert limit.exceeded is None
        computed["s"] += 0.5
        assert limit.exceeded == "it has been at one face for 10 s"
    assert limit.exceeded is None


def test_time_in_which_the_thread_computes_nothing_does_not_count(monkeypatch):
    monkeypatch.setattr(time_limit, "HUNG_S", 0.05)
    limit = TimeLimit()
    with limit:
        time.sleep(0.2)
        assert limit.exceeded is None


def test_another_thread_is_told_while_the_one_that_reads_is_stuck(monkeypatch):
    monkeypatch.setattr(time_limit, "HUNG_S", 0.1)
    monkeypatch.setattr(time_limit, "_LOOK_EVERY_S", 0.02)
    told = threading.Event()
    limit = TimeLimit()
    limit.watch(lambda _: told.set())
    with limit:
        while not told.is_set():
            sum(range(1000))
