"""A name server that never answers holds nothing up: the camera is lost, the broker away, and the daemon goes on.

The daemon runs in a network and with a `resolv.conf` of its own, where the name server takes questions and keeps them.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.brokers import wait_until

pytestmark = pytest.mark.slow

# Takes questions as the one name server, and becomes the daemon.
LAUNCHER = """
import os, socket, subprocess, sys
subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
subprocess.run(["mount", "--bind", sys.argv[1], "/etc/resolv.conf"], check=True)
deaf = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
deaf.bind(("127.0.0.1", 53))
os.set_inheritable(deaf.fileno(), True)
os.execv(sys.executable, [sys.executable, *sys.argv[2:]])
"""
ROOT = Path(__file__).parents[2]


@pytest.fixture
def service_manager(tmp_path):
    """As systemd: hears what the daemon notifies."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(0)
        yield manager


@pytest.fixture
def start(tmp_path, service_manager):  # noqa: ARG001 - it must be there before
    """Starts a daemon whose name server is deaf, and gives its process; what it says is in the file ``said``."""
    if os.geteuid() != 0 or not all(map(shutil.which, ("unshare", "ip", "mount"))):
        pytest.skip("needs root, for a network of its own: sudo apt-get install iproute2 util-linux mount")
    processes = []

    def start(uri):
        resolver, config = tmp_path / "resolv.conf", tmp_path / "config.yaml"
        resolver.write_text("nameserver 127.0.0.1\noptions timeout:30 attempts:5\n")
        config.write_text(
            f"device: {{id: hall, state_dir: {tmp_path}/state, runtime_dir: {tmp_path}/run}}\n"
            f"source: {{uri: '{uri}', open_timeout_s: 1}}\nmqtt: {{host: broker.lan}}\n"
        )
        apart = ["unshare", "--mount", "--net", sys.executable, "-c", LAUNCHER, str(resolver)]
        environment = os.environ | {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "30000000"}
        environment.pop("WATCHDOG_PID", None)
        with (tmp_path / "said").open("w") as said:
            command = [*apart, "-m", "device", "run", "--config", str(config)]
            processes.append(subprocess.Popen(command, stdout=said, stderr=said, cwd=ROOT, env=environment))
        return processes[-1]

    yield start
    for process in processes:
        process.kill()
        process.wait()


def notified(manager):
    """All that was notified since the last call."""
    told = b""
    while True:
        try:
            told += manager.recv(4096)
        except BlockingIOError:
            return told


@pytest.mark.parametrize("uri", ["http://camera.lan/video", "rtsp://camera.lan/live"])
def test_the_camera_is_lost_the_broker_away_and_the_watchdog_fed(start, service_manager, tmp_path, uri):
    process, said = start(uri), tmp_path / "said"
    wait_until(lambda: f"{uri} has not given an answer for" in said.read_text(), "the camera to be given up")
    wait_until(lambda: b"READY=1" in notified(service_manager), "the daemon to be ready all the same")
    wait_until(lambda: b"WATCHDOG=1" in notified(service_manager), "the watchdog to be fed")
    assert process.poll() is None, said.read_text()
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 0, said.read_text()
    assert "Traceback" not in said.read_text()
