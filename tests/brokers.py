"""A real Mosquitto on a loopback port, somebody who listens to it, and a wire between that can be cut."""

import json
import os
import shutil
import socket
import subprocess
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import pytest
from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion

LOOPBACK = "127.0.0.1"
PATIENCE_S = 120.0


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def wait_until(
    condition: Callable[[], object], what: str, timeout_s: float = PATIENCE_S, clue: Callable[[], str] = str
) -> None:
    """Return once ``condition`` holds; fail the test, naming ``what`` and the ``clue``, when it does not in time."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline:
            pytest.fail(f"waited {timeout_s:.0f} s in vain for {what}{clue()}")
        time.sleep(0.01)


class Mosquitto:
    """A broker that keeps its sessions and retained messages in ``folder`` over a restart."""

    def __init__(self, program: str, folder: Path) -> None:
        self.port = free_port()
        self._program = program
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, *options: str, allow_anonymous: bool = True) -> None:
        """Start it and wait until it listens; ``options`` are further lines of its configuration."""
        lines = [
            f"listener {self.port} {LOOPBACK}",
            f"allow_anonymous {str(allow_anonymous).lower()}",
            "persistence true",
            f"persistence_location {self._folder}/",
            f"log_dest file {self._folder / 'mosquitto.log'}",
            *(["user root"] if os.geteuid() == 0 else []),
            *options,
        ]
        configuration = self._folder / "mosquitto.conf"
        configuration.write_text("\n".join(lines) + "\n")
        self._process = subprocess.Popen([self._program, "-c", str(configuration)], stderr=subprocess.DEVNULL)
        wait_until(self._listens, f"Mosquitto to listen; its log is in {self._folder}")

    def stop(self) -> None:
        """End it as a service manager would; harmless when it does not run."""
        if self._process:
            self._process.terminate()
            self._process.wait(PATIENCE_S)
            self._process = None

    def kill(self) -> None:
        """End it as a power cut would; what it has not written to its folder is gone."""
        if self._process:
            self._process.kill()
            self._process.wait(PATIENCE_S)
            self._process = None

    def _listens(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, f"Mosquitto has ended; its log is in {self._folder}"
        with suppress(OSError), socket.create_connection((LOOPBACK, self.port), timeout=1):
            return True
        return False


@dataclass(frozen=True)
class Received:
    topic: str
    payload: bytes
    retained: bool

    @property
    def text(self) -> str:
        return self.payload.decode()

    @property
    def message(self) -> dict[str, Any]:
        return cast("dict[str, Any]", json.loads(self.payload))


class Listener:
    """Hears everything on the broker, also what was said while it was cut off itself."""

    def __init__(self, port: int, topic: str = "#") -> None:
        self.received: list[Received] = []
        self._topic = topic
        self._subscribed = threading.Event()
        client_id = f"listener-{uuid.uuid4().hex[:8]}"
        self._client = paho.Client(CallbackAPIVersion.VERSION2, client_id=client_id, clean_session=False)
        self._client.reconnect_delay_set(1, 1)
        self._client.on_connect = lambda client, *_: client.subscribe(topic, qos=1)
        self._client.on_subscribe = lambda *_: self._subscribed.set()
        self._client.on_disconnect = lambda *_: self._subscribed.clear()
        self._client.on_message = self._on_message
        self._client.connect_async(LOOPBACK, port)
        self._client.loop_start()
        self.wait_until_subscribed()

    def wait_until_subscribed(self) -> None:
        """What is said from then on is heard, unless the broker goes away again."""
        assert self._subscribed.wait(PATIENCE_S), "the listener cannot subscribe"

    def on(self, leaf: str) -> list[Received]:
        """What came on the topics that end in ``leaf``, in order."""
        return [message for message in list(self.received) if message.topic.endswith(f"/{leaf}")]

    def events(self) -> list[dict[str, Any]]:
        return [received.message for received in self.on("events")]

    def wait_for(self, condition: Callable[["Listener"], object], what: str) -> None:
        wait_until(lambda: condition(self), what, clue=self._last_words)

    def say(self, topic: str, payload: str | bytes, *, retain: bool = False) -> None:
        """Publish something and wait until the broker has it."""
        self._client.publish(topic, payload, qos=1, retain=retain).wait_for_publish(PATIENCE_S)

    def close(self) -> None:
        self._client.disconnect()

    def _last_words(self) -> str:
        last = {message.topic: message.payload[:200] for message in list(self.received)}
        return "; last heard: " + " ".join(f"{topic} {payload!r}" for topic, payload in last.items())

    def _on_message(self, _client, _userdata, message) -> None:
        self.received.append(Received(message.topic, message.payload, message.retain))


class Wire:
    """A TCP forwarder to ``port`` that can swallow what the broker answers, and be cut."""

    def __init__(self, port: int) -> None:
        self.mute = threading.Event()
        self._target = port
        self._ends: list[socket.socket] = []
        self._server = socket.create_server((LOOPBACK, 0))
        self.port = int(self._server.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """Cut the connections that exist; new ones are forwarded again."""
        ends, self._ends = self._ends, []
        for end in ends:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def close(self) -> None:
        with suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        self.cut()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._server.accept()
                far = socket.create_connection((LOOPBACK, self._target))
                self._ends += [near, far]
                threading.Thread(target=self._pump, args=(near, far, None), daemon=True).start()
                threading.Thread(target=self._pump, args=(far, near, self.mute), daemon=True).start()

    @staticmethod
    def _pump(source: socket.socket, target: socket.socket, mute: threading.Event | None) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                if not (mute and mute.is_set()):
                    target.sendall(data)
            target.shutdown(socket.SHUT_RDWR)


def find_mosquitto() -> str:
    """The broker's program; without one the test is skipped."""
    program = shutil.which("mosquitto", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if program is None:
        pytest.skip("needs a broker: apt-get install mosquitto")
    return program


@pytest.fixture
def silent_broker(tmp_path: Path) -> Iterator[Mosquitto]:
    """A broker that has a port and was not started yet."""
    folder = tmp_path / "mosquitto"
    folder.mkdir()
    broker = Mosquitto(find_mosquitto(), folder)
    yield broker
    broker.stop()


@pytest.fixture
def broker(silent_broker: Mosquitto) -> Mosquitto:
    """A broker that runs and lets everybody in."""
    silent_broker.start()
    return silent_broker


@pytest.fixture
def listen(request: pytest.FixtureRequest) -> Callable[[int], Listener]:
    """Makes listeners to a port; they are closed with the test."""

    def make(port: int) -> Listener:
        listener = Listener(port)
        request.addfinalizer(listener.close)
        return listener

    return make
