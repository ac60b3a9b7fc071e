"""A session is known by its token alone, and ends."""

import json

from device.page.sessions import LASTS_S, Sessions


class Clock:
    def __init__(self):
        self.time_s = 1_000_000.0

    def __call__(self):
        return self.time_s


def make(clock, kept=(), key="verifier"):
    told = []
    return Sessions(clock, kept, key, told.append), told


def test_who_was_let_in_stays_in_and_nobody_else():
    sessions, _ = make(Clock())
    token = sessions.open()
    assert sessions.is_open(token)
    assert not sessions.is_open(token + "x")
    assert not sessions.is_open("")
    assert len(token) >= 40


def test_what_is_kept_lets_nobody_in():
    sessions, told = make(Clock())
    token = sessions.open()
    assert token not in json.dumps(told)


def test_a_new_process_takes_them_over():
    clock = Clock()
    sessions, told = make(clock)
    token = sessions.open()
    again, _ = make(clock, told[-1])
    assert again.is_open(token)


def test_another_password_ends_all():
    clock = Clock()
    sessions, told = make(clock)
    token = sessions.open()
    again, _ = make(clock, told[-1], key="another")
    assert not again.is_open(token)


def test_a_closed_one_is_closed_in_the_next_process_too():
    clock = Clock()
    sessions, told = make(clock)
    token = sessions.open()
    sessions.close(token)
    assert not sessions.is_open(token)
    assert told[-1] == []


def test_one_that_nobody_uses_ends_and_one_that_is_used_goes_on():
    clock = Clock()
    sessions, _ = make(clock)
    idle, used = sessions.open(), sessions.open()
    for _ in range(3):
        clock.time_s += 0.5 * LASTS_S
        assert sessions.is_open(used)
    assert not sessions.is_open(idle)


def test_a_clock_that_goes_back_makes_none_endless():
    clock = Clock()
    sessions, _ = make(clock)
    token = sessions.open()
    clock.time_s -= 10 * LASTS_S
    assert sessions.is_open(token)
    clock.time_s += 1.5 * LASTS_S
    assert not sessions.is_open(token)


def test_there_are_never_many():
    sessions, told = make(Clock())
    for _ in range(100):
        sessions.open()
    assert len(told[-1]) == 32
