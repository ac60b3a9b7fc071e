"""A real exporter makes Prometheus's figures of what the daemon says, with the files that we give."""

import os
import shutil
import subprocess
import urllib.request
from pathlib import Path

import pytest
import yaml

from tests.brokers import LOOPBACK, free_port, wait_until
from tests.integration.processes import Daemon, write_config

pytestmark = pytest.mark.integration

FOLDER = Path(__file__).parents[2] / "systemd" / "prometheus"
MAPPING, RULES = FOLDER / "mqtt-exporter.yaml", FOLDER / "affectd.rules.yaml"


@pytest.fixture
def shown(broker, tmp_path):
    """What the exporter shows, read anew at each call."""
    program = shutil.which("prometheus-mqtt-exporter")
    if program is None:
        pytest.skip("needs an exporter: apt-get install prometheus-mqtt-exporter")
    port = free_port()
    mapping = tmp_path / "mapping.yaml"
    mapping.write_text(MAPPING.read_text().replace("localhost:1883", f"{LOOPBACK}:{broker.port}"))
    command = [program, "-config", str(mapping), "-listen-address", LOOPBACK, "-listen-port", str(port)]
    exporter = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=os.environ)

    def read() -> str:
        try:
            with urllib.request.urlopen(f"http://{LOOPBACK}:{port}/metrics", timeout=5) as answer:
                return str(answer.read().decode())
        except OSError:
            return ""

    wait_until(read, "the exporter")
    yield read
    exporter.terminate()
    exporter.wait(10)


def test_figures_of_a_sensor_are_shown_under_its_name(broker, tmp_path, shown):
    config = write_config(
        tmp_path,
        broker.port,
        source={"uri": "demo", "pace": "real-time", "loop": True},
        mqtt={"stats_interval_s": 1.0},
    )
    daemon = Daemon(config, tmp_path / "stderr")
    try:
        wait_until(lambda: "affectd_latency_p95_milliseconds" in shown(), "the figures")
        for metric in yaml.safe_load(MAPPING.read_text())["metrics"]:
            # Not every machine has a thermometer.
            if metric["mqtt_name"] != "temperature_c":
                assert f'{metric["prom_name"]}{{sensor="hall"' in shown()
    finally:
        daemon.end()


def test_the_alerts_name_figures_that_the_mapping_makes():
    names = {metric["prom_name"] for metric in yaml.safe_load(MAPPING.read_text())["metrics"]}
    for rule in yaml.safe_load(RULES.read_text())["groups"][0]["rules"]:
        assert any(name in rule["expr"] for name in names), rule["alert"]


def test_prometheus_takes_the_alerts():
    program = shutil.which("promtool")
    if program is None:
        pytest.skip("needs promtool, which comes with Prometheus: make deps SLOW=1")
    done = subprocess.run([program, "check", "rules", str(RULES)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
