"""A real exporter makes Prometheus's figures of what the daemon says, with the files that we give."""

import json
import os
import re
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
ALERTS = Path(__file__).with_name("alerts.yaml")
DASHBOARD = FOLDER.parent / "grafana" / "affectd-fleet.json"


@pytest.fixture
def exporter(broker, tmp_path):
    """The port of an exporter that listens to the broker."""
    program = shutil.which("prometheus-mqtt-exporter")
    if program is None:
        pytest.skip("needs an exporter: apt-get install prometheus-mqtt-exporter")
    port = free_port()
    mapping = tmp_path / "mapping.yaml"
    mapping.write_text(MAPPING.read_text().replace("localhost:1883", f"{LOOPBACK}:{broker.port}"))
    command = [program, "-config", str(mapping), "-listen-address", LOOPBACK, "-listen-port", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=os.environ)
    yield port
    process.terminate()
    process.wait(10)


@pytest.fixture
def shown(exporter):
    """What it shows, read anew at each call."""

    def read() -> str:
        try:
            with urllib.request.urlopen(f"http://{LOOPBACK}:{exporter}/metrics", timeout=5) as answer:
                return str(answer.read().decode())
        except OSError:
            return ""

    wait_until(read, "the exporter")
    return read


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


def test_the_dashboard_asks_for_figures_that_the_mapping_makes():
    names = {metric["prom_name"] for metric in yaml.safe_load(MAPPING.read_text())["metrics"]}
    panels = json.loads(DASHBOARD.read_text())["panels"]
    asked = {
        name for panel in panels for target in panel["targets"] for name in re.findall(r"affectd_\w+", target["expr"])
    }
    assert asked <= names
    assert len(asked) == 7


def test_each_alert_fires_for_what_it_is_named_after_and_for_nothing_else():
    program = shutil.which("promtool")
    if program is None:
        pytest.skip("needs promtool, which comes with Prometheus: make deps SLOW=1")
    # `check rules` reads the alerts, `test rules` holds them against made-up figures.
    for command in (["check", "rules", str(RULES)], ["test", "rules", str(ALERTS)]):
        done = subprocess.run([program, *command], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
    tried = {
        case["alertname"] for test in yaml.safe_load(ALERTS.read_text())["tests"] for case in test["alert_rule_test"]
    }
    assert tried == {rule["alert"] for rule in yaml.safe_load(RULES.read_text())["groups"][0]["rules"]}
