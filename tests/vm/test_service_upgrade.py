"""An upgrade while events are made: the next version goes on where the last one was."""

import time
from itertools import pairwise

import pytest

from tests.vm import stream
from tests.vm.service import CLEAN, CONFIG

pytestmark = [pytest.mark.slow, pytest.mark.integration]

UPGRADE_S = 3000.0
# As unattended upgrades do: what somebody has configured stays.
OPTIONS = "-o Dpkg::Options::=--force-confold"


def test_an_upgrade_under_load_loses_no_event_and_keeps_the_configuration(service):
    service.configure(**stream.SECTIONS)
    service.machine.run(f"echo '# mine' >>{CONFIG}")
    config = service.machine.run(f"cat {CONFIG}")
    service.restart()
    begun_s = service.now_s()
    old = service.wait_for_event(begun_s).payload["run"]
    before_s = time.monotonic()
    service.machine.run(f"{CLEAN} apt-get install -y {OPTIONS} ./carried/next.deb 2>&1", UPGRADE_S)
    took_s = time.monotonic() - before_s
    done_s = service.now_s()
    service.wait_until(lambda: service.heard("events")[-1].payload["run"] != old, "the next version's events")
    service.wait_for_event(done_s)

    events = service.heard("events", begun_s)
    first = min(event.payload["seq"] for event in events if event.payload["run"] == old)
    numbers = {event.payload["seq"] for event in events if event.payload["seq"] >= first}
    silence_s = max(later.time_s - event.time_s for event, later in pairwise(events))
    runs = len({event.payload["run"] for event in events})
    print(
        f"\nthe upgrade took {took_s:.0f} s; {len(numbers)} events from {runs} starts, "
        f"the longest silence between two {silence_s:.1f} s, numbers {min(numbers)} to {max(numbers)}"
    )
    assert "-2~" in service.machine.run("dpkg-query -W affectd")
    assert numbers == set(range(min(numbers), max(numbers) + 1)), "an event is missing"
    assert runs == 2
    assert service.machine.run(f"cat {CONFIG}") == config
    assert "# of the next revision" in service.machine.run(f"tail -1 {CONFIG}.dpkg-dist")
    assert service.show()["ActiveState"] == "active"
