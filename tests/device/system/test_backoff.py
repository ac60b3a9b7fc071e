"""Waits grow, have an upper bound, and differ between devices."""

from device.system.backoff import Backoff


def test_waits_double_up_to_the_longest():
    backoff = Backoff(1, 10, chance=lambda: 0.0)
    assert [backoff.next_s() for _ in range(6)] == [1, 2, 4, 8, 10, 10]


def test_after_a_reset_waits_begin_again():
    backoff = Backoff(1, 10, chance=lambda: 0.0)
    backoff.next_s()
    backoff.next_s()
    backoff.reset()
    assert backoff.next_s() == 1


def test_chance_shortens_a_wait_by_half_at_most():
    assert Backoff(4, 60, chance=lambda: 1.0).next_s() == 2


def test_a_first_wait_beyond_the_longest_is_cut():
    assert Backoff(30, 10, chance=lambda: 0.0).next_s() == 10


def test_without_chance_waits_are_as_they_are_said_to_be():
    backoff = Backoff(1, 3, chance=None)
    assert [backoff.next_s() for _ in range(3)] == [1, 2, 3]
