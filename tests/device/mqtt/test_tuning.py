"""Thresholds that people turn from Home Assistant: checked, in force at once, and kept over restarts."""

import json
from typing import cast

import pytest

from device.contract.model_card import Smoothing
from device.mqtt.client import Connection, Received
from device.mqtt.payloads import DeviceInfo
from device.mqtt.settings import MqttSettings
from device.mqtt.sink import MqttSink
from device.mqtt.tunables import TUNABLES, parse_wish
from device.mqtt.tuning import TUNING_NAME, Tuning
from tests.brokers import LOOPBACK, wait_until
from tests.device.mqtt.wire_format import check, check_payload
from tests.device.sightings import LABELS, FakeClock, face, sight

INFO = DeviceInfo("0.1.0", "emotion", "2026.11", LABELS, "demo clip")
SET, TOLD = "affectd/hall/tuning/set", "affectd/hall/tuning"
BASE = {"enter_threshold": 0.5, "min_dwell_s": 0.5, "occupancy_off_delay_s": 10.0}


@pytest.fixture
def turned():
    return []


@pytest.fixture
def make_sink(tmp_path, turned):
    sinks = []

    def make(port, **settings):
        section = MqttSettings(
            host=LOOPBACK, port=port, reconnect_first_s=0.05, reconnect_max_s=0.2, state_interval_s=0.1, **settings
        )
        sink = MqttSink(section, "hall", tmp_path / "state", INFO, clock=FakeClock(), on_smoothing=turned.append)
        sinks.append(sink)
        sink.start()
        return sink

    yield make
    for sink in sinks:
        sink.close(1)


def told(listener):
    return [message.message for message in listener.received if message.topic == TOLD and message.payload]


@pytest.mark.parametrize("protocol", ["3.1.1", "5"])
def test_what_is_turned_is_in_force_is_told_and_outlives_the_daemon(broker, listen, make_sink, turned, protocol):
    listener = listen(broker.port)
    sink = make_sink(broker.port, protocol=protocol)
    listener.wait_for(told, "the settings")
    check_payload("tuning", listener.on("tuning")[-1].payload)
    assert told(listener)[-1] == BASE | {"schema": 1}
    listener.say(SET, '{"enter_threshold": 0.7, "min_dwell_s": 2}')
    listener.wait_for(lambda heard: told(heard)[-1]["min_dwell_s"] == 2.0, "the new settings")
    assert (turned[-1].enter_threshold, turned[-1].min_dwell_s) == (0.7, 2.0)
    sink.close()
    make_sink(broker.port, protocol=protocol)
    assert (turned[-1].enter_threshold, turned[-1].min_dwell_s) == (0.7, 2.0)


def test_the_off_delay_that_is_turned_is_what_the_room_is_occupied_by(broker, listen, make_sink):
    listener = listen(broker.port)
    sink = make_sink(broker.port)
    listener.wait_for(lambda heard: heard.on("state"), "the connection")
    listener.say(SET, '{"occupancy_off_delay_s": 1}')
    listener.wait_for(lambda heard: told(heard)[-1]["occupancy_off_delay_s"] == 1.0, "the new delay")
    sink.observe(sight(1, face(1)))
    listener.wait_for(lambda heard: heard.on("state")[-1].message["occupied"], "somebody")
    sink.observe(sight(3))
    listener.wait_for(lambda heard: not heard.on("state")[-1].message["occupied"], "nobody")


def test_null_gives_the_configuration_s_value_back(broker, listen, make_sink):
    listener = listen(broker.port)
    make_sink(broker.port)
    listener.wait_for(told, "the settings")
    listener.say(SET, '{"min_dwell_s": 3}')
    listener.wait_for(lambda heard: told(heard)[-1]["min_dwell_s"] == 3.0, "the new settings")
    listener.say(SET, '{"min_dwell_s": null}')
    listener.wait_for(lambda heard: told(heard)[-1]["min_dwell_s"] == 0.5, "the configuration's")


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"3",
        b"{}",
        b"[1]",
        b"\xff\xfe",
        b'{"min_dwell_s": NaN}',
        b'{"min_dwell_s": Infinity}',
        b'{"min_dwell_s": 1e999}',
        b'{"min_dwell_s": -1}',
        b'{"min_dwell_s": 61}',
        b'{"min_dwell_s": true}',
        b'{"min_dwell_s": "1"}',
        b'{"min_dwell_s": [1]}',
        b'{"min_dwell_s": ' + b"9" * 200 + b"}",
        b'{"enter_threshold": 0}',
        b'{"enter_threshold": 1.01}',
        b'{"occupancy_off_delay_s": 3601}',
        b'{"exit_threshold": 0.2}',
        b'{"__class__": 1}',
        b'{"min_dwell_s": 1}' + b" " * 300,
        b"[" * 250,
        b"x" * 10_000,
    ],
)
def test_what_is_no_setting_is_named_and_changes_nothing(broker, listen, make_sink, turned, caplog, payload):
    listener = listen(broker.port)
    make_sink(broker.port)
    listener.wait_for(told, "the settings")
    listener.say(SET, payload)
    wait_until(lambda: f"{SET} takes " in caplog.text, "a word about it")
    assert len(caplog.text) < 2000
    listener.say(SET, '{"min_dwell_s": 7}')
    listener.wait_for(lambda heard: told(heard)[-1] == BASE | {"schema": 1, "min_dwell_s": 7.0}, "a wish after it")
    assert len(turned) == 2


