"""Nodes die, are cut off, and are taken down one after the other, while devices send."""

import time

import pytest

from tests.cluster.network import NODES, Network

pytestmark = pytest.mark.slow

_NODES = range(1, NODES + 1)
_DOWN_S = 15.0
_SPLIT_S = 100.0


@pytest.fixture
def stream(site):
    """A device at each node, and a consumer that is at node 1 first."""
    site.listen("+/events", 1)
    for number in _NODES:
        site.start_device(f"device-{number}", number)
    site.wait_for_new(after_s=0.0)
    return site


def test_each_node_in_turn_is_killed_and_no_event_is_lost(cluster, stream, enter):
    for number in _NODES:
        cluster.kill(number)
        time.sleep(_DOWN_S)
        cluster.start(number)
        cluster.wait_until_ready(number)
        stream.wait_for_new(after_s=time.monotonic())
        time.sleep(5.0)
    enter(stream.account("each node killed (SIGKILL) in turn, away for 15 s"))


@pytest.mark.parametrize(
    ("disturb", "fault"),
    [(Network.split, "split from the two others"), (Network.cut, "cut off from everybody")],
    ids=["split", "cut"],
)
def test_a_node_that_others_or_nobody_hear_any_more_costs_no_event(cluster, stream, enter, disturb, fault):
    disturb(cluster.network, 1)
    time.sleep(_SPLIT_S)
    cluster.network.mend(1)
    cluster.wait_until_ready(1)
    stream.wait_for_new(after_s=time.monotonic())
    enter(stream.account(f"one node {fault} for {_SPLIT_S:.0f} s"))


def test_nodes_that_are_stopped_and_started_one_after_the_other_cost_no_event(stream, enter):
    stream.restart_nodes()
    enter(stream.account("each node stopped and started in turn, as an upgrade does"))
