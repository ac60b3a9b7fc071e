"""The broker dies, is cut off, or takes its time."""

import time
from functools import partial

import pytest

from tests.brokers import wait_until
from tests.faults.site import SLOW_S

pytestmark = pytest.mark.slow


@pytest.fixture
def stream(site, request):
    """A device that emits and a listener that hears it."""
    site.start_broker(careful="killed" in request.node.name)
    listener = site.listen()
    device = site.device()
    device.start(rate_per_s=60.0)
    listener.wait_for(lambda heard: heard.events(), "the first event")
    return device


def settle(site, device):
    told = device.stop()
    assert told["dropped"] == 0
    site.wait_until_heard()


def test_a_broker_that_is_killed_twenty_times_in_a_stream_costs_nothing(site, stream, chance, enter):
    longest_s = 0.0
    for number in range(20):
        time.sleep(chance.uniform(0.1, 0.8))
        site.broker.kill()
        time.sleep(3.0 if number % 5 == 4 else chance.uniform(0.0, 0.5))
        longest_s = max(longest_s, site.recovery_s(partial(site.start_broker, careful=True)))
    site.broker.stop()
    site.start_broker()  # no longer careful, to be done sooner
    settle(site, stream)
    account = enter(
        site.account("broker killed (SIGKILL) and started again", 20, stream, longest_s, heard_in_order=False)
    )
    assert account.sent > 500


@pytest.mark.parametrize("seconds", [(1.0, 4.0), (8.0, 12.0)], ids=["short", "long"])
def test_a_wire_that_stalls_costs_nothing(site, stream, chance, enter, seconds):
    times, longest_s = (4, 0.0) if seconds[0] < 5 else (1, 0.0)
    for _ in range(times):
        time.sleep(chance.uniform(0.1, 0.8))
        site.proxy.stall()
        time.sleep(chance.uniform(*seconds))
        longest_s = max(longest_s, site.recovery_s(site.proxy.flow))
    settle(site, stream)
    account = enter(
        site.account(f"network stalls for {seconds[0]:.0f} to {seconds[1]:.0f} s", times, stream, longest_s)
    )
    assert account.missed == 0


def test_a_wire_that_is_reset_costs_nothing(site, stream, chance, enter):
    longest_s = 0.0
    for _ in range(10):
        time.sleep(chance.uniform(0.1, 0.8))
        longest_s = max(longest_s, site.recovery_s(site.proxy.reset))
    settle(site, stream)
    assert enter(site.account("connection reset", 10, stream, longest_s)).missed == 0


@pytest.mark.parametrize(("towards", "times"), [("device", 5), ("broker", 2)])
def test_a_connection_that_is_half_closed_costs_nothing(site, stream, chance, enter, towards, times):
    longest_s = 0.0
    for _ in range(times):
        time.sleep(chance.uniform(0.1, 0.8))
        connections = len(site.proxy.client_ids)

        def cut(before=connections):
            site.proxy.half_close(towards=towards)
            wait_until(lambda: len(site.proxy.client_ids) > before, "the device to notice", SLOW_S)

        longest_s = max(longest_s, site.recovery_s(cut))
    settle(site, stream)
    assert enter(site.account(f"connection half-closed towards the {towards}", times, stream, longest_s)).missed == 0


def test_a_broker_that_is_slow_to_answer_costs_nothing_and_is_not_given_up(site, stream, enter):
    connections = len(site.proxy.client_ids)
    site.proxy.answer_delay_s = 3.0
    time.sleep(15.0)
    site.proxy.answer_delay_s = 0.0
    settle(site, stream)
    account = enter(site.account("answers 3 s late, for 15 s", 1, stream))
    assert (account.missed, len(site.proxy.client_ids)) == (0, connections)
