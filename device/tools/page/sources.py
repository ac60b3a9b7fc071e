"""What the page is told, gathered from the stages that know it."""

import shutil
from collections.abc import Callable
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
from device.system.telemetry import read_temperature_c, read_throttling
from device.tools.aim.look import Look
from device.tools.aim.meter import FaceMeter, brightness_of
from device.tools.aim.words import as_json
from device.tools.page.day import told_day
from device.tools.page.keys import described


def build_sources(
    config: Config,
    labels: tuple[str, ...],
    source_name: str,
    *,
    has_file: bool,
    capture: SwitchedCapture,
    mqtt: MqttSink | None,
    heat: HeatGuard,
    last_error: Callable[[], str | None],
) -> Sources:
    """All that the page is told of a device.

    Args:
        config: in force.
        labels: of the model.
        source_name: what a person calls the source.
        has_file: whether the configuration is in a file of the daemon's own, which may be changed.
        capture: the stage.
        mqtt: likewise; None where nothing is published.
        heat: likewise.
        last_error: gives the latest warning or error that was logged.
    """
    meter = FaceMeter()

    def hello() -> dict[str, Any]:
        told = {
            "id": config.device.resolved_id,
            "name": config.device.name,
            "version": __version__,
            "colours": {label: _hex(label, labels) for label in (*labels, UNCERTAIN)},
            "keys": list(described(config)) if has_file else [],
            "can_examine": has_file,
            "remembers": config.summary.enabled,
        }
        try:
            verifier = read_verifier(config.device.resolved_state_dir)
        except AffectdError as error:
            return told | {"fault": redact(str(error))}
        return told | {"verifier": None if verifier is None else str(verifier)}

    def state() -> dict[str, Any]:
        throttling = read_throttling()
        return {
            "source_name": redact(source_name),
            "source_trouble": _redacted(capture.trouble),
            "broker": _broker(mqtt),
            "broker_trouble": _redacted(mqtt.broker_trouble) if mqtt else None,
            "disk_trouble": _redacted(mqtt.disk_trouble) if mqtt else None,
            "free_mb": _free_mb(config),
            "temperature_c": read_temperature_c(),
            "throttled": list(throttling.now) if throttling else [],
            "slowed_to_fps": heat.limit_fps,
            "last_error": last_error(),  # redacted when it was logged
        }

    def look(observation: Observation, fps: float | None) -> dict[str, Any]:
        frame = observation.frame
        faces = meter.take(frame, (face.track for face in observation.faces))
        seen = Look(
            width=frame.width,
            height=frame.height,
            brightness=brightness_of(frame),
            faces=faces,
            no_face_s=0.0,
            fps=fps,
            fps_given=None,
        )
        return as_json(seen, config.source.fps)

    return Sources(hello, state, look, lambda day: told_day(config.device.resolved_state_dir, day))


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
