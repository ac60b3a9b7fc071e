"""MQTT as a sink of the pipeline."""

import threading
import uuid
from collections.abc import Callable
from pathlib import Path

from device.errors import ConfigError
from device.interfaces import Clock
from device.mqtt.client import Connection, Login, News, make_tls
from device.mqtt.payloads import DeviceInfo, SourceState, View
from device.mqtt.publisher import Publisher, SourceChanged
from device.mqtt.settings import PASSWORD_VARIABLE, MqttSettings, read_password
from device.mqtt.spool import SPOOL_NAME, Spool
from device.mqtt.topics import Topics
from device.records import Event, Observation
from device.telemetry import TelemetrySnapshot


class MqttSink:
    """Says on MQTT what the pipeline sees; no call but ``close`` ever waits for the disk or the broker.

    Args:
        settings: the section ``mqtt``.
        device_id: ``device.id``, the second level of every topic.
        state_dir: a folder that survives a restart; the spool lies in it.
        info: what the device is.
        clock: the time of day.
        run: UUID of this start; made when left out.
        password: the broker's; looked for in the environment when left out.

    Raises:
        ConfigError: a name does not fit into a topic, the password is without a user, or the TLS files are unusable.
    """

    def __init__(
        self,
        settings: MqttSettings,
        device_id: str,
        state_dir: Path,
        info: DeviceInfo,
        *,
        clock: Clock,
        run: str | None = None,
        password: str | None = None,
    ) -> None:
        topics = Topics(settings.base_topic, device_id)
        login = _login(settings, device_id, password or read_password())

        def connect(tell: Callable[[News], None]) -> Connection:
            return Connection(settings, login, topics.availability, tell)

        self.run = run or str(uuid.uuid4())
        spool = Spool(state_dir / SPOOL_NAME, settings.spool)
        self._publisher = Publisher(settings, topics, spool, connect, info, clock=clock, run=self.run)
        self._lock = threading.Lock()
        self._shown: View | None = None
        self._source: SourceState | None = None

    def start(self) -> None:
        """Start to publish; a broker that is away is waited for."""
        self._publisher.start()

    @property
    def alive(self) -> bool:
        """Whether the thread behind it runs; False between ``start`` and ``close`` is a fault that the log names."""
        return self._publisher.alive

    def observe(self, observation: Observation) -> None:
        """Update the topic ``state`` when there is news in it.

        The first observation says that the source is ok; after ``lost`` or ``paused`` say so before the next one.
        """
        view = View.of(observation)
        with self._lock:
            if self._source is None:
                self._set_source("ok")
            if self._shown is None or view.differs_from(self._shown):
                self._shown = view
                self._publisher.post(view)

    def emit(self, event: Event) -> None:
        """Store an event and publish it once the broker is there."""
        self._publisher.post(event)

    def set_source_state(self, state: SourceState) -> None:
        """Say that the source is ok, paused or lost; the faces in view are forgotten. Any thread may call it."""
        with self._lock:
            if state != self._source:
                self._set_source(state)

    def publish_stats(self, snapshot: TelemetrySnapshot) -> None:
        """Publish figures; they are dropped while the broker is away."""
        self._publisher.post(snapshot)

    def close(self, timeout_s: float = 5.0) -> None:
        """Send what is left, say ``offline`` and end, within about ``timeout_s``; what is left then is kept."""
        self._publisher.stop(timeout_s)

    def _set_source(self, state: SourceState) -> None:
        self._source = state
        self._shown = None
        self._publisher.post(SourceChanged(state))


def _login(settings: MqttSettings, device_id: str, password: str | None) -> Login:
    if password and not settings.username:
        raise ConfigError(
            "there is a password for the broker and no mqtt.username", f"set it, or unset {PASSWORD_VARIABLE}"
        )
    return Login(settings.client_id_of(device_id), settings.username, password, make_tls(settings))