def test_a_retained_wish_is_not_obeyed_at_each_connection(broker, listen, make_sink, turned, caplog):
    listener = listen(broker.port)
    listener.say(SET, '{"min_dwell_s": 9}', retain=True)
    make_sink(broker.port)
    wait_until(lambda: f"a retained message on {SET} is ignored" in caplog.text, "a word about it")
    assert [smoothing.min_dwell_s for smoothing in turned] == [0.5]


def wish(**values):
    return Received(cast("Connection", None), SET, json.dumps(values).encode(), retained=False)


def make_tuning(folder, base=BASE, changes=None):
    return Tuning(base, folder / TUNING_NAME, [].append if changes is None else changes.append)


def test_of_many_wishes_the_latest_of_each_key_is_obeyed_and_the_disk_hears_of_few(tmp_path, monkeypatch):
    changes, writes = [], []
    monkeypatch.setattr("device.mqtt.tuning.write_atomically", lambda *_: writes.append(True))
    tuning = make_tuning(tmp_path, changes=changes)
    for tick in range(100):
        tuning.receive(wish(min_dwell_s=tick / 10))
        tuning.act(10.0 + tick / 10)
    assert len(changes) == 20  # two a second
    assert len(writes) == 1
    tuning.act(float("inf"))
    assert len(writes) == 2
    assert tuning.values["min_dwell_s"] == 9.9
    assert tuning.due_s == float("inf")


def test_a_configuration_that_has_changed_since_is_obeyed_again(tmp_path, caplog):
    caplog.set_level("INFO")
    tuning = make_tuning(tmp_path)
    tuning.receive(wish(min_dwell_s=2, enter_threshold=0.8))
    tuning.act(1.0)
    again = make_tuning(tmp_path, BASE | {"min_dwell_s": 1.0})
    assert again.values == BASE | {"min_dwell_s": 1.0, "enter_threshold": 0.8}
    assert "min_dwell_s is the configuration's again" in caplog.text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        '{"turned": {"min_dwell_s": {"value": 99, "over": 0.5}}}',
        '{"turned": {"min_dwell_s": 3}}',
        '{"turned": {"nothing": {"value": 1, "over": 0.5}}}',
        '{"turned": []}',
        " " * 5000,
    ],
)
def test_a_damaged_file_is_named_and_the_configuration_is_obeyed(tmp_path, caplog, text):
    (tmp_path / TUNING_NAME).write_text(text)
    assert make_tuning(tmp_path).values == BASE
    assert "is forgotten" in caplog.text


def test_a_disk_that_takes_nothing_is_named_and_the_wish_is_obeyed(tmp_path, caplog):
    tuning = Tuning(BASE, tmp_path / "file" / TUNING_NAME, lambda _: None)
    (tmp_path / "file").write_text("")
    tuning.receive(wish(min_dwell_s=2))
    tuning.act(1.0)
    assert tuning.values["min_dwell_s"] == 2.0
    assert "will not survive a restart" in caplog.text


def test_a_threshold_below_where_an_emotion_ends_takes_that_down_with_it():
    turned = Smoothing(exit_threshold=0.35).turned(0.2, 1.0)
    assert (turned.enter_threshold, turned.exit_threshold, turned.min_dwell_s) == (0.2, 0.2, 1.0)
    assert Smoothing(exit_threshold=0.35).turned(0.6, 1.0).exit_threshold == 0.35


def test_what_is_taken_fits_the_description_and_the_description_what_is_taken():
    for tunable in TUNABLES:
        for value in (tunable.low, tunable.high, None):
            check("tuningSet", {tunable.key: value})
            assert parse_wish(json.dumps({tunable.key: value}).encode()) == {tunable.key: value}
