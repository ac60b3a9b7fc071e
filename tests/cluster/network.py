"""Two networks of the test's own: devices reach the nodes by one, and the nodes speak among themselves over the other.

Each node and the devices' side have a network namespace; nothing beyond is reached. Addresses are of those that are
for examples alone (RFC 5737).
"""

import contextlib
import os
import signal
import uuid

from tests.package.network import call

NODES = 3
_FRONT = "192.0.2"
_BACK = "198.51.100"
CLIENTS = f"{_FRONT}.100"
"""The address of devices and consumers."""


def front(number: int) -> str:
    """Where devices find node ``number``, from 1."""
    return f"{_FRONT}.{10 + number}"


def back(number: int) -> str:
    """Where the other nodes find node ``number``."""
    return f"{_BACK}.{10 + number}"


class Network:
    """Three nodes' namespaces, one for all clients, and a bridge for each of the two networks."""

    def __init__(self) -> None:
        self._name = f"cluster-{uuid.uuid4().hex[:6]}"
        self.clients = f"{self._name}-c"
        """The namespace that devices and consumers run in."""
        self._spaces = [self._name, self.clients, *(self.node(number) for number in range(1, NODES + 1))]
        for space in self._spaces:
            call("ip", "netns", "add", space)
            call("ip", "-n", space, "link", "set", "lo", "up")
        for bridge in ("front", "back"):
            self._hub("link", "add", bridge, "type", "bridge")
            self._hub("link", "set", bridge, "up")
        self._plug(self.clients, "front", "clients", CLIENTS)
        for number in range(1, NODES + 1):
            self._plug(self.node(number), "front", f"front{number}", front(number))
            self._plug(self.node(number), "back", f"back{number}", back(number))

    def node(self, number: int) -> str:
        """The namespace of node ``number``."""
        return f"{self._name}-{number}"

    def split(self, number: int) -> None:
        """Node ``number`` and the other nodes hear nothing of each other; devices reach all."""
        self._hub("link", "set", f"back{number}", "down")

    def cut(self, number: int) -> None:
        """Nobody hears anything of node ``number``, and nobody is told."""
        self.split(number)
        self._hub("link", "set", f"front{number}", "down")

    def mend(self, number: int) -> None:
        """Both cables of node ``number`` are as they were."""
        for plug in (f"back{number}", f"front{number}"):
            self._hub("link", "set", plug, "up")

    def remove(self) -> None:
        """End all that runs in it, and the networks."""
        for space in self._spaces:
            for pid in call("ip", "netns", "pids", space).split():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(int(pid), signal.SIGKILL)
            with contextlib.suppress(AssertionError):
                call("ip", "netns", "del", space)

    def _plug(self, space: str, bridge: str, plug: str, address: str) -> None:
        end = "eth0" if bridge == "front" else "eth1"
        self._hub("link", "add", plug, "type", "veth", "peer", "name", end, "netns", space)
        self._hub("link", "set", plug, "master", bridge, "up")
        call("ip", "-n", space, "address", "add", f"{address}/24", "dev", end)
        call("ip", "-n", space, "link", "set", end, "up")

    def _hub(self, *words: str) -> None:
        call("ip", "-n", self._name, *words)


def inside(space: str, *command: str) -> list[str]:
    """A command as it is started in a namespace."""
    return ["ip", "netns", "exec", space, *command]
