"""A stream of NATS keeps events for those who read them later."""

import json
import subprocess
import sys

import pytest

from tests.brokers import wait_until
from tests.cluster.network import front, inside
from tests.cluster.nodes import Nats
from tests.cluster.site import PROJECT

pytestmark = pytest.mark.slow

_EVENTS = 100


def ask(cluster, subject, **request):
    command = [sys.executable, "-m", "tests.cluster.nats_request", front(1), f"$JS.API.STREAM.{subject}"]
    done = subprocess.run(
        inside(cluster.network.clients, *command, json.dumps(request)),
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    answer = json.loads(done.stdout)
    assert "error" not in answer, answer
    return answer


# RabbitMQ has streams of its own, which the page does not describe.
@pytest.mark.parametrize("cluster", [Nats], indirect=True, ids=["NATS"])
def test_every_event_of_a_house_is_in_a_stream_on_three_nodes(cluster, site):
    site.base = "museum/berlin"
    made = ask(cluster, "CREATE.events", name="events", subjects=["museum.*.*.events"], storage="file", num_replicas=3)
    assert made["config"]["num_replicas"] == 3
    site.start_device("hall", 2)
    wait_until(lambda: len(site.emitted("hall")) >= _EVENTS, f"{_EVENTS} events")
    site.stop_devices()
    sent = len(site.emitted("hall"))
    wait_until(lambda: ask(cluster, "INFO.events")["state"]["messages"] == sent, f"{sent} events in the stream", 30.0)
