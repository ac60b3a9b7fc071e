"""The doctor names what is wrong, and a command for it; what is in use or private it leaves alone."""

import os
import socket
import threading
import time
from contextlib import closing
from typing import NamedTuple

import pytest
from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion

from device.capture.privacy_switch import PauseSwitch
from device.config import parse_config
from device.overlay.settings import OverlaySettings
from device.system.lock import FolderLock
from device.system.user import user_name
from device.tools.doctor import (
    examine,
    examine_broker,
    examine_camera,
    examine_clock,
    examine_disk,
    examine_model,
    examine_overlay,
    examine_permissions,
    examine_temperature,
)
from tests.brokers import LOOPBACK, broker, free_port, listen, silent_broker
from tests.device.capture.sources.matroska import jpeg, matroska

__all__ = ["broker", "listen", "silent_broker"]


class Usage(NamedTuple):
    total: int
    used: int
    free: int


@pytest.fixture
def configure(tmp_path):
    def make(text=""):
        folders = f"state_dir: {tmp_path / 'state'}, runtime_dir: {tmp_path / 'run'}"
        return parse_config(f"device: {{id: hall, {folders}}}\n{text}", "config.yaml")

    return make


def mqtt(port):
    return f"mqtt: {{host: {LOOPBACK}, port: {port}}}\n"


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_a_broker_that_gives_our_message_back_is_well(broker, configure):
    finding, source = examine_broker(configure(mqtt(broker.port)))
    assert (finding.grade, finding.command) == ("ok", "")
    assert "gave our message back" in finding.message
    assert "the daemon is offline" in finding.message
    assert source is None


@pytest.mark.parametrize(
    ("state", "source"),
    [('{"source":"ok"}', "ok"), ('{"source":"paused"}', "paused"), ("nonsense", None), ("[]", None), ("7", None)],
)
def test_the_daemon_is_known_by_what_it_retains(broker, listen, configure, state, source):
    listener = listen(broker.port)
    listener.say("affectd/hall/availability", "online", retain=True)
    listener.say("affectd/hall/state", state, retain=True)
    config = configure(mqtt(broker.port))
    config.device.resolved_state_dir.mkdir()
    lock = FolderLock(config.device.resolved_state_dir)
    finding, found = examine_broker(config)
    lock.release()
    assert "the daemon is online" in finding.message
    assert found == source


def test_topics_that_the_broker_keeps_nothing_of_are_named(broker, listen, configure, monkeypatch):
    listener = listen(broker.port)
    for leaf, text in (("availability", "online"), ("info", "{}"), ("pause", "OFF")):
        listener.say(f"affectd/hall/{leaf}", text, retain=True)
    monkeypatch.setattr("device.tools.doctor._daemon_runs", lambda _: True)
    finding, _ = examine_broker(configure(mqtt(broker.port)))
    assert finding.grade == "wrong"
    assert (
        "on affectd/hall/state, homeassistant/device/affectd_hall/config: it may not publish there" in finding.message
    )


@pytest.mark.parametrize("protocol", ["3.1.1", "5"])
@pytest.mark.parametrize("limit", ["max_packet_size 3000", "message_size_limit 3000"])
def test_a_broker_that_takes_no_long_message_is_warned_of(silent_broker, configure, protocol, limit):
    silent_broker.start(limit)
    where = f"mqtt: {{host: {LOOPBACK}, port: {silent_broker.port}, protocol: '{protocol}'}}\n"
    finding, _ = examine_broker(configure(where))
    assert finding.grade == "warning"
    assert "takes no message of" in finding.message


def test_what_somebody_publishes_in_the_name_of_a_daemon_that_does_not_run_is_not_believed(broker, listen, configure):
    listener = listen(broker.port)
    listener.say("affectd/hall/availability", "online", retain=True)
    listener.say("affectd/hall/state", '{"source":"paused"}', retain=True)
    listener.say("affectd/hall/doctor", "ok", retain=True)
    finding, found = examine_broker(configure(mqtt(broker.port)))
    assert finding.grade == "warning"
    assert "no daemon runs here" in finding.message
    assert found is None


