"""A broker of its own for who has none yet: amqtt, on a free port of the loopback, in a thread."""

import asyncio
import logging
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from device.errors import UnavailableError

HOST = "127.0.0.1"
_START_TIMEOUT_S = 20.0


@contextmanager
def embedded_broker() -> Iterator[int]:
    """Run a broker for the block's duration; gives its port.

    Raises:
        UnavailableError: amqtt is not installed, or the broker does not start.
    """
    try:
        from amqtt.broker import Broker
    except ImportError as error:
        raise UnavailableError(
            f"the demo's own broker needs amqtt ({error})",
            "pip install 'affectd[demo]', or name a broker with --broker",
        ) from error
    for noisy in ("amqtt", "transitions"):
        logging.getLogger(noisy).setLevel(logging.CRITICAL)
    port = _free_port()
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="broker", daemon=True)
    thread.start()

    async def start() -> Broker:
        broker = Broker(_settings(port))
        await broker.start()
        return broker

    try:
        broker = asyncio.run_coroutine_threadsafe(start(), loop).result(_START_TIMEOUT_S)
        try:
            yield port
        finally:
            asyncio.run_coroutine_threadsafe(broker.shutdown(), loop).result(_START_TIMEOUT_S)
    except TimeoutError as error:
        raise UnavailableError("the demo's own broker did not answer", "name another with --broker") from error
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(_START_TIMEOUT_S)


def _settings(port: int) -> dict[str, object]:
    return {
        "listeners": {"default": {"type": "tcp", "bind": f"{HOST}:{port}"}},
        "plugins": {"amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}},
    }


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])
