"""The clock is set forward and back."""

import time

import pytest

from tests.brokers import wait_until
from tests.faults.site import SLOW_S

pytestmark = pytest.mark.slow

HOUR_S, DAY_S, YEAR_S = 3600.0, 86_400.0, 31_557_600.0
JUMPS_S = [HOUR_S, -DAY_S, 10 * YEAR_S, -11 * YEAR_S, -20 * YEAR_S, 25 * YEAR_S, -HOUR_S, 5 * YEAR_S]


def test_a_clock_that_jumps_costs_nothing_though_old_events_are_dropped(site, enter):
    device = site.device(spool={"max_age_s": 600.0, "drain_per_s": 400.0})
    device.start(rate_per_s=40.0, count=220, clock_jumps_s=JUMPS_S)
    device.wait_for_emitted(100)
    listener = site.start_broker_for_listener()
    device.wait_for_emitted(160)
    site.broker.kill()
    device.wait_for_emitted(210)
    time.sleep(2.5)
    site.start_broker_for_listener()
    told, _ = device.process.communicate(timeout=SLOW_S)
    assert device.process.returncode == 0, device.told
    assert '"dropped": 0, "last_seq": 220' in told
    wait_until(lambda: len(site.proxy.acknowledged) == 220, "every event to be acknowledged", SLOW_S)
    site.wait_until_heard()
    assert device.told.count("the clock has jumped") >= len(JUMPS_S) - 1
    times = [event["time"] for event in listener.events()]
    assert times != sorted(times)
    enter(site.account("clock set by an hour to 25 years", len(JUMPS_S), device))