def test_a_stranger_who_goes_on_talking_does_not_hold_the_doctor_up(silent_broker, configure, tmp_path):
    (tmp_path / "acl").write_text("pattern read affectd/#\nuser talker\ntopic affectd/#\n")
    (tmp_path / "acl").chmod(0o600)
    silent_broker.start(f"acl_file {tmp_path / 'acl'}")  # nobody's messages are given back, but the talker's
    over = threading.Event()

    def talk():
        client = paho.Client(CallbackAPIVersion.VERSION2)
        client.username_pw_set("talker")
        client.connect(LOOPBACK, silent_broker.port)
        client.loop_start()
        while not over.wait(0.5):
            client.publish("affectd/hall/doctor", "anything")
        client.disconnect()

    talker = threading.Thread(target=talk)
    talker.start()
    finding, _ = examine_broker(configure(mqtt(silent_broker.port)))
    over.set()
    talker.join()
    assert finding.grade == "wrong"
    assert "does not give it back" in finding.message


@pytest.mark.parametrize(
    ("uri", "remedy"),
    [
        ("http://127.0.0.1:9/x", "see that it is on"),
        ("picamera", "see that its cable sits"),
        ("0", "unplug it"),
        ("/dev/video3", "unplug it"),
        ("/mnt/share/film.mkv", "copy it"),
    ],
)
def test_who_does_not_answer_is_helped_by_what_it_is(configure, monkeypatch, uri, remedy):
    class Deaf:
        name = uri

        def open(self):
            time.sleep(0.2)

        def read(self):
            return None

        def close(self):
            pass

    monkeypatch.setattr("device.tools.doctor.build_source", lambda *_: Deaf())
    monkeypatch.setattr("device.tools.doctor._CAMERA_TIMEOUT_S", 0.01)
    assert remedy in examine_camera(configure(f"source: {{uri: '{uri}'}}"), None).message


def test_a_fault_of_ours_while_a_camera_is_tried_is_told_and_not_waited_for(configure, monkeypatch):
    class Odd:
        name = "odd"

        def open(self):
            raise KeyError("x")

        def close(self):
            pass

    monkeypatch.setattr("device.tools.doctor.build_source", lambda *_: Odd())
    finding = examine_camera(configure("source: {uri: demo}"), None)
    assert finding.message == "it cannot be tried: KeyError: 'x'"


def test_a_user_without_an_entry_is_a_number(monkeypatch):
    def missing():
        raise KeyError("getpwuid(): uid not found: 4711")

    monkeypatch.setattr("getpass.getuser", missing)
    assert user_name() == str(os.getuid())


def test_a_broker_that_is_away_is_wrong_and_the_command_starts_it(configure):
    finding, _ = examine_broker(configure(mqtt(free_port())))
    assert finding.grade == "wrong"
    assert "Connection refused" in finding.message
    assert "systemctl enable --now mosquitto" in finding.command


def test_a_broker_that_refuses_is_wrong_with_its_reason(silent_broker, configure):
    silent_broker.start(allow_anonymous=False)
    finding, _ = examine_broker(configure(mqtt(silent_broker.port)))
    assert finding.grade == "wrong"
    assert "Not authorized" in finding.message


def test_a_broker_that_swallows_our_messages_is_wrong(silent_broker, configure, tmp_path):
    rules = tmp_path / "acl"
    rules.write_text("topic write affectd/#\n")
    rules.chmod(0o600)
    silent_broker.start(f"acl_file {rules}")
    finding, _ = examine_broker(configure(mqtt(silent_broker.port)))
    assert finding.grade == "wrong"
    assert "affectd/hall" in finding.message


def test_a_login_that_cannot_be_put_together_is_the_broker_s_finding(configure):
    finding, _ = examine_broker(configure("mqtt: {tls: true, ca_file: /nowhere/ca.pem}\n"))
    assert finding.grade == "wrong"
    assert "/nowhere/ca.pem" in finding.message


def test_without_mqtt_there_is_nothing_to_find(configure):
    finding, _ = examine_broker(configure("mqtt: {enabled: false}\n"))
    assert finding.grade == "ok"


def test_a_camera_that_gives_frames_is_well(configure):
    finding = examine_camera(configure("source: {uri: demo}\n"), None)
    assert finding.grade == "ok"
    assert "640 x 480" in finding.message


