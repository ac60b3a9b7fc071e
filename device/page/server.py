"""The socket side: how many may come, how much they may say, and how long they may take over it.

microdot answers; what stands between it and the network is here, for it sets none of these limits itself.
"""

import asyncio
import logging
import re
import ssl
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from microdot.microdot import NoCaseDict, Request, Response

from device.page.guard import METHODS
from device.page.throttle import network_of

MOST_CONNECTIONS, MOST_OF_ONE_ADDRESS = 48, 16
"""More are closed unheard; a browser has six open."""
MOST_HEAD_BYTES, MOST_HEADERS, MOST_URL = 8192, 64, 1024
MOST_BODY_BYTES = 16_384
HEAD_TIMEOUT_S, BODY_TIMEOUT_S, SEND_TIMEOUT_S, TLS_TIMEOUT_S = 5.0, 5.0, 10.0, 5.0
ANSWER_TIMEOUT_S = 60.0
_REASONS = {
    200: "OK",
    204: "No Content",
    303: "See Other",
    400: "Bad Request",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    408: "Request Timeout",
    411: "Length Required",
    413: "Content Too Large",
    414: "URI Too Long",
    421: "Misdirected Request",
    429: "Too Many Requests",
    431: "Request Header Fields Too Large",
    500: "Internal Server Error",
    503: "Service Unavailable",
}

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110, section 5.6.2

_log = logging.getLogger(__name__)

Answer = Callable[[Any], Awaitable[Any]]


