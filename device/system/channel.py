"""Small messages between the daemon and a process beside it, over a socket that nobody waits at."""

import socket
from collections.abc import Callable
from contextlib import suppress
from typing import Generic, TypeVar

_MAX_BYTES = 65_536

Sent = TypeVar("Sent")
Received = TypeVar("Received")


class Channel(Generic[Sent, Received]):
    """One end of the socket; no call ever waits.

    Args:
        end: the socket, SOCK_SEQPACKET; belongs to this object from then on.
        encode: writes a message of this end.
        decode: reads a message of the other end; raises ValueError for what it cannot understand.
    """

    def __init__(
        self, end: socket.socket, encode: Callable[[Sent], bytes], decode: Callable[[bytes], Received]
    ) -> None:
        end.setblocking(False)  # noqa: FBT003 - the standard library's way
        self._end = end
        self._encode = encode
        self._decode = decode
        self._gone = False

    @property
    def gone(self) -> bool:
        """Whether the other end is known to have closed or died."""
        return self._gone

    def fileno(self) -> int:
        """For ``select``."""
        return self._end.fileno()

    def send(self, message: Sent) -> bool:
        """Send ``message``; False where the other end is gone, or has left so much unread that no more fits."""
        try:
            self._end.send(self._encode(message), socket.MSG_NOSIGNAL)
        except BlockingIOError:
            return False
        except OSError:
            self._gone = True
            return False
        return True

    def receive(self, most: int | None = None) -> list[Received]:
        """All that has come since the last call, ``most`` messages at most; what is not understood is left out."""
        messages: list[Received] = []
        while not self._gone and (most is None or len(messages) < most):
            try:
                data = self._end.recv(_MAX_BYTES)
            except BlockingIOError:
                break
            except OSError:
                data = b""
            if not data:
                self._gone = True
                break
            with suppress(ValueError):
                messages.append(self._decode(data))
        return messages

    def close(self) -> None:
        """The other end sees it as this one's end."""
        self._end.close()
        self._gone = True


def socket_pair() -> tuple[socket.socket, socket.socket]:
    """Two ends that keep messages whole and see each other's death."""
    return socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
