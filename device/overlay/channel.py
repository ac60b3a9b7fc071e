"""What the daemon and the overlay's process say to each other: small messages over a socket; pictures go by `slot`."""

import socket
from dataclasses import dataclass
from typing import Literal

from pydantic import TypeAdapter

from device.overlay.scene import FaceMark
from device.overlay.slot import Shape
from device.records import BrokerState, RelativeBox, SourceState
from device.system.channel import Channel


@dataclass(frozen=True, slots=True)
class Moment:
    """One frame's marks.

    Attributes:
        faces: the confirmed faces in it.
        time_s: when it was taken on the monotonic clock, seconds.
        shape: of the picture that lies in the slot; None where it is withheld.
        aspect: width by height of a picture that is withheld.
        unconfirmed: where something was found that may be a face.
    """

    faces: tuple[FaceMark, ...]
    time_s: float
    shape: Shape | None
    aspect: float | None = None
    unconfirmed: tuple[RelativeBox, ...] = ()


@dataclass(frozen=True, slots=True)
class Update:
    """What the daemon tells.

    Attributes:
        source: what the camera does; unless it is ``ok``, pictures and faces told before are to be forgotten.
        broker: whether events reach it.
        fps: frames a second that the sensor works through.
        moment: the newest frame, None where only the rest is news.
    """

    source: SourceState
    broker: BrokerState
    fps: float | None
    moment: Moment | None = None


ReportKind = Literal["shown", "failed", "ready", "alive", "closed", "pause", "resume"]


@dataclass(frozen=True, slots=True)
class Report:
    """What the overlay tells.

    Attributes:
        kind: ``shown``: a display is open; ``failed``: none can be, or it was lost; ``ready``: it has taken the last
            moment and wants another, and the slot is the daemon's until then; ``alive``: it is not hung; ``closed``: a
            person has closed it; ``pause``, ``resume``: a person turns the privacy switch.
        text: which display it is, or what is wrong, for the log.
    """

    kind: ReportKind
    text: str = ""


_UPDATES = TypeAdapter(Update)
_REPORTS = TypeAdapter(Report)

DaemonEnd = Channel[Update, Report]
OverlayEnd = Channel[Report, Update]


def daemon_end(end: socket.socket) -> DaemonEnd:
    """The end that tells what is seen."""
    return Channel(end, _UPDATES.dump_json, _REPORTS.validate_json)


def overlay_end(end: socket.socket) -> OverlayEnd:
    """The end that tells what the display and the keys do."""
    return Channel(end, _REPORTS.dump_json, _UPDATES.validate_json)