@pytest.mark.parametrize("uri", ["/dev/video99", "/nowhere/clip.mkv"])
def test_a_camera_that_is_not_there_is_wrong(configure, uri):
    finding = examine_camera(configure(f"source: {{uri: {uri}}}\n"), None)
    assert finding.grade == "wrong"
    assert uri in finding.message
    assert finding.command.startswith("ls ")


def test_a_pis_camera_that_is_not_there_is_looked_for_with_libcameras_own_tool(configure):
    finding = examine_camera(configure("source: {uri: picamera}\n"), None)
    assert (finding.grade, finding.command) == ("wrong", "rpicam-hello --list-cameras")


def test_a_camera_that_is_in_use_by_the_daemon_is_not_touched(configure):
    finding = examine_camera(configure("source: {uri: /dev/video99}\n"), "ok")
    assert finding.grade == "ok"
    assert "in use by the daemon" in finding.message


def test_a_camera_that_the_privacy_switch_has_closed_is_not_opened(configure):
    config = configure("source: {uri: /dev/video99}\n")
    PauseSwitch(config.device.resolved_state_dir, config.device.resolved_runtime_dir).turn(paused=True)
    finding = examine_camera(config, None)
    assert finding.grade == "ok"
    assert "closed by the privacy switch" in finding.message


def test_a_camera_that_the_daemon_says_is_paused_is_not_opened(configure):
    finding = examine_camera(configure("source: {uri: /dev/video99}\n"), "paused")
    assert finding.grade == "ok"
    assert "closed by the privacy switch" in finding.message


def test_a_stream_that_says_nothing_is_wrong_and_its_password_stays_hidden(configure):
    with closing(socket.create_server((LOOPBACK, 0))) as server:
        port = server.getsockname()[1]
        config = configure(
            f"source: {{uri: 'http://me:hunter2@{LOOPBACK}:{port}/x', open_timeout_s: 1.0, stall_timeout_s: 1.0}}\n"
        )
        finding = examine_camera(config, None)
    assert finding.grade == "wrong"
    assert "hunter2" not in f"{finding.message} {finding.command}"


def test_a_picture_that_is_squeezed_is_told_with_the_key_that_mends_it(configure, tmp_path):
    path = tmp_path / "film.mkv"
    path.write_bytes(matroska([(0, jpeg(50, (704, 288)))], (704, 288), frame_ms=100))
    finding = examine_camera(configure(f"source: {{uri: {path}}}\n"), None)
    assert finding.grade == "warning"
    assert "gives frames of 704 x 288 pixels, which analogue recorders store" in finding.message
    assert "set source.aspect" in finding.message
    mended = examine_camera(configure(f"source: {{uri: {path}, aspect: '16:9'}}\n"), None)
    assert (mended.grade, mended.message) == ("ok", f"{path} gives frames of 704 x 396 pixels")


def test_the_model_that_ships_is_well(configure):
    assert examine_model(configure()).grade == "ok"


def test_a_model_that_is_not_there_is_wrong(configure):
    finding = examine_model(configure("classifier: {model: /nowhere/x.tflite}\n"))
    assert finding.grade == "wrong"
    assert finding.command == "ls -l /nowhere/x.tflite"


def test_a_state_folder_that_can_be_made_is_well(configure):
    assert examine_permissions(configure()).grade == "ok"


def test_a_state_folder_that_cannot_be_written_is_wrong(configure, monkeypatch):
    monkeypatch.setattr(os, "access", lambda *_: False)
    finding = examine_permissions(configure())
    assert finding.grade == "wrong"
    assert finding.command.startswith("sudo install -d")


def test_a_full_disk_is_wrong(tmp_path, monkeypatch):
    assert examine_disk(tmp_path).grade == "ok"
    monkeypatch.setattr("shutil.disk_usage", lambda _: Usage(10**9, 10**9, 5_000_000))
    finding = examine_disk(tmp_path / "not" / "there")
    assert (finding.grade, finding.message.split(" MB")[0]) == ("wrong", "5")
    assert finding.command


@pytest.mark.parametrize(("state", "grade"), [("synced", "ok"), ("unsynced", "warning")])
def test_a_clock_that_nobody_sets_is_a_warning(monkeypatch, state, grade):
    monkeypatch.setattr("device.system.clock.SystemClock.state", lambda _: state)
    finding = examine_clock()
    assert finding.grade == grade
    assert bool(finding.command) is (grade != "ok")


