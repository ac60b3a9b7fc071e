"""What the page shows of the device, gathered from the stages that know it."""

import shutil
from dataclasses import dataclass, field
from typing import Any

from device import __version__
from device.capture.switched_capture import SwitchedCapture
from device.config import Config
from device.errors import AffectdError
from device.mqtt.sink import MqttSink
from device.overlay.palette import colour_of
from device.page.password import read_verifier
from device.page.sink import Sources
from device.records import UNCERTAIN, BrokerState, Observation
from device.redact import redact
from device.system.heat import HeatGuard
from device.system.log import LastTrouble
from device.system.telemetry import read_temperature_c, read_throttling
from device.tools.aim.look import Look
from device.tools.aim.meter import FaceMeter, brightness_of
from device.tools.aim.words import as_json
from device.tools.page.day import day_as_json
from device.tools.page.keys import described


@dataclass(frozen=True, slots=True)
class DeviceView:
    """All that the page shows of a device.

    Attributes:
        config: in force.
        has_file: whether it is in a file of the daemon's own, which may be changed.
        labels: of the model.
        source_name: what a person calls the source.
        capture: the stage.
        mqtt: likewise; None where nothing is published.
        heat: likewise.
        trouble: knows the latest warning.
    """

    config: Config
    has_file: bool
    labels: tuple[str, ...]
    source_name: str
    capture: SwitchedCapture
    mqtt: MqttSink | None
    heat: HeatGuard
    trouble: LastTrouble
    meter: FaceMeter = field(default_factory=FaceMeter)

    def sources(self) -> Sources:
        """As the page's sink asks for it."""
        state_dir = self.config.device.resolved_state_dir
        return Sources(self.hello, self.state, self.look, lambda day: day_as_json(state_dir, day))

    def hello(self) -> dict[str, Any]:
        """What does not change while the page's process runs; with a ``fault`` where it cannot be served."""
        config = self.config
        hello = {
            "id": config.device.resolved_id,
            "name": config.device.name,
            "version": __version__,
            "colours": {label: _hex(label, self.labels) for label in (*self.labels, UNCERTAIN)},
            "keys": list(described(config)) if self.has_file else [],
            "can_examine": self.has_file,
            "remembers": config.summary.enabled,
        }
        try:
            verifier = read_verifier(config.device.resolved_state_dir)
        except AffectdError as error:
            return hello | {"fault": redact(str(error))}
        return hello | {"verifier": None if verifier is None else str(verifier)}

    def state(self) -> dict[str, Any]:
        """How camera, broker, disk and processor are."""
        mqtt, throttling = self.mqtt, read_throttling()
        return {
            "source_name": redact(self.source_name),
            "source_trouble": _redacted(self.capture.trouble),
            "broker": _broker(mqtt),
            "broker_trouble": _redacted(mqtt.broker_trouble) if mqtt else None,
            "disk_trouble": _redacted(mqtt.disk_trouble) if mqtt else None,
            "free_mb": _free_mb(self.config),
            "temperature_c": read_temperature_c(),
            "throttled": list(throttling.now) if throttling else [],
            "slowed_to_fps": self.heat.limit_fps,
            "last_error": self.trouble.message,  # redacted when it was logged
        }

    def look(self, observation: Observation, fps: float | None) -> dict[str, Any]:
        """How well each face can be read, as `affectd aim` judges it."""
        frame = observation.frame
        seen = Look(
            width=frame.width,
            height=frame.height,
            brightness=brightness_of(frame),
            faces=self.meter.take(frame, (face.track for face in observation.faces)),
            no_face_s=0.0,
            fps=fps,
            fps_given=None,
        )
        return as_json(seen, self.config.source.fps)


def _hex(label: str, labels: tuple[str, ...]) -> str:
    blue, green, red = colour_of(label, labels)
    return f"#{red:02x}{green:02x}{blue:02x}"


def _broker(mqtt: MqttSink | None) -> BrokerState:
    return "off" if mqtt is None else "connected" if mqtt.connected else "away"


def _free_mb(config: Config) -> int | None:
    try:
        return shutil.disk_usage(config.device.resolved_state_dir).free // 1_000_000
    except OSError:
        return None


def _redacted(text: str | None) -> str | None:
    return None if text is None else redact(text)
