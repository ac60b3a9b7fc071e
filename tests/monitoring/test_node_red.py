"""The flow that we give runs in a real Node-RED: each event once, and smiles counted."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.brokers import LOOPBACK, free_port, wait_until

pytestmark = pytest.mark.slow

FLOW = Path(__file__).parents[2] / "systemd" / "node-red" / "affectd-flow.json"


@pytest.fixture
def flow(modules, broker, listen, tmp_path):
    """Node-RED with it, at the broker; gives somebody who listens there."""
    nodes = json.loads(FLOW.read_text())
    (server,) = (node for node in nodes if node["type"] == "mqtt-broker")
    server |= {"broker": LOOPBACK, "port": str(broker.port)}
    (tmp_path / "flows.json").write_text(json.dumps(nodes))
    listener = listen(broker.port)
    command = [str(modules / ".bin" / "node-red"), "--userDir", str(tmp_path), "--port", str(free_port()), "flows.json"]
    output = (tmp_path / "output").open("wb")
    process = subprocess.Popen(command, stdout=output, stderr=output, env=os.environ | {"HOME": str(tmp_path)})
    wait_until(lambda: "Connected to broker" in (tmp_path / "output").read_text(), "Node-RED")
    yield listener
    process.terminate()
    process.wait(30)
    output.close()


def event(number, **more):
    return json.dumps(
        {
            "id": f"event-{number}",
            "type": "emotion_changed",
            "emotion": "happy",
            "device": "hall",
            "time": "2026-11-20T15:42:23.123Z",
            "replayed": False,
        }
        | more
    )


def test_a_repeat_is_counted_once_and_each_hour_anew(flow):
    said = [event(1), event(2), event(1), event(3, emotion="sad"), event(4, time="2026-11-20T16:00:00.000Z")]
    for text in said:
        flow.say("affectd/hall/events", text)
    flow.wait_for(lambda heard: len(heard.on("smiles")) == 3, "three counts")
    counts = [(one.message["hour"], one.message["count"]) for one in flow.on("smiles")]
    assert counts == [("2026-11-20T15", 1), ("2026-11-20T15", 2), ("2026-11-20T16", 1)]
