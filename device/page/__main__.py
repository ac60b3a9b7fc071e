"""The page's process, as `process` starts it: ``python -m device.page``; not for people."""

import argparse
import asyncio
import logging
import socket
import ssl
import sys
import time
from contextlib import suppress
from typing import Any

from device.cli import run_command
from device.errors import EXIT_OK, EXIT_UNAVAILABLE, AffectdError, UnavailableError
from device.page.channel import PageEnd, Report, page_end
from device.system.companion import attach_to_daemon, die_with_daemon

_HELLO_TIMEOUT_S = 10.0
_MOST_MEMORY_MB = 96
_MOST_OPEN_FILES = 192  # connections that are to be closed at once are open for a moment, too


def main() -> int:
    """Serve the page until the daemon ends, or the port cannot be had; returns the exit code."""
    parser = argparse.ArgumentParser(prog="device.page")
    parser.add_argument("--channel", type=int, required=True, help="descriptor of the socket to the daemon")
    options = parser.parse_args()
    attach_to_daemon()
    logging.basicConfig(stream=sys.stderr, format="%(message)s", level=logging.WARNING)
    channel = page_end(socket.socket(fileno=options.channel))
    try:
        asyncio.run(_serve(channel))
    except ImportError as error:
        channel.send(Report("failed", f"microdot cannot be loaded ({error}); pip install 'affectd[page]'"))
        return EXIT_UNAVAILABLE
    except AffectdError as error:
        channel.send(Report("failed", str(error)))
        return error.exit_code
    return EXIT_OK


async def _serve(channel: PageEnd) -> None:
    hello = await _await_hello(channel)
    import concurrent.futures.thread  # noqa: F401 now: later, what a user's files are may not be this one's to read

    from device.page.board import Board
    from device.page.password import Verifier
    from device.page.routes import Routes
    from device.page.server import Server
    from device.page.sessions import Sessions
    from device.page.throttle import Throttle

    if hello.get("fault"):
        raise UnavailableError(str(hello["fault"]))
    settings = hello["settings"]
    verifier = Verifier.parse(hello["verifier"]) if hello.get("verifier") else None
    board = Board(channel, hello)
    sessions = Sessions(
        time.time, hello.get("sessions", ()), str(verifier), lambda kept: board.send("sessions", sessions=kept)
    )
    tls = _tls_of(settings)
    routes = Routes(board, verifier, sessions, Throttle(time.monotonic), encrypted=tls is not None)
    server = Server(routes.app, routes.answer, tls)
    hosts, note = _hosts(settings["host"], has_password=verifier is not None)
    try:
        await server.start(hosts, settings["port"])
    except (OSError, OverflowError) as error:
        raise UnavailableError(
            f"port {settings['port']} of {' and '.join(hosts)} cannot be listened at: {error}",
            "end what uses it, or set page.port and page.host",
        ) from None
    _confine()
    asyncio.get_running_loop().add_reader(channel.fileno(), board.receive)
    scheme = "http" if tls is None else "https"
    channel.send(Report("shown", f"{scheme}://{_shown(hosts)}:{settings['port']}{note}"))
    await board.stay_alive()
    await server.close()
    for task in asyncio.all_tasks() - {asyncio.current_task()}:
        task.cancel()


async def _await_hello(channel: PageEnd) -> dict[str, Any]:
    said = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_reader(channel.fileno(), said.set)
    try:
        async with asyncio.timeout(_HELLO_TIMEOUT_S):
            while not channel.gone:
                await said.wait()
                said.clear()
                for message in channel.receive(1):
                    return message
    except TimeoutError:
        pass
    finally:
        loop.remove_reader(channel.fileno())
    raise UnavailableError("the daemon has said nothing")


def _hosts(host: str | None, *, has_password: bool) -> tuple[list[str], str]:
    """Where to listen, and what is to be told of it: without a password nobody but this device gets in."""
    if has_password:
        return ([host] if host else _everywhere()), ""
    if host is None or _is_loopback(host):
        return [host or "127.0.0.1"], ", from this device alone until there is a password: sudo affectd page password"
    return ["127.0.0.1"], f", and not {host}, for there is no password: sudo affectd page password"


def _is_loopback(host: str) -> bool:
    from ipaddress import ip_address

    return ip_address(host).is_loopback


def _everywhere() -> list[str]:
    return ["0.0.0.0", "::"] if socket.has_ipv6 and _has_ipv6() else ["0.0.0.0"]  # noqa: S104 a password is asked for


def _has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as probe:
            probe.bind(("::", 0))
    except OSError:
        return False
    return True


def _shown(hosts: list[str]) -> str:
    host = socket.gethostname() if hosts[0] == "0.0.0.0" else hosts[0]  # noqa: S104 only named
    return f"[{host}]" if ":" in host else host


def _tls_of(settings: dict[str, Any]) -> ssl.SSLContext | None:
    """What encrypts connections; None where no certificate is configured. Raises UnavailableError."""
    certificate = settings["cert_file"]
    if certificate is None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        # An encrypted key would ask for its passphrase on a terminal that nobody looks at.
        context.load_cert_chain(certificate, settings["key_file"], password="")
    except (OSError, ValueError) as error:
        raise UnavailableError(
            f"{certificate} and {settings['key_file']} cannot be used: {error}",
            "give PEM files that the service's user may read, and a key without a passphrase",
        ) from None
    return context


def _confine() -> None:
    """Give up what serving needs none of: to write any file, to take much memory, and root."""
    from device.system.confinement import confine

    with suppress(OSError, ValueError):
        confine(memory_mb=_MOST_MEMORY_MB, cpu_s=None, written_bytes=0, open_files=_MOST_OPEN_FILES)
    die_with_daemon()


if __name__ == "__main__":
    sys.exit(run_command("affectd page", main))
