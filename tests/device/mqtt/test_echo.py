"""A topic that the broker denies without a word is noticed by what does not come back."""

from typing import cast

import pytest

from device.mqtt.client import Connection
from device.mqtt.echo import Echo
from device.mqtt.payloads import DeviceInfo
from device.mqtt.settings import MqttSettings
from device.mqtt.sink import MqttSink
from tests.brokers import LOOPBACK, wait_until
from tests.device.sightings import LABELS, FakeClock, change

INFO = DeviceInfo("0.1.0", "emotion", "2026.11", LABELS, "demo clip")


class Wire:
    """Notes what is listened to, in the place of a connection."""

    def __init__(self):
        self.topics = []

    def subscribe(self, topics):
        self.topics += topics

    def unsubscribe(self, topics):
        self.topics = [topic for topic in self.topics if topic not in topics]


@pytest.fixture(autouse=True)
def _impatient(monkeypatch):
    monkeypatch.setattr("device.mqtt.echo._PATIENCE_S", 1.0)


@pytest.fixture
def run(silent_broker, tmp_path):
    sinks = []

    def start(*rules):
        (tmp_path / "rules").write_text("\n".join(f"topic {rule}" for rule in rules))
        silent_broker.start(f"acl_file {tmp_path / 'rules'}")
        settings = MqttSettings(host=LOOPBACK, port=silent_broker.port)
        sinks.append(MqttSink(settings, "hall", tmp_path / "state", INFO, clock=FakeClock()))
        sinks[-1].start()
        sinks[-1].emit(change(1))
        return sinks[-1]

    yield start
    for sink in sinks:
        sink.close(1)


def test_topics_that_the_broker_denies_are_named(run, caplog):
    run("read #", "write affectd/hall/availability", "write affectd/hall/info", "write affectd/hall/pause")
    wait_until(lambda: "gives it to nobody" in caplog.text, "a word about them")
    (line,) = (record.getMessage() for record in caplog.records if "gives it to nobody" in record.getMessage())
    assert "affectd/hall/events" in line
    assert "homeassistant/device/affectd_hall/config" in line
    assert "availability" not in line


def test_where_nothing_may_be_read_it_says_that_it_cannot_know(run, caplog):
    run("write #")
    wait_until(lambda: "gives back nothing" in caplog.text, "a word about it")


def test_where_all_is_allowed_nothing_is_said_and_nothing_more_is_listened_to(run, caplog):
    sink = run("readwrite #")
    wait_until(lambda: not sink._publisher._echo._waiting, "all to come back")
    assert not [record for record in caplog.records if record.levelname == "WARNING"]


def test_a_message_that_the_broker_had_kept_from_better_days_is_no_proof():
    echo = Echo(["a"])
    echo.begin(cast("Connection", Wire()))
    echo.acknowledged("a")
    echo.received("a", retained=True)
    assert echo.due_s < float("inf")
    echo.received("a", retained=False)
    assert echo.due_s == float("inf")


def test_what_may_not_be_read_is_not_waited_for(caplog):
    echo = Echo(["a", "b"])
    connection = Wire()
    echo.begin(cast("Connection", connection))
    echo.unreadable(["a"])
    assert connection.topics == ["b"]
    assert echo.due_s == float("inf")
    echo.check(1e9)
    assert not caplog.text


def test_what_came_back_on_one_connection_is_not_asked_for_on_the_next():
    echo = Echo(["a", "b"])
    echo.begin(cast("Connection", Wire()))
    echo.received("a", retained=False)
    again = Wire()
    echo.begin(cast("Connection", again))
    assert again.topics == ["b"]
