"""What is left of the promises of MQTT in a cluster: noted as it is, and held where affectd needs it."""

import time

import pytest

from tests.brokers import wait_until

pytestmark = pytest.mark.slow

_SOON_S = 8.0
_NOTICED_S = 60.0
_ELECTED_S = 30.0
"""By then the nodes that are left agree who leads."""


@pytest.fixture
def device(site):
    """A device at node 1."""
    site.start_device("hall", 1, rate_per_s=1.0)
    site.listen("hall/availability", 1, name="first")
    wait_until(lambda: site.heard("first"), "the device")
    return site


def finds(site, topic, node, name):
    """Whether somebody new at ``node`` gets a retained message soon."""
    site.listen(topic, node, keep=False, name=name)
    end_s = time.monotonic() + _SOON_S
    while not (heard := site.heard(name)) and time.monotonic() < end_s:
        time.sleep(0.1)
    return any(message.retained for message in heard)


def said(answer):
    return "yes" if answer else "no"


def test_what_is_retained_and_who_finds_it(cluster, device, note):
    note("retained, found at the device's own node", said(finds(device, "hall/info", 1, "own")))
    note("retained, found by a wildcard there", said(finds(device, "+/info", 1, "wild")))
    note("retained, found at another node", said(finds(device, "hall/info", 2, "other")))
    device.stop_devices()
    cluster.kill(1)
    time.sleep(_ELECTED_S)
    note("retained, found at another node while its own is dead", said(finds(device, "hall/info", 3, "dead")))
    cluster.start(1)
    cluster.wait_until_ready(1)
    time.sleep(5.0)
    note("retained, found at its own node after that has come back", said(finds(device, "hall/info", 1, "back")))


def test_the_last_will_reaches_a_listener_at_another_node(device, note):
    device.listen("hall/availability", 2, keep=False, name="watcher")
    device.kill_device("hall")
    wait_until(lambda: "offline" in [heard.text for heard in device.heard("watcher")], "the last will", _NOTICED_S)
    note("last will of a device that dies", "yes")


def test_whether_there_is_a_last_will_when_the_devices_node_dies(cluster, device, note):
    device.listen("hall/availability", 2, keep=False, name="watcher")
    cluster.kill(1)
    time.sleep(_SOON_S)
    told = [heard.text for heard in device.heard("watcher")]
    note("last will of a device whose node dies", said("offline" in told))
    wait_until(lambda: "online" in [heard.text for heard in device.heard("watcher")], "the device at another node")
    cluster.start(1)
    cluster.wait_until_ready(1)


def test_a_session_that_is_kept_goes_on_at_another_node_when_its_own_dies(cluster, site, note):
    site.start_device("hall", 2, rate_per_s=5.0)
    site.listen("+/events", 1)
    site.wait_for_new(after_s=0.0)
    cluster.kill(1)
    site.wait_for_new(after_s=time.monotonic())
    kept = site.connections()[-1]["session"]
    note("session and its messages, after its node has died", said(kept))
    cluster.start(1)
    cluster.wait_until_ready(1)
    account = site.account("a consumer's node is killed")
    assert account.lost == 0
