"""A site's own broker passes on what its devices say, by the configuration that we give."""

import re
import subprocess
import time
from pathlib import Path

import pytest

from tests.brokers import find_mosquitto
from tests.cluster.network import CLIENTS, NODES, front, inside

pytestmark = pytest.mark.slow

_BRIDGE = Path(__file__).parents[2] / "systemd" / "mosquitto" / "site-bridge.conf"
_AWAY_S = 20.0


@pytest.fixture
def house(cluster, tmp_path):
    """A Mosquitto among the clients, with the bridge."""
    nodes = " ".join(f"{front(number)}:1883" for number in range(1, NODES + 1))
    text = re.sub(r"^address .*$", f"address {nodes}", _BRIDGE.read_text(), flags=re.MULTILINE)
    listens = f"listener 1883 {CLIENTS}\nallow_anonymous true\nuser root\npersistence_location {tmp_path}/\n"
    (tmp_path / "mosquitto.conf").write_text(listens + text)
    command = inside(cluster.network.clients, find_mosquitto(), "-c", str(tmp_path / "mosquitto.conf"))
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    yield
    process.kill()
    process.wait(10)


@pytest.mark.usefixtures("house")
def test_a_bridge_goes_on_to_another_node_and_keeps_events_while_the_centre_is_away(cluster, site, enter):
    site.base = "museum/berlin"
    site.listen("+/events", 2)
    for number in (1, 2):
        site.start_device(f"device-{number}", 1, hosts=(CLIENTS,))
    site.wait_for_new(after_s=0.0)
    cluster.kill(1)
    site.wait_for_new(after_s=time.monotonic())
    cluster.start(1)
    cluster.wait_until_ready(1)
    for number in range(1, NODES + 1):
        cluster.network.cut(number)
    time.sleep(_AWAY_S)
    for number in range(1, NODES + 1):
        cluster.network.mend(number)
    site.wait_for_new(after_s=time.monotonic())
    enter(site.account(f"behind a site's bridge: node killed, then the whole centre away for {_AWAY_S:.0f} s"))
