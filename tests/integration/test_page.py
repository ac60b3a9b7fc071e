"""The page beside a real daemon: whatever becomes of it, the sensor goes on."""

import os
import re
import signal
from pathlib import Path

import pytest

from tests.brokers import LOOPBACK, free_port, wait_until
from tests.cameras import MjpegCamera
from tests.integration.browser import Browser
from tests.integration.processes import call_affectd

pytest.importorskip("microdot", reason="needs microdot: pip install 'affectd[page]'")

pytestmark = pytest.mark.integration

ENDLESS = {"pace": "real-time", "loop": True}
PASSWORD = "correct horse battery"


@pytest.fixture
def configured(configure):
    """A configuration with a page, and a browser for it."""

    def make(**sections):
        port = free_port()
        page = {"enabled": True, "port": port} | sections.pop("page", {})
        mqtt = {"enabled": False} | sections.pop("mqtt", {})
        source = ENDLESS | sections.pop("source", {})
        return configure(1, source=source, mqtt=mqtt, page=page, **sections), Browser(port)

    return make


def test_a_password_that_was_set_opens_the_page_and_the_switch_closes_the_camera(configured, daemon, monkeypatch):
    config, browser = configured(source={"uri": "demo"})  # which is read without a process of its own
    monkeypatch.setenv("AFFECTD_PAGE_PASSWORD", PASSWORD)
    answer = call_affectd("page", "password", "--config", str(config))
    assert (answer.returncode, answer.stderr) == (0, "")
    process = daemon(config)
    wait_until(browser.answers, "the page to be there")
    assert browser.ask("GET", "/")[0] == 303
    assert browser.ask("POST", "/login", {"password": "wrong horse battery"})[0] == 403
    assert browser.ask("POST", "/login", {"password": PASSWORD})[0] == 303
    wait_until(lambda: browser.shows("/", r'class="face"'), "a face to appear")

    assert "clip.mkv" in _open_files(process)
    assert browser.ask("POST", "/pause", {"paused": "yes"})[0] == 303
    assert browser.shows("/", "Camera off")
    assert not browser.shows("/", r'class="face"')
    assert "clip.mkv" not in _open_files(process)
    browser.ask("POST", "/pause", {"paused": "no"})
    wait_until(lambda: browser.shows("/", r'class="face"'), "a face after the pause")
    assert browser.shows("/events", "face appeared")


def test_a_change_is_checked_written_with_its_comments_and_taken(configured, daemon):
    config, browser = configured()
    config.write_text("# mine\n" + config.read_text().replace("source:", "source:  # the clip"))
    process = daemon(config)
    wait_until(browser.answers, "the page to be there")
    before = config.read_text()
    status, text = browser.ask("POST", "/configuration", {"detector.min_face": "7"})
    assert (status, "expected less than or equal to 1" in text) == (400, True)
    status, text = browser.ask(
        "POST", "/configuration", {"smoothing.enter_threshold": "0.2", "smoothing.exit_threshold": "0.9"}
    )
    assert status == 400, text
    assert config.read_text() == before
    status, text = browser.ask("POST", "/configuration", {"detector.min_face": "0.1", "device.name": "Küche: [1]"})
    assert (status, "Saved." in text) == (200, True), text
    written = config.read_text()
    assert written.startswith("# mine\n")
    assert "# the clip" in written
    wait_until(lambda: browser.shows("/configuration", 'name="detector.min_face"[^>]*>|value="0.1"'), "the page again")
    wait_until(lambda: browser.shows("/configuration", 'value="0.1"'), "the change to be taken")
    assert browser.shows("/", "Küche: \\[1\\]")
    assert process.process.poll() is None


@pytest.mark.attack
def test_a_disk_that_is_full_leaves_the_configuration_as_it_was(configured, monkeypatch, tmp_path):
    from device.errors import AffectdError
    from device.tools.page import change

    config, _ = configured()
    before = config.read_bytes()

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "rename", full)
    with pytest.raises((OSError, AffectdError)):
        change.change_configuration(config, {"source.fps": "9"})
    assert config.read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["config.yaml"]


