"""What the daemon and the overlay's process say to each other: small messages over a socket; pictures go by `slot`."""

import socket
from contextlib import suppress
from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

from pydantic import TypeAdapter, ValidationError

from device.overlay.scene import FaceMark
from device.overlay.slot import Shape
from device.records import BrokerState, RelativeBox, SourceState

_MAX_BYTES = 65_536


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
        told: which display it is, or what is wrong, for the log.
    """

    kind: ReportKind
    told: str = ""


Said = TypeVar("Said", Update, Report)
Heard = TypeVar("Heard", Update, Report)
_UPDATES = TypeAdapter(Update)
_REPORTS = TypeAdapter(Report)


class Channel(Generic[Said, Heard]):
    """One end of the socket; no call ever waits.

    Args:
        end: the socket, SOCK_SEQPACKET; belongs to this object from then on.
        said: writes what this end says.
        heard: reads what the other end says.
    """

    def __init__(self, end: socket.socket, said: TypeAdapter[Said], heard: TypeAdapter[Heard]) -> None:
        end.setblocking(False)  # noqa: FBT003 - the standard library's way
        self._end = end
        self._said: TypeAdapter[Said] = said
        self._heard: TypeAdapter[Heard] = heard
        self._gone = False

    @property
    def gone(self) -> bool:
        """Whether the other end is known to have closed or died."""
        return self._gone

    def fileno(self) -> int:
        """For ``select``."""
        return self._end.fileno()

    def say(self, message: Said) -> bool:
        """Send ``message``; False where the other end is gone, or has left so much unheard that no more fits."""
        try:
            self._end.send(self._said.dump_json(message), socket.MSG_NOSIGNAL)
        except BlockingIOError:
            return False
        except OSError:
            self._gone = True
            return False
        return True

    def hear(self) -> list[Heard]:
        """All that has come since the last call; what cannot be understood is left out."""
        messages: list[Heard] = []
        while not self._gone:
            try:
                data = self._end.recv(_MAX_BYTES)
            except BlockingIOError:
                break
            except OSError:
                data = b""
            if not data:
                self._gone = True
                break
            with suppress(ValidationError):
                messages.append(self._heard.validate_json(data))
        return messages

    def close(self) -> None:
        """The other end sees it as this one's end."""
        self._end.close()
        self._gone = True


DaemonEnd = Channel[Update, Report]
OverlayEnd = Channel[Report, Update]


def daemon_end(end: socket.socket) -> DaemonEnd:
    """The end that tells what is seen."""
    return Channel(end, _UPDATES, _REPORTS)


def overlay_end(end: socket.socket) -> OverlayEnd:
    """The end that tells what the display and the keys do."""
    return Channel(end, _REPORTS, _UPDATES)


def socket_pair() -> tuple[socket.socket, socket.socket]:
    """Two ends that keep messages whole and see each other's death."""
    return socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
