"""What `make run` does."""

import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("amqtt", reason="the demo's broker: pip install 'affectd[demo]'")
pytestmark = pytest.mark.integration

ROOT = Path(__file__).parents[2]
COMMAND = [sys.executable, "-u", "-m", "device", "demo"]


def test_the_demo_shows_events_as_they_arrive_then_a_summary_and_what_to_do_next():
    answer = subprocess.run(COMMAND, cwd=ROOT, capture_output=True, text=True, check=False, timeout=180)
    assert answer.returncode == 0, answer.stderr
    told = answer.stdout
    assert told.index("the device is online") < told.index("appears") < told.index("leaves") < told.index("events:")
    assert "3 face_appeared" in told
    assert "3 face_left" in told
    assert told.index("next:") > told.index("peak memory")
    assert answer.stderr == ""


def test_ctrl_c_ends_the_demo_cleanly():
    process = subprocess.Popen(
        COMMAND, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    assert process.stdout is not None
    for line in process.stdout:
        if "appears" in line:
            break
    subprocess.run(["kill", "-INT", "--", f"-{process.pid}"], check=True)  # as a terminal does: the whole group
    rest, complaints = process.communicate(timeout=60)
    assert process.returncode == 0
    assert "leaves (stopped)" in rest
    assert complaints == ""


def test_a_broker_that_is_not_there_is_one_line():
    command = [*COMMAND, "--broker", "127.0.0.1:1"]
    answer = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)
    assert answer.returncode == 69
    assert answer.stderr.splitlines() == [
        "affectd: no MQTT broker answers at 127.0.0.1:1 ([Errno 111] Connection refused); start it or name another"
    ]
