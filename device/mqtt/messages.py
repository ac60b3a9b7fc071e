"""What the publisher is told: by the pipeline, by the connection, and by whoever ends it."""

from dataclasses import dataclass

from device.mqtt.client import ConnectionEvent
from device.mqtt.payloads import StateSnapshot
from device.records import SourceState
from device.summary.snapshot import SummarySnapshot
from device.system.telemetry import TelemetrySnapshot


@dataclass(frozen=True, slots=True)
class SourceChanged:
    """The camera is seeing, paused or lost."""

    state: SourceState


@dataclass(frozen=True, slots=True)
class PauseChanged:
    """The camera has been closed by the privacy switch, or may be opened again."""

    paused: bool


@dataclass(frozen=True, slots=True)
class Stop:
    """Say goodbye within ``timeout_s``."""

    timeout_s: float


@dataclass(frozen=True, slots=True)
class Stored:
    """There are new events in the spool."""


Message = (
    Stored | StateSnapshot | SourceChanged | PauseChanged | SummarySnapshot | TelemetrySnapshot | Stop | ConnectionEvent
)
