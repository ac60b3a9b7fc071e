"""A fleet as a table on a terminal."""

import shutil
import sys
from collections import deque
from collections.abc import Iterator, Sequence
from datetime import datetime

from device.cli import terminal
from device.mqtt.fleet import DeviceSeen, FaceSaid, Fleet
from device.mqtt.words import describe_reading
from device.redact import redact

_HOME_AND_CLEAR = "\x1b[H\x1b[J"
_HIDE_CURSOR, _SHOW_CURSOR = "\x1b[?25l", "\x1b[?25h"
_HEADER = ("DEVICE", "CAMERA", "FPS", "TEMP", "QUEUE", "FACE", "EMOTION")
_MOST_EVENTS = 200


class Table:
    """Draws what is known, and the events that came last, onto a terminal of ANSI's kind."""

    def __init__(self, fleet: Fleet, where: str) -> None:
        self._fleet = fleet
        self._where = where
        self._events: deque[str] = deque(maxlen=_MOST_EVENTS)

    def add_event(self, line: str) -> None:
        """Show ``line`` below the table."""
        self._events.append(line)

    def draw(self, note: str = "") -> None:
        """Draw everything anew; ``note`` stands in the headline."""
        width, height = shutil.get_terminal_size()
        lines = render(self._fleet, f"{self._where}{note}", list(self._events), width=width, height=height)
        _draw(f"{_HIDE_CURSOR}{_HOME_AND_CLEAR}" + "\n".join(lines))

    @staticmethod
    def leave() -> None:
        """Give the terminal back."""
        _draw(f"{_SHOW_CURSOR}\n")


def _draw(text: str) -> None:
    print(text, end="", file=terminal(sys.stdout), flush=True)


def render(fleet: Fleet, where: str, events: Sequence[str], *, width: int, height: int) -> list[str]:
    """The lines of the picture, at most ``height`` of at most ``width`` characters; devices come before events."""
    online = sum(device.online for device in fleet.devices.values())
    now = datetime.now().astimezone()
    headline = (
        f"{where}: {len(fleet.devices)} devices, {online} online, {fleet.event_count} events"
        f"  {now:%H:%M:%S}  Ctrl-C ends it"
    )
    rows = [_HEADER, *(row for _, device in sorted(fleet.devices.items()) for row in _rows(device))]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEADER))]
    table = ["  ".join(cell.ljust(size) for cell, size in zip(row, widths, strict=True)).rstrip() for row in rows]
    lines = [headline, "", *table, ""]
    room = max(0, height - len(lines))
    lines += events[-room:] if room else []
    return [redact(line)[:width] for line in lines[:height]]


def _rows(device: DeviceSeen) -> Iterator[tuple[str, ...]]:
    stats = device.stats if device.online else None
    figures = (
        (f"{stats.fps:.1f}", "-" if stats.temperature_c is None else f"{stats.temperature_c:.0f} °C", str(stats.queue))
        if stats
        else ("", "", "")
    )
    faces = list(device.state.faces) if device.online and device.state else []
    yield (device.name, _camera(device), *figures, *_face_cells(faces[0] if faces else None))
    for face in faces[1:]:
        yield ("",) * 5 + _face_cells(face)


def _camera(device: DeviceSeen) -> str:
    if not device.online:
        return "offline"
    if device.paused:
        return "paused"
    return device.state.source if device.state else "?"


def _face_cells(face: FaceSaid | None) -> tuple[str, str]:
    if face is None:
        return ("", "")
    if face.emotion is None or face.confidence is None:
        return (str(face.track), "...")
    return (str(face.track), describe_reading(face.emotion, face.confidence))
