"""A broker that wants to know who we are, and proves who it is: real TLS, real passwords."""

import logging
import os
import queue
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from device.mqtt.payloads import DeviceInfo
from device.mqtt.settings import MqttSettings
from device.mqtt.sink import MqttSink
from tests.brokers import LOOPBACK, PATIENCE_S, Mosquitto, wait_until
from tests.certificates import Authority, Certificate
from tests.device.sightings import LABELS, FakeClock, change

PASSWORD = "opensesame"
INFO = DeviceInfo("0.1.0", "emotion", "2026.11", LABELS, "demo clip")
Connect = Callable[..., MqttSink]


@pytest.fixture
def connect(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> Iterator[Connect]:
    """Starts a sink; keywords are settings."""
    caplog.set_level(logging.DEBUG)
    sinks: list[MqttSink] = []

    def start(broker: Mosquitto, **settings: Any) -> MqttSink:
        waits = {"reconnect_first_s": 0.05, "reconnect_max_s": 0.2, "reconnect_refused_s": 0.2}
        options = {"host": LOOPBACK, "port": broker.port, "homeassistant": {"enabled": False}} | waits | settings
        section = MqttSettings.model_validate(options)
        sinks.append(MqttSink(section, "hall", tmp_path / "state", INFO, clock=FakeClock()))
        sinks[-1].start()
        return sinks[-1]

    yield start
    for sink in sinks:
        sink.close(1)


@pytest.fixture
def told(caplog) -> Callable[[str], None]:
    def wait(words: str) -> None:
        wait_until(lambda: words in caplog.text, f"a word about {words!r}")

    return wait


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@pytest.fixture
def password_file(tmp_path: Path) -> Path:
    """Mosquitto's file of users, with ``hall`` in it."""
    program = shutil.which("mosquitto_passwd")
    if program is None:
        pytest.skip("needs mosquitto_passwd: apt-get install mosquitto")
    path = tmp_path / "passwords"
    subprocess.run([program, "-c", "-b", str(path), "hall", PASSWORD], check=True, stderr=subprocess.DEVNULL)
    path.chmod(0o644 if os.geteuid() else 0o600)
    return path


def with_tls(certificate: Certificate, *more: str) -> tuple[str, ...]:
    return (f"certfile {certificate.certificate}", f"keyfile {certificate.key}", *more)


def private(folder: Path, text: str) -> Path:
    path = folder / "own-password"
    path.write_text(text)
    path.chmod(0o600)
    return path


@pytest.mark.parametrize("protocol", ["3.1.1", "5"])
def test_the_right_password_from_a_private_file_lets_us_in(
    silent_broker, connect, told, password_file, tmp_path, protocol
):
    silent_broker.start(f"password_file {password_file}", allow_anonymous=False)
    own = private(tmp_path, PASSWORD + "\n")
    connect(silent_broker, username="hall", password_file=str(own), protocol=protocol)
    told("connected to the broker")


@pytest.mark.parametrize("protocol", ["3.1.1", "5"])
def test_a_wrong_password_is_named_and_never_shown(
    silent_broker, connect, told, password_file, tmp_path, caplog, protocol
):
    silent_broker.start(f"password_file {password_file}", allow_anonymous=False)
    own = private(tmp_path, "guesswork")
    connect(silent_broker, username="hall", password_file=str(own), protocol=protocol)
    told("the broker refuses the connection: Not authorized; check mqtt.username, its password")
    assert "guesswork" not in caplog.text


def test_once_the_password_is_mended_on_the_broker_what_was_kept_arrives(
    silent_broker, connect, told, password_file, tmp_path
):
    silent_broker.start(f"password_file {password_file}", allow_anonymous=False)
    sink = connect(silent_broker, username="hall", password_file=str(private(tmp_path, "guesswork")))
    sink.emit(change(1))
    told("Not authorized")
    silent_broker.stop()
    silent_broker.start()
    wait_until(lambda: len(sink._publisher._spool) == 0, "the event to be acknowledged")


def test_a_broker_with_a_certificate_of_our_authority_is_trusted(silent_broker, connect, told, authority):
    silent_broker.start(*with_tls(authority.sign("broker")))
    connect(silent_broker, tls=True, ca_file=str(authority.certificate))
    told("connected to the broker")


def test_a_broker_with_a_certificate_of_nobody_we_know_is_not_talked_to(
    silent_broker, connect, told, authority, tmp_path, caplog
):
    silent_broker.start(*with_tls(authority.sign("broker")))
    other = Authority(tmp_path, "other")
    connect(silent_broker, tls=True, ca_file=str(other.certificate))
    told("the broker's certificate is not trusted, certificate verify failed")
    assert "connected to the broker" not in caplog.text


@pytest.mark.parametrize("dangerous", [False, True])
def test_a_certificate_for_another_name_is_refused_unless_the_danger_is_accepted(
    silent_broker, connect, told, authority, caplog, dangerous
):
    silent_broker.start(*with_tls(authority.sign("broker", "DNS:elsewhere.example")))
    ca_file = str(authority.certificate)
    connect(silent_broker, tls=True, ca_file=ca_file, tls_accept_any_server_name_dangerous=dangerous)
    if dangerous:
        told("connected to the broker")
    else:
        told("the broker's certificate is for another name")
        assert "connected to the broker" not in caplog.text


def test_an_expired_certificate_is_named_with_a_hint_at_the_clock(silent_broker, connect, told, authority):
    silent_broker.start(*with_tls(authority.sign("broker", days=-1)))
    connect(silent_broker, tls=True, ca_file=str(authority.certificate))
    told("the broker's certificate is out of date")
    told("check the clock")


@pytest.mark.parametrize("protocol", ["3.1.1", "5"])
def test_a_broker_that_asks_for_a_certificate_is_shown_ours(silent_broker, connect, told, authority, protocol):
    wants_one = (f"cafile {authority.certificate}", "require_certificate true")
    silent_broker.start(*with_tls(authority.sign("broker"), *wants_one))
    own = authority.sign("hall", "DNS:hall")
    files = {"ca_file": authority.certificate, "cert_file": own.certificate, "key_file": own.key}
    connect(silent_broker, tls=True, protocol=protocol, **{key: str(path) for key, path in files.items()})
    told("connected to the broker")


def test_a_broker_that_asks_for_a_certificate_and_gets_none_is_named(silent_broker, connect, told, authority):
    wants_one = (f"cafile {authority.certificate}", "require_certificate true")
    silent_broker.start(*with_tls(authority.sign("broker"), *wants_one))
    connect(silent_broker, tls=True, ca_file=str(authority.certificate))
    told("the broker refuses this device's certificate")


def test_a_port_without_tls_is_named(broker, connect, told):
    connect(broker, tls=True)
    told("check mqtt.port and mqtt.tls")


def test_a_port_with_tls_is_guessed_when_we_speak_without(silent_broker, connect, told, authority):
    silent_broker.start(*with_tls(authority.sign("broker")))
    connect(silent_broker)
    told("does it want TLS at that port?")


@pytest.mark.parametrize("fault", [OSError(101, "Network is unreachable"), RuntimeError("can't start new thread")])
def test_without_what_a_connection_is_made_of_it_is_tried_again(broker, connect, told, monkeypatch, fault):
    # paho makes a pair of sockets over the loopback device, which is not up yet while a system starts.
    begin, faults = paho.Client.loop_start, [fault, fault]

    def fail_at_first(client):
        if faults:
            raise faults.pop()
        return begin(client)

    monkeypatch.setattr(paho.Client, "loop_start", fail_at_first)
    sink = connect(broker)
    told(f"the broker cannot be reached: {fault}")
    told("connected to the broker")
    assert sink._publisher.fault is None


def test_an_event_that_the_broker_does_not_allow_is_kept_and_the_refusal_named(silent_broker, connect, told, tmp_path):
    rules = tmp_path / "rules"
    rules.write_text("topic write affectd/hall/availability\n")
    silent_broker.start(f"acl_file {rules}")
    sink = connect(silent_broker, protocol="5", reconnect_refused_s=60.0)
    told("connected to the broker")
    sink.emit(change(1))
    told("the broker refuses a message: Not authorized")
    sink.close(1)
    assert sink._publisher._spool.dropped == 0
    assert len(sink._publisher._spool) == 1


def test_with_mqtt_5_the_broker_is_told_when_an_event_expires(broker, connect):
    sink = connect(broker, protocol="5", event_expiry_s=3600)
    heard: queue.SimpleQueue[Any] = queue.SimpleQueue()
    subscribed = threading.Event()
    subscriber = paho.Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)
    subscriber.on_message = lambda _client, _userdata, message: heard.put(message)
    subscriber.on_subscribe = lambda *_: subscribed.set()
    subscriber.connect(LOOPBACK, broker.port)
    subscriber.subscribe("affectd/hall/events", qos=1)
    subscriber.loop_start()
    assert subscribed.wait(PATIENCE_S)
    sink.emit(change(1))
    event = heard.get(timeout=PATIENCE_S)
    subscriber.disconnect()
    # The broker hands on what is left of it.
    assert 3500 < event.properties.MessageExpiryInterval <= 3600