def test_a_page_that_is_killed_is_told_and_comes_back_with_who_was_logged_in(configured, daemon, monkeypatch):
    config, browser = configured()
    monkeypatch.setenv("AFFECTD_PAGE_PASSWORD", PASSWORD)
    call_affectd("page", "password", "--config", str(config))
    process = daemon(config)
    wait_until(browser.answers, "the page to be there")
    browser.ask("POST", "/login", {"password": PASSWORD})
    wait_until(lambda: browser.shows("/events", "face appeared"), "an event")
    os.kill(_page_of(process), signal.SIGKILL)
    wait_until(lambda: "no page: its process has ended (killed by SIGKILL)" in process.told, "the log to say so")
    wait_until(lambda: browser.answers("/events"), "the page to be back")
    wait_until(lambda: browser.shows("/events", "face appeared"), "what had happened before, without another login")
    assert process.process.poll() is None


@pytest.mark.parametrize(
    ("page", "told"),
    [
        (
            {"cert_file": "/nowhere.pem", "key_file": "/nowhere.pem"},
            "no page: /nowhere.pem and /nowhere.pem cannot be used",
        ),
        ({"port": 1, "host": "192.0.2.1"}, "the page is shown|no page: port 1 of 127.0.0.1 cannot be listened at"),
    ],
)
def test_a_page_that_cannot_be_served_never_stops_the_sensor(configured, daemon, page, told):
    config, _ = configured(page=page)
    process = daemon(config)
    wait_until(lambda: re.search(told, process.told), "a word about the page")
    assert "watching " in process.told
    assert process.process.poll() is None


def test_the_doctor_is_asked_from_the_page(configured, daemon):
    config, browser = configured()
    daemon(config)
    wait_until(browser.answers, "the page to be there")
    browser.ask("POST", "/doctor")
    wait_until(lambda: browser.shows("/doctor", "golden answers right"), "the doctor to have looked")
    assert browser.shows("/doctor", "mqtt.enabled is false")


def test_a_poor_password_is_refused_in_a_line(configured, monkeypatch):
    config, _ = configured()
    monkeypatch.setenv("AFFECTD_PAGE_PASSWORD", "short")
    answer = call_affectd("page", "password", "--config", str(config))
    assert answer.returncode == 2
    assert answer.stderr.startswith("affectd: 8 to 256 characters")


@pytest.mark.attack
def test_no_password_that_the_sensor_knows_is_shown(configure, daemon):
    camera, page_port = MjpegCamera(), free_port()
    secret = "Swordf1sh-camera"
    uri = f"http://admin:{secret}@{LOOPBACK}:{camera.port}/live?token={secret}"
    page = {"enabled": True, "port": page_port}
    camera.start()
    try:
        process = daemon(configure(1, source={"uri": uri}, mqtt={"enabled": False}, page=page))
        browser = Browser(page_port)
        wait_until(browser.answers, "the page to be there")
        wait_until(lambda: browser.shows("/", "Camera on"), "the camera to be on")
    finally:
        camera.stop()
    wait_until(lambda: browser.shows("/", "Camera lost"), "the camera to be lost")
    browser.ask("POST", "/doctor")
    wait_until(lambda: browser.shows("/doctor", "camera</strong>"), "the doctor")
    for path in ("/", "/events", "/configuration", "/doctor"):
        assert secret not in browser.ask("GET", path)[1]
    assert process.process.poll() is None


def _page_of(daemon):
    for children in Path(f"/proc/{daemon.process.pid}/task").glob("*/children"):
        for pid in children.read_text().split():
            if b"device.page" in Path(f"/proc/{pid}/cmdline").read_bytes():
                return int(pid)
    return pytest.fail("the daemon has no page")


def _open_files(daemon):
    found = set()
    for link in Path(f"/proc/{daemon.process.pid}/fd").iterdir():
        try:
            found.add(link.readlink().name)
        except FileNotFoundError:
            continue
    return found
