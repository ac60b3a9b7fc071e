"""What the daemon and the page's process say to each other: JSON, and never a picture.

There is no shared memory between the two, and a message is at most 64 kB of text: numbers, words and boxes.
"""

import json
import socket
from dataclasses import dataclass, field
from typing import Any, Literal, cast, get_args

from device.system.channel import Channel

ReportKind = Literal["shown", "failed", "alive", "ready", "pause", "resume", "doctor", "change", "day", "sessions"]
_KINDS = frozenset(get_args(ReportKind))
_MAX_TEXT = 500


@dataclass(frozen=True, slots=True)
class Report:
    """What the page tells or asks.

    Attributes:
        kind: ``shown``: it listens; ``failed``: it cannot; ``alive``: it is not hung; ``ready``: somebody looks, and it
            wants another moment; ``pause``, ``resume``: somebody turns the privacy switch; ``doctor``: somebody wants
            the device examined; ``change``: somebody wants keys of the configuration changed; ``day``: somebody wants
            to know what a day was like; ``sessions``: who is logged in, to be kept for it.
        text: where it listens, or what is wrong, for the log; the day as YYYY-MM-DD.
        data: what is to be changed or kept.
    """

    kind: ReportKind
    text: str = ""
    data: dict[str, Any] = field(default_factory=dict)


DaemonEnd = Channel[dict[str, Any], Report]
PageEnd = Channel[Report, dict[str, Any]]


def daemon_end(end: socket.socket) -> DaemonEnd:
    """The end that tells what is seen."""
    return Channel(end, _write, read_report)


def page_end(end: socket.socket) -> PageEnd:
    """The end that tells what people at browsers want."""
    return Channel(end, lambda report: _write({"kind": report.kind, "text": report.text, "data": report.data}), _read)


def read_report(data: bytes) -> Report:
    """What the page's process has said, which may have been taken over. Raises ValueError for what is none of ours."""
    message = _read(data)
    kind, words, more = message.get("kind"), message.get("text", ""), message.get("data", {})
    if kind not in _KINDS or not isinstance(words, str) or not isinstance(more, dict):
        raise ValueError(f"no report: {kind!r:.40}")
    return Report(cast("ReportKind", kind), words[:_MAX_TEXT], more)


def _write(message: dict[str, Any]) -> bytes:
    return json.dumps(message, separators=(",", ":"), allow_nan=False).encode()


def _read(data: bytes) -> dict[str, Any]:
    try:
        message = json.loads(data)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if not isinstance(message, dict):
        raise ValueError("no JSON object")  # noqa: TRY004 as for every other misfit
    return message
