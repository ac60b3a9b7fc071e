"""Whom this process has called: FFmpeg follows a redirection of RTSP to any host, and nothing tells it not to."""

import ipaddress
import os
import socket
from contextlib import suppress
from pathlib import Path

_SELF = Path("/proc/self/fd")


def open_sockets() -> set[str]:
    """What this process's sockets are called in ``/proc``."""
    return set(_sockets())


def strangers(host: str, before: set[str]) -> set[str]:
    """The addresses at the other end of this process's connections that are none of ``host``'s.

    Args:
        host: a name or an address.
        before: the sockets that were open already, and do not count.
    """
    called = {address for name, number in _sockets().items() if name not in before for address in _called(number)}
    # A name server may give a part of many addresses in turn.
    for _ in range(2):
        if called:
            called -= _addresses(host)
    return called


def _sockets() -> dict[str, int]:
    found = {}
    for entry in _SELF.iterdir():
        with suppress(OSError):  # the descriptor of the listing itself is gone by now
            name = entry.readlink().name
            if name.startswith("socket:"):
                found[name] = int(entry.name)
    return found


def _called(descriptor: int) -> set[str]:
    with suppress(OSError), socket.socket(fileno=os.dup(descriptor)) as copy:
        if copy.family in {socket.AF_INET, socket.AF_INET6} and copy.type == socket.SOCK_STREAM:
            return {_plain(copy.getpeername()[0])}
    return set()


def _addresses(host: str) -> set[str]:
    with suppress(OSError, UnicodeError):
        return {_plain(str(entry[4][0])) for entry in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)}
    return set()


def _plain(address: str) -> str:
    """Without a zone, and IPv4 as such."""
    parsed = ipaddress.ip_address(address.partition("%")[0])
    return str(getattr(parsed, "ipv4_mapped", None) or parsed)
