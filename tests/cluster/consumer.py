"""Somebody who listens to a cluster as a consumer should: a session that is kept, the nodes tried in turn.

``python -m tests.cluster.consumer`` takes its orders as JSON, as ``Orders`` has them, and writes a line for each
message and each connection. A message is acknowledged once its line is written.
"""

import json
import os
import signal
import sys
import threading
import time
from dataclasses import dataclass
from itertools import cycle
from typing import Any

from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion

_WAIT_S = 1.0
_KEEPALIVE_S = 10


@dataclass(frozen=True)
class Orders:
    """Whom to listen to.

    Attributes:
        hosts: the nodes, in the order in which they are tried.
        client_id: the broker keeps the session by it.
        topic: filter.
        out: file that gets the lines.
        keep: whether the broker keeps the session.
    """

    hosts: list[str]
    client_id: str
    topic: str
    out: str
    keep: bool = True


def main(orders: Orders) -> None:
    stop = threading.Event()
    file = os.open(orders.out, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    current: list[paho.Client] = []

    def write(**line: Any) -> None:
        os.write(file, (json.dumps({"at": time.monotonic()} | line) + "\n").encode())

    def end(*_: object) -> None:
        stop.set()
        current[-1].disconnect()

    signal.signal(signal.SIGTERM, end)
    for host in cycle(orders.hosts):
        client = paho.Client(
            CallbackAPIVersion.VERSION2,
            client_id=orders.client_id,
            clean_session=not orders.keep,
            reconnect_on_failure=False,
        )
        current.append(client)

        def on_connect(client: Any, _data: Any, flags: Any, reason: Any, _more: Any, host: str = host) -> None:
            write(connected=host, session=flags.session_present, refused=str(reason) if reason.is_failure else None)
            client.subscribe(orders.topic, qos=1)

        client.on_connect = on_connect
        client.on_subscribe = lambda *_: write(subscribed=True)
        client.on_message = lambda _client, _data, message: write(
            topic=message.topic, text=message.payload.decode(), retained=message.retain
        )
        try:
            client.connect(host, 1883, _KEEPALIVE_S)
            client.loop_forever()
        except OSError:
            pass
        if stop.wait(_WAIT_S):
            return


if __name__ == "__main__":
    main(Orders(**json.loads(sys.argv[1])))
