"""A subscriber that shows what a home would get: each event as a line, then a summary."""

import json
import threading
import time
from collections import Counter
from typing import Any

import paho.mqtt.client as paho

from device.errors import UnavailableError
from device.mqtt.words import describe

_CONNECT_TIMEOUT_S = 10.0


class EventViewer:
    """Follows one device on a broker and prints its events as they arrive.

    Args:
        base_topic: the device's topics without their last level.
    """

    def __init__(self, base_topic: str) -> None:
        self._base = base_topic
        self._began_s = time.monotonic()
        self._subscribed = threading.Event()
        self._client = paho.Client(paho.CallbackAPIVersion.VERSION2)
        self._client.on_connect = self._on_connect
        self._client.on_subscribe = lambda *_: self._subscribed.set()
        self._client.on_message = self._on_message
        self.offline = threading.Event()
        self.first_event_s: float | None = None
        self.types: Counter[str] = Counter()
        self.emotions: Counter[str] = Counter()
        self.stats: dict[str, Any] = {}

    def start(self, host: str, port: int) -> None:
        """Connect and subscribe. Raises UnavailableError when the broker does not answer."""
        try:
            self._client.connect(host, port)
        except OSError as error:
            raise UnavailableError(
                f"no MQTT broker answers at {host}:{port} ({error})", "start it or name another"
            ) from error
        self._client.loop_start()
        if not self._subscribed.wait(_CONNECT_TIMEOUT_S):
            raise UnavailableError(
                f"the broker at {host}:{port} does not let us subscribe", "name another with --broker"
            )

    def stop(self) -> None:
        """Leave the broker."""
        self._client.disconnect()
        self._client.loop_stop()

    def _on_connect(self, client: paho.Client, *_: Any) -> None:
        client.subscribe([(f"{self._base}/{topic}", 1) for topic in ("events", "stats", "availability")])

    def _on_message(self, _client: paho.Client, _data: Any, message: paho.MQTTMessage) -> None:
        topic = message.topic.rsplit("/", 1)[1]
        if topic == "availability":
            self._on_availability(message.payload.decode(), retained=message.retain)
        elif topic == "stats":
            self.stats = json.loads(message.payload)
        else:
            self._on_event(json.loads(message.payload))

    def _on_availability(self, payload: str, *, retained: bool) -> None:
        if retained:  # of an earlier run
            return
        self._print(f"the device is {payload}")
        if payload == "offline":
            self.offline.set()

    def _on_event(self, event: dict[str, Any]) -> None:
        if self.first_event_s is None:
            self.first_event_s = time.monotonic() - self._began_s
        self.types[event["type"]] += 1
        if event["type"] == "emotion_changed":
            self.emotions[event["emotion"]] += 1
        self._print(f"face {event['track']}  {describe(event)}")

    def _print(self, text: str) -> None:
        print(f"{time.monotonic() - self._began_s:6.1f} s  {text}", flush=True)
