"""Sinks that speak to a real broker."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from device.mqtt.payloads import DeviceInfo
from device.mqtt.settings import MqttSettings
from device.mqtt.sink import MqttSink
from tests.brokers import LOOPBACK
from tests.device.sightings import LABELS, FakeClock

INFO = DeviceInfo("0.1.0", "emotion", "2026.11", LABELS, "demo clip")
MakeSink = Callable[..., MqttSink]


@pytest.fixture
def make_sink(tmp_path: Path) -> Iterator[MakeSink]:
    """Makes started sinks on a port, with one state folder; they are closed with the test."""
    sinks: list[MqttSink] = []

    def make(port: int, *, start: bool = True, password: str | None = None, **settings: Any) -> MqttSink:
        waits = {"reconnect_first_s": 0.05, "reconnect_max_s": 0.2, "reconnect_refused_s": 0.2}
        options: dict[str, Any] = waits | {"homeassistant": {"enabled": False}} | settings
        options = {"host": LOOPBACK, "port": port} | options
        section = MqttSettings.model_validate(options)
        sinks.append(MqttSink(section, "hall", tmp_path / "state", INFO, clock=FakeClock(), password=password))
        if start:
            sinks[-1].start()
        return sinks[-1]

    yield make
    for sink in sinks:
        sink.close(1)
        assert not sink.alive
