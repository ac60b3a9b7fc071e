"""As much of MQTT's packets (3.1.1 and 5) as it takes to see which event was published, and which acknowledged."""

import json
from collections.abc import Iterator
from dataclasses import dataclass

CONNECT, PUBLISH, PUBACK = 1, 3, 4


@dataclass(frozen=True)
class Packet:
    kind: int
    flags: int
    body: bytes


class PacketStream:
    """Cuts a stream of bytes into packets."""

    def __init__(self) -> None:
        self._pending = b""

    def feed(self, data: bytes) -> Iterator[Packet]:
        self._pending += data
        while len(self._pending) >= 2:
            length, size = _variable_length(self._pending, 1)
            end = 1 + size + length
            if not size or len(self._pending) < end:
                return
            head = self._pending[0]
            yield Packet(head >> 4, head & 0x0F, self._pending[1 + size : end])
            self._pending = self._pending[end:]


def protocol_level(connect: Packet) -> int:
    """4 is MQTT 3.1.1, 5 is MQTT 5."""
    return connect.body[2 + int.from_bytes(connect.body[:2], "big")]


def client_id(connect: Packet) -> str:
    at = 2 + int.from_bytes(connect.body[:2], "big") + 4
    if protocol_level(connect) == 5:
        length, size = _variable_length(connect.body, at)
        at += size + length
    return connect.body[at + 2 : at + 2 + int.from_bytes(connect.body[at : at + 2], "big")].decode()


def published_event(publish: Packet, level: int) -> tuple[int, dict] | None:
    """Packet id and event of a PUBLISH on a topic of events with QoS 1; None for any other."""
    at = 2 + int.from_bytes(publish.body[:2], "big")
    if not publish.flags & 0b110 or not publish.body[2:at].endswith(b"/events"):
        return None
    packet_id = int.from_bytes(publish.body[at : at + 2], "big")
    at += 2
    if level == 5:
        length, size = _variable_length(publish.body, at)
        at += size + length
    return packet_id, json.loads(publish.body[at:])


def acknowledged_id(puback: Packet) -> int | None:
    """Packet id of a PUBACK that says yes."""
    refused = len(puback.body) > 2 and puback.body[2] >= 0x80
    return None if refused else int.from_bytes(puback.body[:2], "big")


def _variable_length(data: bytes, at: int) -> tuple[int, int]:
    """The number at ``at`` and how many bytes it takes; 0 bytes when it is not all there."""
    value = 0
    for position, byte in enumerate(data[at : at + 4]):
        value |= (byte & 0x7F) << (7 * position)
        if not byte & 0x80:
            return value, position + 1
    return 0, 0
