"""paho's client with a thread that never dies unheard, and that takes no message it has no use for."""

import logging
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from paho.mqtt import client as paho
from paho.mqtt.enums import MQTTErrorCode

_CALLBACKS = ("on_connect", "on_disconnect", "on_publish", "on_subscribe", "on_message", "on_log")
_PUBLISH = 0x30
_QOS_2 = 0x04
_LONGEST_TOPIC = 256
_MOST_PASSED_OVER_BYTES = 1_000_000
"""Read and forgotten in a moment on any network; the largest of MQTT would take a slow one minutes."""
_PIECE_BYTES = 65_536

_log = logging.getLogger(__name__)


class OversizedMessageError(ConnectionError):
    """A message came that is larger than anything that is said to us."""


class NetworkClient(paho.Client):  # type: ignore[misc]  # mypy does not read paho
    """One attempt at a broker, in paho's own thread.

    Args:
        largest_bytes: a larger message is read and forgotten; one far larger ends the connection before it is read.
        on_unreachable: told when there is no connection at all, and why.
        on_fault: told of an exception in paho or in a callback; the connection is closed then.
        on_ended: told when the thread ends, however it does.
        options: as paho's.
    """

    def __init__(
        self,
        *,
        largest_bytes: int,
        on_unreachable: Callable[[OSError], object],
        on_fault: Callable[[Exception], object],
        on_ended: Callable[[], object],
        **options: Any,
    ) -> None:
        super().__init__(**options, reconnect_on_failure=False)
        self._largest_bytes = largest_bytes
        self._on_unreachable: Callable[[OSError], object] | None = on_unreachable
        self._on_fault: Callable[[Exception], object] | None = on_fault
        self._on_ended: Callable[[], object] | None = on_ended
        self.connecting = True
        """Whether the name of the broker is looked up, or it is called."""
        self.turned_at_s = time.monotonic()
        """When the thread showed a sign of life the last time, monotonic seconds."""
        self.ended = False
        """Whether the thread has come to its end."""
        self.oversized: tuple[str, int] | None = None
        """Topic and length of the message that has ended the connection; the topic is empty where it was not read."""
        self.passed_over_bytes: int | None = None
        """The length of the message that ``on_message`` is told of just now, where most of it was forgotten."""

    def loop_forever(self, timeout: float = 1.0, **_: Any) -> MQTTErrorCode:
        """What paho's thread runs: connect once, and turn until the connection has ended."""
        try:
            self._turn_until_ended(timeout)
        except OSError as error:
            if self.connecting and self._on_unreachable:
                self._on_unreachable(error)
            else:
                self._fail(error)
        except Exception as error:  # noqa: BLE001 a broker can send what paho, or we, did not think of
            self._fail(error)
        finally:
            self.ended = True
            if self._on_ended:
                self._on_ended()
        return MQTTErrorCode.MQTT_ERR_SUCCESS

    def listen(self, **callbacks: Callable[..., None] | None) -> None:
        """Set paho's callbacks, by their names there."""
        for name, callback in callbacks.items():
            setattr(self, name, callback)

    def release(self) -> None:
        """Forget everybody who is told anything."""
        self.listen(**dict.fromkeys(_CALLBACKS))
        self._on_unreachable = self._on_fault = self._on_ended = None

    def give_up(self) -> None:
        """Let go of the socket from another thread, which wakes one that is stuck in it."""
        if sock := self.socket():
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)

    def _turn_until_ended(self, timeout_s: float) -> None:
        self.reconnect()
        self.connecting = False
        outcome = MQTTErrorCode.MQTT_ERR_SUCCESS
        while outcome == MQTTErrorCode.MQTT_ERR_SUCCESS and self.socket() is not None:
            self.turned_at_s = time.monotonic()
            outcome = self.loop(timeout_s)

    def _fail(self, error: Exception) -> None:
        _log.debug("a fault in the connection to the broker", exc_info=error)
        if self._on_fault:
            self._on_fault(error)
        if sock := self.socket():
            sock.close()

    def _sock_recv(self, bufsize: int) -> bytes:
        # paho has no other place to see a length before it makes room for it.
        length = self._in_packet["remaining_length"] if self._in_packet["have_remaining"] else 0
        if max(bufsize, length) <= self._largest_bytes:
            return bytes(super()._sock_recv(bufsize))
        if self._in_packet["command"] & 0xF0 != _PUBLISH or length > _MOST_PASSED_OVER_BYTES:
            self.oversized = (self._read_topic(), length)
            raise OversizedMessageError(f"a message of {length} bytes")
        del self._in_packet["packet"][self._largest_bytes :]  # the beginning has topic and number
        return bytes(super()._sock_recv(min(bufsize, _PIECE_BYTES)))

    def _handle_publish(self) -> MQTTErrorCode:
        length = self._in_packet["remaining_length"]
        if length <= self._largest_bytes:
            return super()._handle_publish()
        if self._in_packet["command"] & _QOS_2:
            raise OversizedMessageError(f"a message of {length} bytes, with QoS 2, which nobody asked for")
        self.passed_over_bytes = length
        try:
            return super()._handle_publish()
        finally:
            self.passed_over_bytes = None

    def _read_topic(self) -> str:
        if self._in_packet["command"] & 0xF0 != _PUBLISH:
            return ""
        try:
            length = int.from_bytes(super()._sock_recv(2), "big")
            return bytes(super()._sock_recv(min(length, _LONGEST_TOPIC))).decode(errors="replace")
        except OSError:  # it has not come yet
            return ""