class _BadRequestError(Exception):
    """What came is no request that is answered, but for this status."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class Server:
    """Takes requests off the network, one a connection, within limits, and has each of them answered.

    Args:
        app: microdot's, which requests belong to.
        answer: gives the response to a request; may take long, a stream of events is one.
        tls: where connections are encrypted.
    """

    def __init__(self, app: Any, answer: Answer, tls: ssl.SSLContext | None = None) -> None:
        self._app = app
        self._answer = answer
        self._tls = tls
        self._open: Counter[str] = Counter()
        self._server: asyncio.Server | None = None

    async def start(self, hosts: list[str], port: int) -> list[tuple[str, int]]:
        """Listen; returns where. Raises OSError."""
        self._server = await asyncio.start_server(self._serve, hosts, port, limit=MOST_HEAD_BYTES, backlog=64)
        return [listening.getsockname()[:2] for listening in self._server.sockets]

    async def close(self) -> None:
        """Listen no more."""
        if self._server is not None:
            self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer = (writer.get_extra_info("peername") or ("",))[0]
        network = network_of(peer)
        if self._open.total() >= MOST_CONNECTIONS or self._open[network] >= MOST_OF_ONE_ADDRESS:
            writer.transport.abort()
            return
        self._open[network] += 1
        try:
            await self._serve_one(reader, writer, peer)
        except (OSError, TimeoutError, asyncio.IncompleteReadError, ssl.SSLError):
            pass  # whoever came has gone, or takes too long: nothing that anybody would want to read
        except Exception as fault:  # noqa: BLE001 whatever it is, the next request is answered
            _log.error("a request came to no answer", exc_info=fault)
        finally:
            self._open[network] -= 1
            if not self._open[network]:
                del self._open[network]
            writer.transport.abort()

    async def _serve_one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, peer: str) -> None:
        if self._tls is not None:
            await writer.start_tls(self._tls, ssl_handshake_timeout=TLS_TIMEOUT_S)
        sender = _Sender(writer)
        try:
            request = await self._read(reader, writer, peer)
        except _BadRequestError as error:
            await _refuse(sender, error.status)
            return
        answering = asyncio.ensure_future(self._respond(request, sender))
        # A browser says nothing more; the end of what it says is its going away, during a stream of events too.
        leaving = asyncio.ensure_future(reader.read(1))
        try:
            await asyncio.wait({answering, leaving}, return_when=asyncio.FIRST_COMPLETED)
            if leaving.done() and not leaving.cancelled() and leaving.exception() is None and leaving.result():
                await answering  # pipelined, or a line end too many
            elif not answering.done():
                answering.cancel()
            with suppress(asyncio.CancelledError):
                await answering
        finally:
            for task in (answering, leaving):
                task.cancel()

    async def _respond(self, request: Request, sender: "_Sender") -> None:
        response = await self._answer(request)
        response.reason = _REASONS.get(response.status_code, "")
        response.headers["Connection"] = "close"
        response.is_head = request.method == "HEAD"
        try:
            await response.write(sender)
            await sender.aclose()
        finally:
            if hasattr(response.body, "aclose"):  # a stream: whoever looked does so no more
                await response.body.aclose()

    async def _read(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, peer: str) -> Request:
        try:
            async with asyncio.timeout(HEAD_TIMEOUT_S):
                head = await reader.readuntil(b"\r\n\r\n")
        except asyncio.LimitOverrunError:
            raise _BadRequestError(431) from None
        except TimeoutError:
            raise _BadRequestError(408) from None
        method, url, headers = _parse(head)
        body = await _read_body(reader, method, headers)
        return Request(self._app, (peer, 0), method, url, "1.1", headers, body=body, stream=None, sock=(reader, writer))


def _parse(head: bytes) -> tuple[str, str, NoCaseDict]:
    try:
        lines = head.decode("ascii").split("\r\n")[:-2]
        method, url, version = lines[0].split(" ")
    except (UnicodeDecodeError, ValueError):
        raise _BadRequestError(400) from None
    if len(url) > MOST_URL:
        raise _BadRequestError(414)
    if len(lines) > MOST_HEADERS + 1:
        raise _BadRequestError(431)
    if method not in METHODS:
        raise _BadRequestError(405)
    if version not in {"HTTP/1.0", "HTTP/1.1"} or not url.startswith("/") or not url.isprintable():
        raise _BadRequestError(400)
    headers = NoCaseDict()
    for line in lines[1:]:
        name, colon, value = line.partition(":")
        # A header that stands twice, or in folded lines, is read one way here and another way by a proxy.
        if not colon or not _TOKEN.fullmatch(name) or name in headers or not value.strip().isprintable():
            raise _BadRequestError(400)
        headers[name] = value.strip()
    return method, url, headers


async def _read_body(reader: asyncio.StreamReader, method: str, headers: NoCaseDict) -> bytes:
    length = headers.get("Content-Length", "0" if method != "POST" else "")
    if "Transfer-Encoding" in headers or not length:
        raise _BadRequestError(411)
    if not (length.isascii() and length.isdigit() and len(length) < 10):
        raise _BadRequestError(400)
    if int(length) > MOST_BODY_BYTES:
        raise _BadRequestError(413)
    try:
        async with asyncio.timeout(BODY_TIMEOUT_S):
            return await reader.readexactly(int(length))
    except TimeoutError:
        raise _BadRequestError(408) from None


async def _refuse(sender: Any, status: int) -> None:
    response = Response(f"{status} {_REASONS[status]}\n", status, {"Content-Type": "text/plain", "Connection": "close"})
    response.reason = _REASONS[status]
    await response.write(sender)
    await sender.aclose()


class _Sender:
    """A connection as microdot writes to it; whoever does not read is not waited for."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self._writer = writer
        writer.transport.set_write_buffer_limits(high=65_536)

    async def awrite(self, data: bytes) -> None:
        """Send."""
        self._writer.write(data)
        try:
            async with asyncio.timeout(SEND_TIMEOUT_S):
                await self._writer.drain()
        except TimeoutError:
            raise OSError("Connection lost") from None  # microdot knows it by these words

    async def aclose(self) -> None:
        """Have what was sent arrive."""
        async with asyncio.timeout(SEND_TIMEOUT_S):
            self._writer.close()
            await self._writer.wait_closed()
