"""The device dies."""

import time

import pytest

from tests.brokers import Listener
from tests.faults.ledger import Account, check_order, first_of_each, kept_numbers
from tests.integration.processes import Daemon, write_config

pytestmark = pytest.mark.slow


def test_a_device_that_is_killed_forty_times_loses_nothing_it_has_emitted(site, chance, enter):
    site.start_broker()
    site.listen()
    device = site.device()
    longest_s = 0.0
    for number in range(40):
        before = len(device.emitted())
        # In every third life the broker is away, or goes, so that events are moved on to the card.
        if number % 3 == 2:
            site.broker.kill()
        longest_s = max(longest_s, started_s(device, before))
        time.sleep(chance.uniform(0.0, 0.6) if number % 6 != 5 else chance.uniform(2.0, 3.0))
        device.kill()
        if number % 3 == 2:
            site.start_broker_for_listener()
    device.start(rate_per_s=80.0, count=50)
    assert device.process.wait(120) == 0, device.told
    site.wait_until_heard()
    account = enter(site.account("device killed (SIGKILL) at a random moment", 40, device, longest_s))
    assert account.sent > 500
    numbers = sorted(event.seq for event in {event.id: event for event in site.proxy.published}.values())
    assert numbers == list(range(1, len(numbers) + 1))


def started_s(device, emitted_before: int) -> float:
    began_s = time.monotonic()
    device.start(rate_per_s=80.0)
    device.wait_for_emitted(emitted_before + 1)
    return time.monotonic() - began_s


def test_the_true_daemon_killed_ten_times_leaves_no_number_out(site, chance, enter, tmp_path):
    site.start_broker()
    listener: Listener = site.listen()
    config = write_config(
        tmp_path,
        site.proxy.port,
        device={"state_dir": str(tmp_path / "state"), "runtime_dir": str(site.memory / "run")},
        source={"uri": "demo", "pace": "as-fast-as-possible", "loop": True},
    )
    longest_s = 0.0
    for _ in range(10):
        daemon = Daemon(config, tmp_path / "stderr")
        try:
            longest_s = max(longest_s, site.recovery_s(lambda: None))
            time.sleep(chance.uniform(0.0, 5.0))
        finally:
            daemon.end()
    site.wait_until_heard()
    on_wire = first_of_each((event.id, event.seq) for event in site.proxy.published)
    check_order(on_wire)
    acknowledged = {on_wire[event] for event in site.proxy.acknowledged}
    known = acknowledged | kept_numbers(tmp_path / "state", site.memory / "run")
    heard = first_of_each((event["id"], event["seq"]) for event in listener.events())
    check_order(heard)
    enter(
        Account(
            "true daemon killed (SIGKILL) at a random moment",
            10,
            sent=max(known),
            kept=len(known - acknowledged),
            received=len(heard),
            lost=len(set(range(1, max(known) + 1)) - known),
            missed=len(acknowledged - set(heard.values())),
            resent=len(site.proxy.published) - len(on_wire),
            repeated=len(listener.events()) - len(heard),
            recovery_s=longest_s,
        )
    )
