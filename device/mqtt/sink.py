"""MQTT as a sink of the pipeline."""

import logging
import math
import threading
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path

from device.contract.model_card import Smoothing
from device.errors import AffectdError
from device.interfaces import Clock
from device.mqtt.client import Connection, ConnectionEvent, Login
from device.mqtt.leftovers import LEFTOVERS_NAME, Leftovers
from device.mqtt.limits import Limits
from device.mqtt.login import make_login
from device.mqtt.messages import PauseChanged, SourceChanged
from device.mqtt.payloads import DeviceInfo, StateSnapshot
from device.mqtt.publisher import Publisher
from device.mqtt.settings import BrokerAddress, MqttSettings
from device.mqtt.topics import Topics
from device.mqtt.tuning import TUNING_NAME, Tuning
from device.records import Event, Observation, SourceState
from device.spool.spool import SPOOL_NAME, Spool, memory_name
from device.summary.snapshot import SummarySnapshot
from device.system.telemetry import TelemetrySnapshot

_SMOOTHING = Smoothing()
_log = logging.getLogger(__name__)


class PublisherError(AffectdError):
    """The thread that publishes has come to an end, by a fault of our own."""


class MqttSink:
    """Says on MQTT what the pipeline sees; no call but ``close`` ever waits for the disk or the broker.

    Args:
        settings: the section ``mqtt``.
        device_id: ``device.id``, the second level of every topic.
        state_dir: a folder that survives a power cut; the spool lies in it, and no other process may use it.
        info: what the device is.
        clock: the time of day.
        run: UUID of this start; made when left out.
        password: the broker's; looked for where ``read_password`` does when left out.
        runtime_dir: a folder in memory that survives the process; the state folder when left out.
        on_pause: called with the wanted position when somebody turns the privacy switch; must not block for long.
        smoothing: the configuration's, which can be turned from outside.
        on_smoothing: called with what is in force, at once and whenever it was turned; must not block.

    Raises:
        ConfigError: a name does not fit into a topic, the password is without a user, or the TLS files are unusable.
        StorageError: another process keeps its events in ``state_dir``.
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
        runtime_dir: Path | None = None,
        on_pause: Callable[[bool], None] = lambda _: None,
        smoothing: Smoothing = _SMOOTHING,
        on_smoothing: Callable[[Smoothing], None] = lambda _: None,
    ) -> None:
        topics = Topics(settings.base_topic, device_id)
        login = make_login(settings, settings.client_id_of(device_id), password)
        _warn_of_an_open_password(settings, login)

        def connect(address: BrokerAddress, notify: Callable[[ConnectionEvent], None], limits: Limits) -> Connection:
            return Connection(settings, login, address, topics.availability, notify, limits=limits)

        self.run = run or str(uuid.uuid4())
        memory_path = (runtime_dir or state_dir) / memory_name(state_dir)
        spool = Spool(state_dir / SPOOL_NAME, memory_path, settings.spool, clock=clock)
        self._smoothing = smoothing
        self._on_smoothing = on_smoothing
        base = {
            "enter_threshold": smoothing.enter_threshold,
            "min_dwell_s": smoothing.min_dwell_s,
            "occupancy_off_delay_s": settings.occupancy_off_delay_s,
        }
        tuning = Tuning(base, state_dir / TUNING_NAME, self._tune)
        self._tune(tuning.values)
        self._publisher = Publisher(
            settings,
            topics,
            spool,
            connect,
            info,
            clock=clock,
            run=self.run,
            on_pause=on_pause,
            tuning=tuning,
            leftovers=Leftovers(state_dir / LEFTOVERS_NAME, [*map(str, settings.addresses)], topics),
        )
        self._last_face_s = -math.inf
        self._lock = threading.Lock()
        self._shown: StateSnapshot | None = None
        self._source: SourceState | None = None
        self._paused = False

    def start(self) -> None:
        """Start to publish; a broker that is away is waited for."""
        self._publisher.start()

    @property
    def alive(self) -> bool:
        """Whether the thread behind it runs; False between ``start`` and ``close`` is a fault."""
        return self._publisher.alive

    @property
    def connected(self) -> bool:
        """Whether the broker has let us in and is there still, as far as is known; any thread may ask."""
        return self._publisher.connected

    @property
    def broker_trouble(self) -> str | None:
        """Why the broker is away, as far as it is known; None once it has let us in. Any thread may ask."""
        return self._publisher.broker_trouble

    @property
    def disk_trouble(self) -> str | None:
        """Why events stay in memory, and what to do; None while the disk can be used. Any thread may ask."""
        return self._publisher.disk_trouble

    def check(self) -> None:
        """To be called now and then after ``start``. Raises PublisherError when its thread has ended or hangs."""
        if not self.alive:
            raise PublisherError(
                f"nothing is published any more: {self._publisher.fault!r} ended the thread that does",
                "start the daemon again, which sends what was kept, and report this",
            )
        if hung_s := self._publisher.hung_s:
            raise PublisherError(
                f"nothing is published any more: the thread that does has been stuck for {hung_s:.0f} s",
                "look after the disk that device.state_dir is on; what was kept is sent after the next start",
            )

    def observe(self, observation: Observation) -> None:
        """Update the topic ``state`` when there is news in it.

        The first observation says that the source is ok; after ``lost`` or ``paused`` say so before the next one.
        """
        with self._lock:
            if self._source is None:
                self._set_source("ok")
            now_s = observation.frame.time_s
            if observation.faces:
                self._last_face_s = now_s
            occupied = now_s - self._last_face_s <= self._occupancy_off_delay_s
            seen = StateSnapshot.of(observation, occupied=occupied)
            if self._shown is None or seen.differs_from(self._shown):
                self._shown = seen
                self._publisher.post(seen)

    def emit(self, event: Event) -> None:
        """Store an event and publish it once the broker is there; then a killed process has not lost it."""
        self._publisher.emit(event)

    def set_source_state(self, state: SourceState) -> None:
        """Say that the source is ok, paused or lost; the faces in view are forgotten. Any thread may call it."""
        with self._lock:
            if state != self._source:
                self._set_source(state)

    def set_paused(self, paused: bool) -> None:  # noqa: FBT001 - a switch's position is its whole meaning
        """Say where the privacy switch stands: the camera has been closed, or may be opened again."""
        if paused != self._paused:
            self._paused = paused
            self._publisher.post(PauseChanged(paused))

    def publish_stats(self, snapshot: TelemetrySnapshot) -> None:
        """Publish figures; of those that come while the broker is away, the last is published once it is back."""
        self._publisher.post(snapshot)

    def publish_summary(self, snapshot: SummarySnapshot) -> None:
        """Publish what the day and the last hour were like; the latest is kept for a broker that is away."""
        self._publisher.post(snapshot)

    def close(self, timeout_s: float = 5.0) -> None:
        """Send what is left, say ``offline`` and end, within about ``timeout_s``; what is left then is kept."""
        self._publisher.stop(timeout_s)

    def _tune(self, values: Mapping[str, float]) -> None:
        self._occupancy_off_delay_s = values["occupancy_off_delay_s"]
        self._on_smoothing(self._smoothing.turned(values["enter_threshold"], values["min_dwell_s"]))

    def _set_source(self, state: SourceState) -> None:
        self._source = state
        self._shown = None
        self._last_face_s = -math.inf
        self._publisher.post(SourceChanged(state))


def _warn_of_an_open_password(settings: MqttSettings, login: Login) -> None:
    if login.password and not settings.tls and not settings.is_local:
        _log.warning(
            "the password for the broker at %s passes the network unencrypted; set mqtt.tls, and mqtt.port (8883)",
            settings.addresses_text,
        )
