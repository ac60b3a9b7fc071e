"""A network of the test's own: a namespace with a bridge, and a cable to each machine. Nothing beyond is reached."""

import contextlib
import os
import shutil
import subprocess
import uuid
from pathlib import Path

import pytest

ADDRESS = "192.0.2.1"
"""Of the machine that is there by itself, one of the addresses that are for examples alone (RFC 5737)."""


class Network:
    """It has one machine, whose programs are started with `command`; others are plugged in."""

    def __init__(self) -> None:
        if shutil.which("ip", path=f"{os.environ['PATH']}:/usr/sbin") is None:
            pytest.skip("needs ip: make deps SLOW=1")
        self.name = f"house-{uuid.uuid4().hex[:8]}"
        self._boards: list[str] = []
        call("ip", "netns", "add", self.name)
        self._link("link", "set", "lo", "up")
        self._link("link", "add", "br0", "type", "bridge")
        self._link("address", "add", f"{ADDRESS}/24", "dev", "br0")
        self._link("link", "set", "br0", "up")

    def plug_in(self, address: str | None = None) -> Path:
        """A cable for a new board; returns the network that the board is to have, for `Root.start`.

        Args:
            address: what the board is called there from the start; left out, it must ask for one.
        """
        name, plug = f"{self.name}-{len(self._boards)}", f"port{len(self._boards)}"
        call("ip", "netns", "add", name)
        self._boards.append(name)
        # Process 1 does that on a machine, and not in a container that is handed its network.
        call("ip", "-n", name, "link", "set", "lo", "up")
        self._link("link", "add", plug, "type", "veth", "peer", "name", "eth0", "netns", name)
        self._link("link", "set", plug, "master", "br0", "up")
        if address is not None:
            call("ip", "-n", name, "address", "add", f"{address}/24", "dev", "eth0")
            call("ip", "-n", name, "link", "set", "eth0", "up")
        return Path("/run/netns") / name

    def hold_out(self) -> str:
        """A cable for a virtual machine that is started with `command`; returns what its end is called there."""
        name = "tap0"
        self._link("tuntap", "add", "dev", name, "mode", "tap")
        self._link("link", "set", name, "master", "br0", "up")
        return name

    def command(self, *command: str) -> list[str]:
        """A command as it is started on the machine that is there by itself."""
        return ["ip", "netns", "exec", self.name, *command]

    def remove(self) -> None:
        """Take all cables away, and the network."""
        for name in (*self._boards, self.name):
            with contextlib.suppress(AssertionError):
                call("ip", "netns", "delete", name)

    def _link(self, *arguments: str) -> None:
        call("ip", "-n", self.name, *arguments)


def call(*command: str) -> str:
    """What a command says; the test fails where the command does."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command}: {done.stderr}"
    return done.stdout
