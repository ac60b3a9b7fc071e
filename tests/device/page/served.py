"""The page's server within the test's own process, and a daemon that the test plays."""

import asyncio
import http.client
import socket
import threading
import time
from contextlib import suppress
from urllib.parse import urlencode

from device.page.board import Board
from device.page.channel import daemon_end, page_end
from device.page.password import Verifier
from device.page.routes import COOKIE, Routes
from device.page.server import Server
from device.page.sessions import Sessions
from device.page.throttle import Throttle
from device.system.channel import socket_pair
from tests.brokers import LOOPBACK, wait_until

PASSWORD = "correct horse battery"


def cheap_verifier(password: str = PASSWORD) -> Verifier:
    """One that takes a millisecond."""
    import hashlib

    salt = b"salt" * 4
    digest = hashlib.scrypt(password.encode(), salt=salt, n=2**10, r=8, p=1, dklen=32)
    return Verifier(10, 8, 1, salt, digest)


FACE = {
    "face": 7,
    "box": [0.25, 0.25, 0.2, 0.25],
    "visible": True,
    "emotion": "happy",
    "confidence": 0.87,
    "pixels": 120,
    "brightness": 30.0,
    "faults": ["too dark"],
}
MOMENT = {"picture": {"width": 640, "height": 480, "brightness": 128.0, "faults": []}, "faces": [FACE]}
STATE = {
    "source": "ok",
    "source_name": "/dev/video0",
    "broker": "connected",
    "free_mb": 1234,
    "fps": 14.9,
    "temperature_c": 51.0,
    "throttled": [],
}
HELLO = {
    "id": "hall",
    "name": "Hall",
    "version": "1.2.3",
    "colours": {"happy": "#f0e442", "sad": "#56b4e9", "uncertain": "#b2b2b2"},
    "keys": [
        {
            "key": "source.fps",
            "value": 15.0,
            "choices": [],
            "number": True,
            "nullable": False,
            "low": 0.1,
            "high": 240.0,
        },
        {
            "key": "device.name",
            "value": "Hall",
            "choices": [],
            "number": False,
            "nullable": True,
            "low": None,
            "high": None,
        },
        {
            "key": "overlay.mirror",
            "value": True,
            "choices": ["true", "false"],
            "number": False,
            "nullable": False,
            "low": None,
            "high": None,
        },
    ],
    "can_examine": True,
    "remembers": True,
    "settings": {"names": ["sensor.example.org"]},
}


class Served:
    """A page that is served on a port of its own, and the daemon's end of its channel."""

    def __init__(self, verifier=None, hello=None, tls=None, now_s=time.monotonic):
        ours, theirs = socket_pair()
        self.daemon = daemon_end(ours)
        self.reports = []
        self.port = 0
        self.kept = []
        self._channel = page_end(theirs)
        self._hello = {**HELLO, **(hello or {})}
        self._verifier, self._tls, self._now_s = verifier, tls, now_s
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()))
        self._thread.start()
        assert self._ready.wait(30)
        self.tell(kind="state", state=STATE)

    async def _serve(self):
        loop = asyncio.get_running_loop()
        self.board = Board(self._channel, self._hello)
        self.sessions = Sessions(time.time, (), str(self._verifier), self.kept.append)
        throttle = Throttle(self._now_s)
        self.routes = Routes(self.board, self._verifier, self.sessions, throttle, encrypted=self._tls is not None)
        self.server = Server(self.routes.app, self.routes.answer, self._tls)
        ((_, self.port),) = await self.server.start([LOOPBACK], 0)
        loop.add_reader(self._channel.fileno(), self.board.receive)
        self._ready.set()
        await self.board.stay_alive()
        loop.remove_reader(self._channel.fileno())
        await self.server.close()
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()

    def close(self):
        self.daemon.close()
        self._thread.join(30)
        self._channel.close()
        assert not self._thread.is_alive()

    def tell(self, **message):
        """Say something as the daemon, and wait until the page has heard it."""
        before = self.board.version
        assert self.daemon.send(message)
        wait_until(lambda: self.board.version > before, "the page to hear the daemon")

    def said(self, kind):
        """What the page has told the daemon of that kind."""
        self.reports += self.daemon.receive()
        return [report for report in self.reports if report.kind == kind]

    def wait_for(self, kind, times=1):
        wait_until(lambda: len(self.said(kind)) >= times, f"the page to say {kind!r}")
        return self.said(kind)[-1]

    def ask(self, method, path, *, form=None, cookie=None, origin=True, address=LOOPBACK, **headers):
        """The answer to one request from ``address``: status, headers in small letters, text."""
        sent = {"Host": f"{LOOPBACK}:{self.port}"}
        if method == "POST" and origin:
            sent["Origin"] = f"http://{LOOPBACK}:{self.port}"
        if cookie:
            sent["Cookie"] = cookie
        body = None if form is None else urlencode(form)
        if body is not None:
            sent["Content-Type"] = "application/x-www-form-urlencoded"
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        connection = http.client.HTTPConnection(LOOPBACK, self.port, timeout=30, source_address=(address, 0))
        try:
            connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
            if method == "POST" and "Content-Length" not in sent:
                sent["Content-Length"] = str(len(body or ""))
            for name, value in sent.items():
                connection.putheader(name, value)
            connection.endheaders((body or "").encode())
            response = connection.getresponse()
            answered = {name.lower(): value for name, value in response.getheaders()}
            return response.status, answered, response.read().decode()
        finally:
            connection.close()

    def log_in(self, password=PASSWORD):
        """The session's cookie."""
        status, headers, _ = self.ask("POST", "/login", form={"password": password})
        assert status == 303, status
        return headers["set-cookie"].partition(";")[0]

    def raw(self, data=b"", timeout_s=30.0):
        """A connection that has said ``data``."""
        connection = socket.create_connection((LOOPBACK, self.port), timeout=timeout_s)
        if data:
            with suppress(OSError):
                connection.sendall(data)
        return connection


def read_all(connection):
    """All that comes until the other end closes."""
    parts = []
    with suppress(OSError):
        while part := connection.recv(65536):
            parts.append(part)
    connection.close()
    return b"".join(parts)


__all__ = ["COOKIE", "FACE", "HELLO", "MOMENT", "PASSWORD", "STATE", "Served", "cheap_verifier", "read_all"]
