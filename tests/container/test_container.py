"""The container is built without a network, runs the clip as its own user, keeps its events, and stops in time."""

import json
import os
import shutil
import subprocess
import time
import uuid
from pathlib import Path

import pytest

from tests.brokers import LOOPBACK, Listener, Mosquitto, find_mosquitto, wait_until

pytestmark = pytest.mark.slow

REPOSITORY = Path(__file__).parents[2]
BASE = REPOSITORY / "build" / "container" / "root"
STOP_S = 10
# Whoever runs this may have fewer open files than podman asks for.
LIMITS = ["--ulimit", "nofile=1024:4096", "--ulimit", "nproc=1024:1024", "--health-interval=disable"]
SHUT = ["--read-only", "--cap-drop=all", "--security-opt=no-new-privileges"]


def podman(*arguments: str, timeout_s: float = 120.0, check: bool = True) -> str:
    done = subprocess.run(
        ["podman", "--runtime", "runc", *arguments], capture_output=True, text=True, check=False, timeout=timeout_s
    )
    assert done.returncode == 0 or not check, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def image():
    """The image, of the package and a Debian that has all that it depends on."""
    packages = sorted((REPOSITORY / "build" / "deb").glob("affectd_*~deb13_amd64.deb"))
    if not BASE.exists() or not packages or not shutil.which("podman") or os.geteuid() != 0:
        pytest.skip("needs root, podman and what is built first: sudo make deb test-container PACKAGES=deb13-amd64")
    name = f"localhost/affectd-{uuid.uuid4().hex[:8]}"
    build = subprocess.run(
        [str(REPOSITORY / "systemd/container/build.sh"), str(packages[-1]), name, str(BASE)],
        env=os.environ | {"ISOLATION": "chroot"},
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert build.returncode == 0, build.stdout[-3000:] + build.stderr[-3000:]
    print(build.stdout.splitlines()[-1])
    yield name
    podman("rmi", "--force", name)


@pytest.fixture(scope="module")
def running(image, tmp_path_factory):
    """A container, its broker, and somebody who listens."""
    folder = tmp_path_factory.mktemp("container")
    broker = Mosquitto(find_mosquitto(), folder)
    broker.start()
    listener = Listener(broker.port)
    config = {
        "device": {"id": "hall"},
        "source": {"uri": "demo", "loop": True, "pace": "real-time"},
        "mqtt": {"host": LOOPBACK, "port": broker.port, "reconnect_first_s": 0.2, "reconnect_max_s": 1.0},
    }
    (folder / "config.yaml").write_text(json.dumps(config))
    (folder / "config.yaml").chmod(0o644)
    name = f"affectd-{uuid.uuid4().hex[:8]}"
    mounts = ["-v", f"{folder}/config.yaml:/etc/affectd/config.yaml:ro", "-v", f"{name}:/var/lib/affectd"]
    begun_s = time.monotonic()
    podman("run", "--detach", "--name", name, "--network", "host", *LIMITS, *SHUT, *mounts, image)
    try:
        listener.wait_for(lambda heard: heard.on("events"), f"an event; it said:\n{podman('logs', name)}")
        print(f"the first event came {time.monotonic() - begun_s:.1f} s after the start")
        yield name, listener, broker
    finally:
        podman("rm", "--force", name, check=False)
        podman("volume", "rm", "--force", name, check=False)
        listener.close()
        broker.stop()


def test_a_face_event_comes_out_of_it(running):
    _, listener, _ = running
    assert listener.events()[0]["device"] == "hall"


def test_nobody_in_it_is_root_and_nothing_of_it_can_be_written_but_its_volume(running):
    name, _, _ = running
    assert podman("exec", name, "id", "-un").strip() == "affectd"
    owners = podman("exec", name, "sh", "-c", "ps -eo user=").split()
    assert set(owners) == {"affectd"}
    tried = podman("exec", name, "sh", "-c", "touch /opt/x /etc/x 2>&1; touch /var/lib/affectd/x && echo written")
    assert tried.count("Read-only") == 2
    assert "written" in tried
    assert "WARNING" not in podman("logs", name)


def test_its_health_check_says_that_it_is_well(running):
    name, _, _ = running
    podman("healthcheck", "run", name)


def test_events_that_wait_outlive_the_container(running):
    name, listener, broker = running
    broker.stop()
    time.sleep(12)  # long enough for faces to come and go in the clip
    podman("stop", "--time", str(STOP_S), name)
    last = listener.events()[-1]["seq"]
    broker.start()
    listener.wait_until_subscribed()
    podman("start", name)
    wait_until(lambda: any(event["replayed"] for event in listener.events()), "a late event")
    late = [event["seq"] for event in listener.events() if event["replayed"]]
    assert min(late) <= last + 1


def test_asked_to_stop_it_says_goodbye_and_has_ended_in_time(running):
    name, listener, _ = running
    begun_s = time.monotonic()
    podman("stop", "--time", str(STOP_S), name)
    print(f"it stopped within {time.monotonic() - begun_s:.1f} s")
    # 137 were a daemon that had to be killed.
    assert podman("inspect", name, "--format", "{{.State.ExitCode}}").strip() == "0"
    listener.wait_for(lambda heard: heard.on("availability")[-1].text == "offline", "the goodbye")


def test_the_home_assistant_app_gives_root_up_and_does_what_its_options_say(image, tmp_path):
    broker = Mosquitto(find_mosquitto(), tmp_path)
    broker.start()
    listener = Listener(broker.port)
    options = {"device_id": "porch", "source": "demo", "mqtt_host": LOOPBACK, "mqtt_port": broker.port}
    (tmp_path / "data").mkdir()
    (tmp_path / "data/options.json").write_text(json.dumps(options))
    (tmp_path / "data/options.json").chmod(0o600)
    start = REPOSITORY / "systemd/container/homeassistant/start.py"
    mounts = ["-v", f"{tmp_path}/data:/data", "-v", f"{start}:/start.py:ro"]
    name = f"app-{uuid.uuid4().hex[:8]}"
    entry = ["--user", "root", "--entrypoint", '["/opt/affectd/bin/python", "-I", "/start.py"]']
    podman("run", "--detach", "--name", name, "--network", "host", *LIMITS, *entry, *mounts, image)
    try:
        listener.wait_for(lambda heard: heard.events(), f"an event; it said:\n{podman('logs', name)}")
        assert listener.events()[0]["device"] == "porch"
        assert set(podman("exec", name, "sh", "-c", "ps -eo user=,comm= | grep affectd").split()) == {"affectd"}
    finally:
        podman("rm", "--force", name, check=False)
        listener.close()
        broker.stop()
