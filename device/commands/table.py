"""A fleet as a table on a terminal."""

import shutil
import sys
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from datetime import datetime

from device.cli import terminal
from device.mqtt.fleet import DeviceStatus, FaceMessage, Fleet
from device.mqtt.words import describe_reading
from device.redact import redact

_HOME_AND_CLEAR = "\x1b[H\x1b[J"
_HIDE_CURSOR, _SHOW_CURSOR = "\x1b[?25l", "\x1b[?25h"
_HEADER = ("DEVICE", "CAMERA", "FPS", "TEMP", "QUEUE", "WRONG", "FACE", "EMOTION")
_MOST_EVENTS = 200
_MOST_VERSIONS = 5
_LINES_AROUND = 4  # two above the table, its header, and one below


class Table:
    """Draws what is known, and the events that came last, onto a terminal of ANSI's kind.

    Args:
        fleet: the devices.
        where: the broker, as it is told.
        only_wrong: whether devices that are well are left out.
    """

    def __init__(self, fleet: Fleet, where: str, *, only_wrong: bool = False) -> None:
        self._fleet = fleet
        self._where = where
        self._only_wrong = only_wrong
        self._events: deque[str] = deque(maxlen=_MOST_EVENTS)

    def add_event(self, line: str) -> None:
        """Show ``line`` below the table."""
        self._events.append(line)

    def draw(self, note: str = "") -> None:
        """Draw everything anew; ``note`` stands in the headline."""
        width, height = shutil.get_terminal_size()
        where, events = f"{self._where}{note}", list(self._events)
        lines = render(self._fleet, where, events, width=width, height=height, only_wrong=self._only_wrong)
        _draw(f"{_HIDE_CURSOR}{_HOME_AND_CLEAR}" + "\n".join(lines))

    @staticmethod
    def leave() -> None:
        """Give the terminal back."""
        _draw(f"{_SHOW_CURSOR}\n")


def _draw(text: str) -> None:
    print(text, end="", file=terminal(sys.stdout), flush=True)


def render(
    fleet: Fleet, where: str, events: Sequence[str], *, width: int, height: int, only_wrong: bool = False
) -> list[str]:
    """The lines of the picture, at most ``height`` of at most ``width`` characters; devices come before events.

    Devices with a trouble come first. Where there are more than fit, each has one line, and the last says how many
    more there are.
    """
    devices = sorted(fleet.devices.values(), key=lambda device: (not device.troubles, device.name))
    shown = [device for device in devices if device.troubles or not only_wrong]
    room = max(0, height - _LINES_AROUND)
    groups = [list(_rows(device)) for device in shown]
    if sum(map(len, groups)) > room:
        groups = [group[:1] for group in groups]
    hidden = max(0, len(groups) - room)
    rows = [_HEADER, *(row for group in groups[: room - 1 if hidden else room] for row in group)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEADER))]
    table = ["  ".join(cell.ljust(size) for cell, size in zip(row, widths, strict=True)).rstrip() for row in rows]
    if hidden:
        table.append(f"and {hidden + 1} more; --only PATTERN and --wrong show fewer")
    lines = [*_headlines(fleet, where), *table, ""]
    left = max(0, height - len(lines))
    lines += events[-left:] if left else []
    return [redact(line)[:width] for line in lines[:height]]


def _headlines(fleet: Fleet, where: str) -> tuple[str, str]:
    devices = fleet.devices.values()
    online = sum(device.online for device in devices)
    wrong = sum(bool(device.troubles) for device in devices)
    counts = f"{len(devices)} devices, {online} online, {wrong} with a trouble, {fleet.event_count} events"
    versions = Counter(device.version for device in devices if device.version)
    told = ", ".join(f"{version} ({count})" for version, count in versions.most_common(_MOST_VERSIONS))
    return (
        f"{where}: {counts}  {datetime.now().astimezone():%H:%M:%S}  Ctrl-C ends it",
        f"versions of affectd: {told}" if len(versions) > 1 else "",
    )


def _rows(device: DeviceStatus) -> Iterator[tuple[str, ...]]:
    stats = device.stats if device.online else None
    figures = (
        (f"{stats.fps:.1f}", "-" if stats.temperature_c is None else f"{stats.temperature_c:.0f} °C", str(stats.queue))
        if stats
        else ("", "", "")
    )
    faces = list(device.state.faces) if device.online and device.state else []
    wrong = ", ".join(device.troubles) if device.online else ""
    yield (device.name, _camera(device), *figures, wrong, *_face_cells(faces[0] if faces else None))
    for face in faces[1:]:
        yield ("",) * 6 + _face_cells(face)


def _camera(device: DeviceStatus) -> str:
    if not device.online:
        return "offline"
    if device.paused:
        return "paused"
    return device.state.source if device.state else "?"


def _face_cells(face: FaceMessage | None) -> tuple[str, str]:
    if face is None:
        return ("", "")
    if face.emotion is None or face.confidence is None:
        return (str(face.track), "...")
    return (str(face.track), describe_reading(face.emotion, face.confidence))
