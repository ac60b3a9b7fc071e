"""The daemon's spool as other processes see it."""

import signal
import subprocess
import sys

import pytest

from tests.brokers import wait_until
from tests.integration.processes import ROOT

pytestmark = pytest.mark.integration

ENDLESS = {"pace": "real-time", "loop": True}


def test_a_second_daemon_on_the_same_state_folder_ends_with_74_and_one_line(broker, listen, configure, daemon):
    config = configure(broker.port, source=ENDLESS)
    listener = listen(broker.port)
    first = daemon(config)
    listener.wait_for(lambda heard: heard.on("availability"), "the first daemon")
    command = [sys.executable, "-m", "device", "run", "--config", str(config)]
    second = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)
    assert second.returncode == 74
    (line,) = (line for line in second.stderr.splitlines() if line.startswith("affectd: "))
    assert f"another affectd (process {first.process.pid}) keeps its events in" in line
    assert "device.state_dir" in line
    assert "Traceback" not in second.stderr
    first.signal(signal.SIGTERM)
    assert first.wait() == 0


def test_a_clean_stop_leaves_nothing_in_memory(silent_broker, configure, daemon, tmp_path):
    process = daemon(configure(silent_broker.port, source=ENDLESS))
    wait_until(lambda: "watching" in process.told, "the daemon to start", timeout_s=60.0)
    assert list((tmp_path / "run").glob("*.sqlite3"))
    process.signal(signal.SIGTERM)
    assert process.wait() == 0
    assert list((tmp_path / "run").iterdir()) == []
