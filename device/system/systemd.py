"""What systemd is told of the daemon: that it is ready, alive, and what it is doing. Started by hand, it tells nobody.

The protocol is that of sd_notify(3): lines of ``NAME=value`` in one datagram to the socket that systemd names.
"""

import logging
import math
import os
import socket
import time
from collections.abc import Mapping

from device.interfaces import Clock
from device.records import BrokerState, SourceState
from device.redact import redact

_FEED_S = 1.0
_RELOAD_PATIENCE_S = 120.0
"""For a process that starts itself afresh, as the unit's ``TimeoutStartSec`` is for a first start."""
_SEND_TIMEOUT_S = 2.0
_MOST_STATUS_CHARACTERS = 600
_log = logging.getLogger(__name__)


class ServiceManager:
    """systemd, as the process that it has started sees it; every call is harmless without one.

    Args:
        clock: the monotonic time.
        environment: the variables that systemd has set.
    """

    def __init__(self, clock: Clock, environment: Mapping[str, str] = os.environ) -> None:
        self._clock = clock
        self._address = _socket_address(environment.get("NOTIFY_SOCKET", ""))
        self._patience_s = _watchdog_patience_s(environment)
        self._feed_every_s = _FEED_S if self._patience_s is None else min(_FEED_S, self._patience_s / 4)
        self._fed_s = -math.inf
        self._is_ready = False
        self._status = ""

    @property
    def present(self) -> bool:
        """Whether there is one that wants to be told."""
        return self._address is not None

    def ready(self) -> None:
        """The daemon does its work, or waits for a camera that will be back; told once. Ends a reload's patience."""
        if not self._is_ready:
            self._is_ready = True
            self._tell("READY=1", *_watchdog(self._patience_s))

    def feed_watchdog(self) -> None:
        """The loop turns; to be called on every turn, and told about once a second."""
        now_s = self._clock.monotonic_s()
        if self._patience_s is not None and now_s - self._fed_s >= self._feed_every_s:
            self._fed_s = now_s
            self._tell("WATCHDOG=1")

    def set_status(self, text: str) -> None:
        """Say in one line what is going on, for ``systemctl status``; the same line again is not told."""
        line = redact(" ".join(text.split()))
        if len(line) > _MOST_STATUS_CHARACTERS:
            line = line[: _MOST_STATUS_CHARACTERS - 1] + "…"
        if line != self._status:
            self._status = line
            self._tell(f"STATUS={line}")

    def reloading(self) -> None:
        """The daemon takes another configuration; ``ready`` follows, from the process that has it.

        That one feeds nothing until its loop turns, which on a slow board takes longer than the watchdog waits.
        """
        self._is_ready = False
        patience_s = None if self._patience_s is None else max(self._patience_s, _RELOAD_PATIENCE_S)
        # sd_notify(3): time.monotonic() is the clock that is asked for.
        self._tell("RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1000}", *_watchdog(patience_s))

    def stopping(self) -> None:
        """The daemon ends in order."""
        self._tell("STOPPING=1")

    def _tell(self, *lines: str) -> None:
        if self._address is None:
            return
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as connection:
                connection.settimeout(_SEND_TIMEOUT_S)
                connection.sendto("\n".join(lines).encode(), self._address)
        except OSError as error:
            _log.debug("systemd cannot be told %s: %s", lines[0], error)


def describe_work(
    source: str,
    state: SourceState,
    broker: BrokerState,
    *,
    source_trouble: str | None = None,
    broker_trouble: str | None = None,
    disk_trouble: str | None = None,
    slowed_to_fps: float | None = None,
) -> str:
    """One line on what the daemon does.

    Args:
        source: its name.
        state: whether frames come.
        broker: whether events reach it.
        source_trouble: what was last said of why frames do not come.
        broker_trouble: what was last said of why events do not reach the broker.
        disk_trouble: why events cannot be kept on the disk; None while they can.
        slowed_to_fps: the limit that heat sets, frames a second.
    """
    if state == "paused":
        eyes = f"paused: {source} is closed until the privacy switch is turned off (affectd pause off)"
    elif state == "pausing":
        eyes = f"pausing: {source} is still open, for it does not answer; it is closed once it does"
    elif state == "lost":
        eyes = f"no picture from {source}: {source_trouble or 'it gives no frames'}"
    else:
        slowly = f", {slowed_to_fps:.3g} frames a second until the processor has cooled" if slowed_to_fps else ""
        eyes = f"watching {source}{slowly}"
    if broker == "away":
        mouth = f"no broker: {broker_trouble or 'it has not answered yet'}"
    else:
        mouth = "connected to the broker" if broker == "connected" else "without a broker"
    return "; ".join(part for part in (eyes, mouth, disk_trouble) if part)


def _socket_address(given: str) -> str | None:
    """A path, or an abstract name with its leading zero byte; None for none that is understood."""
    if given.startswith("@"):
        return "\0" + given[1:]
    return given if given.startswith("/") else None


def _watchdog(patience_s: float | None) -> list[str]:
    """What makes the watchdog wait so long from now on; nothing where there is none."""
    return [] if patience_s is None else [f"WATCHDOG_USEC={patience_s * 1e6:.0f}"]


def _watchdog_patience_s(environment: Mapping[str, str]) -> float | None:
    """How long the watchdog waits to be fed; None where none waits for this process."""
    try:
        patience_s = int(environment.get("WATCHDOG_USEC", "0")) / 1e6
        owner = int(environment.get("WATCHDOG_PID", "0"))
    except ValueError:
        return None
    return patience_s if patience_s > 0 and owner in (0, os.getpid()) else None
