"""Brokers whose every byte a test chooses."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest

from device.mqtt.payloads import DeviceInfo
from device.mqtt.settings import MqttSettings
from device.mqtt.sink import MqttSink
from tests.brokers import LOOPBACK
from tests.device.sightings import LABELS, FakeClock

INFO = DeviceInfo("0.1.0", "emotion", "2026.11", LABELS, "demo clip")


CONNACK = b"\x20\x02\x00\x00"


STATUS, SET, TUNING_SET = "homeassistant/status", "affectd/hall/pause/set", "affectd/hall/tuning/set"


def publish_packet(topic: bytes, payload: bytes) -> bytes:
    body = len(topic).to_bytes(2, "big") + topic + payload
    assert len(body) < 128
    return bytes([0x30, len(body)]) + body


class RawBroker:
    """Accepts every client, answers nothing but a login and a ping, and says to the first what the test wants."""

    def __init__(self, says: bytes = b"") -> None:
        self.logins: list[bytes] = []
        self.heard: list[bytes] = []
        self._says = says
        self._server = socket.create_server((LOOPBACK, 0))
        self.port = int(self._server.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        with suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._server.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with suppress(OSError), client:
            self.logins.append(client.recv(4096))
            client.sendall(CONNACK + (self._says if len(self.logins) == 1 else b""))
            while data := client.recv(65536):
                self.heard.append(data)
                if b"\xc0\x00" in data:
                    client.sendall(b"\xd0\x00")


@pytest.fixture
def make_sink(tmp_path) -> Iterator[Callable[..., MqttSink]]:
    sinks: list[MqttSink] = []
    turns: list[bool] = []

    def make(port: int, **settings) -> MqttSink:
        options = {"host": LOOPBACK, "port": port, "reconnect_first_s": 0.05, "reconnect_max_s": 0.2} | settings
        section = MqttSettings.model_validate(options)
        sinks.append(MqttSink(section, "hall", tmp_path / "state", INFO, clock=FakeClock(), on_pause=turns.append))
        sinks[-1].start()
        return sinks[-1]

    yield make
    for sink in sinks:
        sink.close(0.5)


@pytest.fixture
def raw_broker() -> Iterator[Callable[[bytes], RawBroker]]:
    brokers: list[RawBroker] = []

    def make(says: bytes = b"") -> RawBroker:
        brokers.append(RawBroker(says))
        return brokers[-1]

    yield make
    for broker in brokers:
        broker.close()
