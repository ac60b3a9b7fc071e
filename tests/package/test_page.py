"""The page of the installed service, visited from another machine of the network: seen, switched, and taken."""

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.package.network import Network
from tests.package.roots import REPOSITORY, Root

pytestmark = pytest.mark.slow

SCRIPT = Path(__file__).with_name("page.sh").read_text(encoding="utf-8")
DEVICE = "192.0.2.20"
PASSWORD = "correct horse battery"
SETTINGS = {"device.id": "hall", "source.uri": "demo", "source.loop": "true", "page.enabled": "true"}
MOST_EXPOSED = 2.0


@pytest.fixture(scope="module")
def network(release):  # noqa: ARG001 a module-wide network would be of the first release
    """Another for each release: a machine that is off would still answer to its address."""
    network = Network()
    yield network
    network.remove()


@pytest.fixture(scope="module")
def visit(root, network) -> dict[str, Any]:
    """What the visitor saw, what the device says, and its configuration before and after."""
    set_up(root)
    before = (root.path / "etc/affectd/config.yaml").read_text()
    cable = network.plug_in(DEVICE)
    with ThreadPoolExecutor(1) as beside:
        booted = beside.submit(root.boot, SCRIPT, network=f"--network-namespace-path={cable}")
        try:
            seen = visitor(network)
        finally:
            (root.path / "visited").touch()
        told = booted.result()
    after = (root.path / "etc/affectd/config.yaml").read_text()
    print(f"\n{root.release}", *(f"== {heading}\n{body}" for heading, body in told.items()), sep="\n")
    return {"seen": seen, "told": told, "before": before, "after": after}


def set_up(root: Root) -> None:
    """As the documentation says."""
    for key, value in SETTINGS.items():
        root.run("affectd", "config", "set", key, value)
    # The service has it from its first start on.
    root.run("install", "-d", "-o", "affectd", "-g", "affectd", "-m", "700", "/var/lib/affectd")
    root.run("affectd", "page", "password", AFFECTD_PAGE_PASSWORD=PASSWORD)
    root.run("systemctl", "enable", "affectd-page-change.path")
    (root.path / "etc/hostname").write_text("kitchen\n")


def visitor(network: Network) -> dict[str, Any]:
    """What `visitor.py` saw, as a machine beside."""
    command = network.command(sys.executable, "-m", "tests.package.visitor", DEVICE, "kitchen.local", PASSWORD)
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False, timeout=500)
    assert done.returncode == 0, done.stdout + done.stderr
    seen: dict[str, Any] = json.loads(done.stdout)
    return seen


def test_it_asks_for_the_password_and_answers_to_its_own_name_alone(visit):
    seen = visit["seen"]
    status, text = seen["a name of elsewhere"]
    assert status == 421
    assert "hall" not in text
    assert seen["by its address"] == 200
    assert (seen["without a login"], seen["a wrong password"], seen["the password"]) == (303, 403, 303)


def test_what_the_sensor_sees_is_told_while_somebody_looks(visit):
    _, _, data = visit["seen"]["the stream"].rpartition("data: ")
    assert 'class=\\"face\\"' in data


def test_the_switch_closes_the_camera(visit):
    assert visit["seen"]["paused"] == [303, True]


def test_a_value_that_does_not_fit_is_refused(visit):
    status, text = visit["seen"]["a wrong value"]
    assert status == 400
    assert "less than or equal to 1" in text
    assert "enter_threshold: 7" not in visit["after"]


def test_a_change_is_in_the_file_with_its_comments_and_the_daemon_has_taken_it(visit):
    status, text = visit["seen"]["a change"]
    assert (status, "Saved." in text) == (200, True), text
    before, after = visit["before"].splitlines(), visit["after"].splitlines()
    changed = [(old, new) for old, new in zip(before, after, strict=True) if old != new]
    assert [new.split("#")[0].strip() for _, new in changed] == ["name: 'Küche: [1]'", "enter_threshold: 0.61"]
    assert [old.partition("#")[2] for old, _ in changed] == [new.partition("#")[2] for _, new in changed]
    assert "Küche: [1]" in visit["seen"]["after it"][1]
    assert "same process" in visit["told"]["service"]
    assert "NRestarts=0" in visit["told"]["service"]


def test_root_s_part_has_done_it_and_left_the_file_to_its_owner(visit):
    change = visit["told"]["change"]
    assert "Result=success" in change
    assert "device.name, smoothing.enter_threshold changed" in change
    assert change.splitlines()[-1] == "root 644"


def test_what_somebody_else_asks_root_for_is_not_done(visit):
    forged = visit["told"]["forged"]
    assert "unchanged" in forged
    assert "it is still there" not in forged
    assert "'mqtt.host' cannot be changed from the page" in forged


def test_each_unit_leaves_little_open(visit):
    lines = visit["told"]["security"].splitlines()
    assert len(lines) == 4
    assert all(float(line.partition(": ")[2].split()[0]) <= MOST_EXPOSED for line in lines), lines


def test_systemd_complains_of_nothing(visit):
    assert visit["told"]["complaints"].strip() == ""
