"""What a subscriber knows of all devices on a broker, put together from their messages."""

import json
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from device.errors import DataError
from device.records import EventType

_MANY_WAITING = 100  # a second's worth at the rate at which they are drained
_HOT_C = 80.0  # from there on a Raspberry Pi slows its processor down

CHANNELS = ("availability", "info", "state", "events", "stats", "pause", "summary")


class _Content(BaseModel):
    """Of a message only what is shown; keys that are not known are for others."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)


class FaceMessage(_Content):
    """One face in view."""

    track: int
    emotion: str | None
    confidence: float | None = Field(ge=0, le=1)


class StateMessage(_Content):
    """What the device sees."""

    source: str
    faces: tuple[FaceMessage, ...]


class StatsMessage(_Content):
    """How the device is doing."""

    fps: float
    queue: int
    temperature_c: float | None = None
    last_error: str | None = None
    disk: str = "ok"


class InfoMessage(_Content):
    """What the device is."""

    version: str


class EventMessage(_Content):
    """One change, as far as it is told in words."""

    type: EventType
    track: int
    emotion: str | None
    previous: str | None
    confidence: float | None = Field(ge=0, le=1)
    duration_s: float | None
    reason: str | None
    replayed: bool


class _AvailabilityMessage(_Content):
    text: Literal["online", "offline"]


class _PauseMessage(_Content):
    text: Literal["ON", "OFF"]


_SHAPES: dict[str, type[_Content]] = {
    "availability": _AvailabilityMessage,
    "info": InfoMessage,
    "state": StateMessage,
    "events": EventMessage,
    "stats": StatsMessage,
    "pause": _PauseMessage,
}


@dataclass
class DeviceStatus:
    """The latest that one device has sent; None for what it has not."""

    name: str
    online: bool = False
    paused: bool = False
    version: str | None = None
    state: StateMessage | None = None
    stats: StatsMessage | None = None

    @property
    def troubles(self) -> tuple[str, ...]:
        """What somebody should look after, in a word or two each; a camera that was switched off is not among it."""
        if not self.online:
            return ("offline",)
        found = []
        if self.state and self.state.source == "lost":
            found.append("camera lost")
        if self.stats and self.stats.queue >= _MANY_WAITING:
            found.append(f"{self.stats.queue} events wait")
        if self.stats and (self.stats.temperature_c or 0.0) >= _HOT_C:
            found.append(f"{self.stats.temperature_c:.0f} °C")
        if self.stats and self.stats.disk != "ok":
            found.append("disk")
        return tuple(found)


@dataclass(frozen=True, slots=True)
class DeviceMessage:
    """One message: who sent it on which channel, and what; the object for JSON, the text for plain ones."""

    device: str
    channel: str
    content: Any


def _parse(text: str) -> Any:
    """JSON by its own rules, without Python's NaN and Infinity. Raises ValueError."""
    content = json.loads(text)
    json.dumps(content, allow_nan=False)  # 1e999, too, is infinite here
    return content


@dataclass
class Fleet:
    """All devices under one base topic that were heard of so far.

    Attributes:
        base: the base topic.
        devices: by their ids.
        event_count: how many events came.
        only: the ids that count, as a shell's pattern.
    """

    base: str
    devices: dict[str, DeviceStatus] = field(default_factory=dict)
    event_count: int = 0
    only: str = "*"

    def counts(self, topic: str) -> bool:
        """Whether a message on ``topic`` is of a device that is asked for."""
        return fnmatchcase(topic.removeprefix(f"{self.base}/").partition("/")[0], self.only)

    @property
    def topics(self) -> tuple[str, ...]:
        """What to subscribe to."""
        return tuple(f"{self.base}/+/{channel}" for channel in CHANNELS)

    def read(self, topic: str, payload: bytes) -> DeviceMessage:
        """Take a message apart, whatever is in it."""
        device, _, channel = topic.removeprefix(f"{self.base}/").partition("/")
        text = payload.decode(errors="replace")
        try:
            return DeviceMessage(device, channel, _parse(text) if text.startswith("{") else text)
        except (ValueError, RecursionError):
            return DeviceMessage(device, channel, text)

    def note(self, message: DeviceMessage) -> EventMessage | None:
        """Remember a message; gives the event where it is one. Raises DataError when it is not as described."""
        shape = _SHAPES.get(message.channel)
        if shape is None:
            return None
        content = message.content if isinstance(message.content, dict) else {"text": message.content}
        try:
            parsed = shape.model_validate(content)
        except ValidationError as error:
            fault = error.errors(include_url=False)[0]
            where = ".".join(map(str, fault["loc"]))
            raise DataError(
                f"{message.device} has sent on {message.channel} what does not fit: {where}: {fault['msg']}",
                "compare its version of affectd with this one",
            ) from None
        seen = self.devices.setdefault(message.device, DeviceStatus(message.device))
        match parsed:
            case _AvailabilityMessage(text=text):
                seen.online = text == "online"
            case _PauseMessage(text=text):
                seen.paused = text == "ON"
            case InfoMessage(version=version):
                seen.version = version
            case StateMessage():
                seen.state = parsed
            case StatsMessage():
                seen.stats = parsed
            case EventMessage():
                self.event_count += 1
                return parsed
        return None
