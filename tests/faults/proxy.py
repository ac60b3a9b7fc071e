"""A wire between devices and their broker that can be cut in several ways, and remembers what went over it."""

import socket
import struct
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field

from tests.brokers import LOOPBACK
from tests.faults.packets import (
    CONNECT,
    PUBACK,
    PUBLISH,
    PacketStream,
    acknowledged_id,
    client_id,
    protocol_level,
    published_event,
)

_AT_ONCE = struct.pack("ii", 1, 0)


@dataclass(frozen=True)
class Published:
    """An event as a device sent it."""

    id: str
    seq: int
    replayed: bool
    device: str


@dataclass
class Link:
    """One device's connection."""

    device_end: socket.socket
    broker_end: socket.socket
    level: int = 4
    in_flight: dict[int, str] = field(default_factory=dict)
    swallow_ends: bool = False

    def close(self) -> None:
        for end in (self.device_end, self.broker_end):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def reset(self) -> None:
        self.swallow_ends = True
        for end in (self.device_end, self.broker_end):
            with suppress(OSError):
                end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
                # Wakes whoever reads from it; the kernel sends no RST while somebody does.
                end.shutdown(socket.SHUT_RD)
            end.close()


class RecordingProxy:
    """Forwards to ``port``; ``acknowledged`` holds what the broker has answered for, even if no answer got on."""

    def __init__(self, port: int) -> None:
        self.published: list[Published] = []
        self.acknowledged: set[str] = set()
        self.client_ids: list[str] = []
        self.answer_delay_s = 0.0
        self.last_acknowledged_s = 0.0
        self._flowing = threading.Event()
        self._flowing.set()
        self._target = port
        self._links: list[Link] = []
        self._server = socket.create_server((LOOPBACK, 0), backlog=128)
        self.port = int(self._server.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    def stall(self) -> None:
        """Nothing gets through, and nobody is told."""
        self._flowing.clear()

    def flow(self) -> None:
        self._flowing.set()

    def reset(self) -> None:
        """Cut every connection with a RST."""
        links, self._links = self._links, []
        for link in links:
            link.reset()

    def half_close(self, *, towards: str) -> None:
        """One side sees an end (``device`` or ``broker``); the other hears nothing any more, and is not told why."""
        for link in self._links:
            link.swallow_ends = True
            with suppress(OSError):
                (link.device_end if towards == "device" else link.broker_end).shutdown(socket.SHUT_WR)

    def close(self) -> None:
        with suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        self._flowing.set()
        self.reset()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                device_end, _ = self._server.accept()
                threading.Thread(target=self._connect, args=(device_end,), daemon=True).start()

    def _connect(self, device_end: socket.socket) -> None:
        self._flowing.wait()
        try:
            broker_end = socket.create_connection((LOOPBACK, self._target))
        except OSError:
            device_end.close()
            return
        link = Link(device_end, broker_end)
        self._links.append(link)
        threading.Thread(target=self._pump_to_broker, args=(link,), daemon=True).start()
        threading.Thread(target=self._pump_to_device, args=(link,), daemon=True).start()

    def _pump_to_broker(self, link: Link) -> None:
        stream = PacketStream()
        with suppress(OSError):
            while data := link.device_end.recv(65536):
                self._flowing.wait()
                for packet in stream.feed(data):
                    if packet.kind == CONNECT:
                        link.level = protocol_level(packet)
                        self.client_ids.append(client_id(packet))
                    elif packet.kind == PUBLISH and (event := published_event(packet, link.level)):
                        packet_id, message = event
                        link.in_flight[packet_id] = message["id"]
                        self.published.append(
                            Published(message["id"], message["seq"], message["replayed"], message["device"])
                        )
                link.broker_end.sendall(data)
        self._end(link)

    def _pump_to_device(self, link: Link) -> None:
        stream = PacketStream()
        with suppress(OSError):
            while data := link.broker_end.recv(65536):
                for packet in stream.feed(data):
                    if packet.kind == PUBACK:
                        self._note_answer(link, acknowledged_id(packet))
                time.sleep(self.answer_delay_s)
                self._flowing.wait()
                if not link.swallow_ends:
                    link.device_end.sendall(data)
        self._end(link)

    def _note_answer(self, link: Link, packet_id: int | None) -> None:
        event = link.in_flight.pop(packet_id, None) if packet_id is not None else None
        if event:
            self.acknowledged.add(event)
            self.last_acknowledged_s = time.monotonic()

    @staticmethod
    def _end(link: Link) -> None:
        if not link.swallow_ends:
            link.close()