@pytest.mark.parametrize(("millidegrees", "grade"), [("51000", "ok"), ("72500", "warning"), ("85000", "wrong")])
def test_heat_is_a_warning_and_then_wrong(tmp_path, millidegrees, grade):
    write(tmp_path / "class/thermal/thermal_zone0/temp", millidegrees)
    finding = examine_temperature(tmp_path)
    assert finding.grade == grade
    assert bool(finding.command) is (grade != "ok")


def test_too_weak_a_power_supply_is_wrong(tmp_path):
    write(tmp_path / "devices/platform/soc/soc:firmware/get_throttled", "5")
    finding = examine_temperature(tmp_path)
    assert finding.grade == "wrong"
    assert "under voltage and throttled" in finding.message


def test_a_temperature_that_nobody_measures_is_well(tmp_path):
    assert examine_temperature(tmp_path).grade == "ok"


def test_with_a_broken_configuration_the_machine_is_looked_at_all_the_same(tmp_path):
    path = tmp_path / "c.yaml"
    path.write_text("mqtt: {prot: 1}\n")
    findings = {finding.subject: finding for finding in examine(path)}
    assert findings.keys() == {"config", "clock", "temperature"}
    assert findings["config"].grade == "wrong"
    assert findings["config"].command == f"sudoedit {path}"


@pytest.fixture
def console(monkeypatch):
    """A machine without a desktop, with a display and a keyboard."""
    for name in ("WAYLAND_DISPLAY", "DISPLAY", "SDL_VIDEODRIVER"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("device.tools.doctor.find_spec", lambda _: object())
    monkeypatch.setattr("device.tools.doctor.drivers_to_try", lambda *_: ["kmsdrm"])
    monkeypatch.setattr("device.tools.doctor.connected", lambda: ("card1-HDMI-A-1",))
    monkeypatch.setattr("device.tools.doctor.explain_kmsdrm", lambda: None)
    monkeypatch.setattr("device.tools.doctor.may_read_keys", lambda: True)
    return monkeypatch


@pytest.mark.usefixtures("console")
def test_a_display_that_may_be_had_is_well():
    finding = examine_overlay(OverlaySettings(enabled=True), None)
    assert (finding.grade, finding.message) == ("ok", "the whole of card1-HDMI-A-1, by kmsdrm")


def test_missing_packages_of_the_overlay_are_named_with_what_installs_them(console):
    console.setattr("device.tools.doctor.find_spec", lambda module: None if module == "pygame" else object())
    finding = examine_overlay(OverlaySettings(enabled=True), None)
    assert (finding.grade, finding.command) == ("warning", "pip install 'affectd[overlay]'")
    assert "pygame-ce not installed" in finding.message


@pytest.mark.parametrize("fault", ["no display is plugged in", "another program holds the display"])
def test_a_display_that_cannot_be_had_is_a_warning_since_sensing_goes_on(console, fault):
    console.setattr("device.tools.doctor.explain_kmsdrm", lambda: fault)
    finding = examine_overlay(OverlaySettings(enabled=True), None)
    assert (finding.grade, finding.message) == ("warning", fault)


def test_a_display_that_the_running_daemon_may_hold_is_not_asked_for(console):
    console.setattr("device.tools.doctor.explain_kmsdrm", lambda: pytest.fail("asked for"))
    assert examine_overlay(OverlaySettings(enabled=True), "ok").grade == "ok"


def test_keys_that_will_not_be_heard_are_told_with_the_group(console):
    console.setattr("device.tools.doctor.may_read_keys", lambda: False)
    finding = examine_overlay(OverlaySettings(enabled=True), None)
    assert finding.grade == "warning"
    assert "usermod -aG input" in finding.command


def test_a_machine_without_any_display_is_a_warning(console):
    console.setattr("device.tools.doctor.drivers_to_try", lambda *_: [])
    assert examine_overlay(OverlaySettings(enabled=True), None).grade == "warning"


def test_on_a_desktop_the_overlay_is_a_window(console):
    console.setattr("device.tools.doctor.drivers_to_try", lambda *_: ["x11", "kmsdrm"])
    assert examine_overlay(OverlaySettings(enabled=True), None).message == "a window on the desktop, by x11"
