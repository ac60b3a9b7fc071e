"""The doctor asks the broker as the daemon does."""

import threading

import pytest
from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion

from device.system.lock import FolderLock
from device.tools.doctor.broker import examine_broker
from tests.brokers import LOOPBACK, broker, free_port, listen, silent_broker

__all__ = ["broker", "listen", "silent_broker"]


def mqtt(port):
    return f"mqtt: {{host: {LOOPBACK}, port: {port}}}\n"


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
    monkeypatch.setattr("device.tools.doctor.broker._daemon_runs", lambda _: True)
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
