"""Guessing gets slow, for who guesses."""

import pytest

from device.page.throttle import Throttle, network_of


class Clock:
    def __init__(self):
        self.time_s = 100.0

    def __call__(self):
        return self.time_s


def test_a_person_may_mistype():
    throttle = Throttle(Clock())
    for _ in range(5):
        assert throttle.wait_s("192.0.2.7") == 0.0
        throttle.note_wrong("192.0.2.7")
    assert throttle.wait_s("192.0.2.7") == 0.0


def test_waits_double_up_to_five_minutes():
    clock = Clock()
    throttle = Throttle(clock)
    waits = []
    for _ in range(16):
        throttle.note_wrong("192.0.2.7")
        waits.append(throttle.wait_s("192.0.2.7"))
        clock.time_s += waits[-1]
    assert waits[5:9] == [2.0, 4.0, 8.0, 16.0]
    assert waits[-1] == 300.0


def test_a_day_has_few_guesses():
    clock = Clock()
    throttle = Throttle(clock)
    guesses = 0
    while clock.time_s < 86_500.0:
        clock.time_s += throttle.wait_s("192.0.2.7")
        throttle.note_wrong("192.0.2.7")
        guesses += 1
    assert guesses < 320


def test_others_are_not_kept_waiting():
    throttle = Throttle(Clock())
    for _ in range(20):
        throttle.note_wrong("192.0.2.7")
    assert throttle.wait_s("192.0.2.8") == 0.0


def test_the_right_one_ends_it():
    clock = Clock()
    throttle = Throttle(clock)
    for _ in range(6):
        throttle.note_wrong("192.0.2.7")
    clock.time_s += 10.0
    throttle.note_right("192.0.2.7")
    throttle.note_wrong("192.0.2.7")
    assert throttle.wait_s("192.0.2.7") == 0.0


def test_a_whole_network_of_addresses_is_one_guesser():
    throttle = Throttle(Clock())
    for number in range(20):
        throttle.note_wrong(f"2001:db8::{number:x}")
    assert throttle.wait_s("2001:db8::ffff") > 0.0
    assert throttle.wait_s("2001:db8:0:1::1") == 0.0


def test_many_addresses_together_are_slowed_down_too():
    clock = Clock()
    throttle = Throttle(clock)
    for number in range(60):
        throttle.note_wrong(f"10.0.0.{number}")
    assert throttle.wait_s("10.9.9.9") > 0.0
    clock.time_s += 61.0
    assert throttle.wait_s("10.9.9.9") == 0.0


def test_no_number_of_addresses_takes_much_memory():
    clock = Clock()
    throttle = Throttle(clock)
    for number in range(5000):
        throttle.note_wrong(f"10.1.{number // 250}.{number % 250}")
        clock.time_s += 2.0
    assert len(throttle._wrong) == 512
    assert len(throttle._recent) < 100


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("192.0.2.7", "192.0.2.7"),
        ("fe80::1%eth0", "fe80000000000000/64"),
        ("nonsense", "nonsense"),
    ],
)
def test_an_address_has_one_network_however_it_is_written(address, network):
    assert network_of(address) == network
