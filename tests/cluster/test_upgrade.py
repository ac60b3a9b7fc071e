"""A cluster is brought to a newer version node by node, while devices send."""

import pytest

from tests.brokers import wait_until
from tests.cluster.network import NODES
from tests.cluster.nodes import Nats, running
from tests.cluster.test_faults import stream

__all__ = ["stream"]

pytestmark = pytest.mark.slow

_NODES = range(1, NODES + 1)


@pytest.fixture(scope="module")
def cluster():
    """Three nodes that run the older version."""
    with running(Nats) as nodes:
        yield nodes


@pytest.fixture
def retained(site):
    """The topic of what a device has left that is gone."""
    site.start_device("gone", 1)
    site.listen("gone/info", 1, keep=False, name="first")
    wait_until(lambda: site.heard("first"), "the device")
    site.kill_device("gone")
    return "gone/info"


def test_nodes_that_are_upgraded_one_after_the_other_cost_no_event(cluster, retained, stream, enter):
    older, newer = cluster.version(Nats.program), cluster.version(Nats.NEWER)
    assert [cluster.runs(number) for number in _NODES] == [older] * NODES
    cluster.program = Nats.NEWER
    stream.restart_nodes()
    assert [cluster.runs(number) for number in _NODES] == [newer] * NODES != [older] * NODES
    stream.listen(retained, 2, keep=False, name="later")
    wait_until(lambda: stream.heard("later"), "what was retained before")
    enter(stream.account(f"each node stopped in turn, and started with {newer} in the place of {older}"))
    assert all(connection["session"] for connection in stream.connections()[1:])
