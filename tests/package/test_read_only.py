"""A card that nobody writes to: the root is read-only, and what the daemon keeps lies in memory."""

from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

SCRIPT = Path(__file__).with_name("readonly.sh").read_text(encoding="utf-8")

CONFIG = "device: {id: hall}\nsource: {uri: demo, loop: true}\n"

# Without a configuration Mosquitto serves this machine alone, without a password.
BROKER = """
[Service]
ExecStart=/usr/sbin/mosquitto -p 1883
[Install]
WantedBy=multi-user.target
"""

# There before the daemon is: the subscription tells the time from the boot to the first event.
SUBSCRIBER = """
[Unit]
After=broker.service
[Service]
Type=oneshot
ExecStart=/bin/sh -c 'until mosquitto_sub -t affectd/+/events -C 1 >/run/first; do sleep 0.1; done'
ExecStart=/bin/cp /proc/uptime /run/first-at
[Install]
WantedBy=multi-user.target
"""


@pytest.fixture(scope="module")
def told(root) -> dict[str, str]:
    (root.path / "etc/affectd/config.yaml").write_text(CONFIG)
    for name, unit in (("broker", BROKER), ("subscriber", SUBSCRIBER)):
        (root.path / f"etc/systemd/system/{name}.service").write_text(unit)
        root.run("systemctl", "enable", "--quiet", name)
    sections = root.boot(SCRIPT, "--volatile=state")
    print(f"\n{root.release}", *sections.items(), sep="\n")
    return sections


def test_the_first_event_comes_with_a_root_that_cannot_be_written(told):
    assert "cannot be written" in told["root"]
    assert told["first event"].startswith('{"schema":1,')


def test_the_daemon_runs_with_its_state_in_memory(told):
    assert "ActiveState=active" in told["service"]
    assert "NRestarts=0" in told["service"]
    assert "connected to the broker" in told["service"]
    assert "\ntmpfs\n" in told["service"]
