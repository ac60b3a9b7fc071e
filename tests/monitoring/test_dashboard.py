"""The dashboard is as Grafana describes one, and Prometheus has an answer to each of its questions."""

import json
import os
import re
import shutil
import subprocess
import urllib.parse
import urllib.request
from functools import partial
from http import HTTPStatus

import pytest

from tests.brokers import LOOPBACK, free_port, wait_until
from tests.integration.processes import Daemon, write_config
from tests.integration.test_prometheus import FOLDER as PROMETHEUS
from tests.integration.test_prometheus import exporter
from tests.monitoring.conftest import FOLDER

__all__ = ["exporter"]

pytestmark = pytest.mark.slow

DASHBOARD = PROMETHEUS.parent / "grafana" / "affectd-fleet.json"
_COMPILER = [
    "--noEmit",
    "--strict",
    "--skipLibCheck",
    "--moduleResolution",
    "bundler",
    "--module",
    "esnext",
    "--target",
    "es2022",
]


def complaints(modules, text):
    """What TypeScript says of ``text`` as a Dashboard of @grafana/schema."""
    # Its enumerations take no bare words, which is what a file has.
    text = text.replace('"mode": "absolute"', '"mode": ThresholdsMode.Absolute')
    text = re.sub(r'"type": "value"(?=,\s*"options")', '"type": MappingType.ValueToText', text)
    imported = "import { MappingType, ThresholdsMode, type Dashboard } from '@grafana/schema';\n"
    source = FOLDER / "dashboard.ts"
    source.write_text(f"{imported}export const dashboard: Dashboard = {text};\n")
    done = subprocess.run(
        [str(modules / ".bin" / "tsc"), *_COMPILER, str(source)], capture_output=True, text=True, check=False
    )
    assert (done.returncode == 0) == (not done.stdout)
    return done.stdout


def test_it_is_a_dashboard_by_grafanas_own_types(modules):
    assert complaints(modules, DASHBOARD.read_text()) == ""


def test_a_misspelt_key_would_be_noticed(modules):
    assert "gridPoss" in complaints(modules, DASHBOARD.read_text().replace('"gridPos"', '"gridPoss"', 1))


@pytest.fixture
def ask(tmp_path, exporter):
    """A Prometheus that asks the exporter every second; gives its answer to a question."""
    program = shutil.which("prometheus")
    if program is None:
        pytest.skip("needs Prometheus: make deps SLOW=1")
    port = free_port()
    scraped = {"job_name": "affectd", "static_configs": [{"targets": [f"{LOOPBACK}:{exporter}"]}]}
    config = {"global": {"scrape_interval": "1s"}, "scrape_configs": [scraped]}
    (tmp_path / "prometheus.yml").write_text(json.dumps(config))
    places = [f"--config.file={tmp_path}/prometheus.yml", f"--storage.tsdb.path={tmp_path}/tsdb"]
    command = [program, *places, f"--web.listen-address={LOOPBACK}:{port}"]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=os.environ)

    def ask(question):
        query = urllib.parse.urlencode({"query": question})
        try:
            with urllib.request.urlopen(f"http://{LOOPBACK}:{port}/api/v1/query?{query}", timeout=5) as answer:
                return json.load(answer)["data"]["result"]
        except urllib.error.HTTPError as error:
            if error.code == HTTPStatus.SERVICE_UNAVAILABLE:  # it reads what it has kept
                return []
            pytest.fail(f"{question}: {error.read().decode()}")
        except OSError:
            return []

    yield ask
    server.terminate()
    server.wait(30)


def test_prometheus_has_an_answer_to_each_question_of_it(broker, tmp_path, ask):
    config = write_config(
        tmp_path, broker.port, source={"uri": "demo", "pace": "real-time", "loop": True}, mqtt={"stats_interval_s": 1.0}
    )
    daemon = Daemon(config, tmp_path / "stderr")
    try:
        wait_until(lambda: ask("affectd_version_wanted"), "the first figures")
        panels = json.loads(DASHBOARD.read_text())["panels"]
        questions = [target["expr"].replace("$sensor", ".*") for panel in panels for target in panel["targets"]]
        assert len(questions) == 17
        for question in questions:
            # Not every machine has a thermometer.
            if "celsius" not in question:
                wait_until(partial(ask, question), question, 20.0)
        assert [answer["value"][1] for answer in ask("affectd_version_wanted")] == ["1"]
    finally:
        daemon.end()
