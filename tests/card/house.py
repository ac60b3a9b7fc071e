"""A network of the test's own, as a house has one: a router with DHCP and DNS, a broker, and a mirror of packages.

It is a network namespace with a bridge; each board has one of its own with a cable to it. Nothing beyond is reached.
"""

import contextlib
import functools
import json
import os
import shutil
import signal
import subprocess
import tempfile
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.brokers import find_mosquitto, wait_until

HUB = "hub.house.test"
"""The name of the machine that is router, broker and mirror."""
ADDRESS = "192.0.2.1"
"""Its address, of those that are for examples alone (RFC 5737)."""
SOURCE = f"deb [trusted=yes] http://archive.{HUB}/ ./\n"
"""apt's line for the mirror."""
SECRET = "a secret"

_LISTENER = "listener"


@dataclass(frozen=True)
class Heard:
    """What came at the broker.

    Attributes:
        at_s: when, of the day's time.
    """

    at_s: float
    topic: str
    text: str

    @property
    def message(self) -> dict[str, Any]:
        told: dict[str, Any] = json.loads(self.text)
        return told


class House:
    """The network and its hub.

    Args:
        users: of the broker; the password of each is `SECRET`.
    """

    def __init__(self, users: tuple[str, ...] = ("hall",)) -> None:
        for program in ("ip", "dnsmasq", "mosquitto_sub", "ssh"):
            if shutil.which(program, path=f"{os.environ['PATH']}:/usr/sbin") is None:
                pytest.skip(f"needs {program}: make deps SLOW=1")
        self.folder = Path(tempfile.mkdtemp(prefix="affectd-house-"))
        self._name = f"house-{uuid.uuid4().hex[:8]}"
        self._boards: list[str] = []
        self._programs: list[subprocess.Popen[bytes]] = []
        self._web: subprocess.Popen[bytes] | None = None
        _call("ip", "netns", "add", self._name)
        self._link("link", "set", "lo", "up")
        self._link("link", "add", "br0", "type", "bridge")
        self._link("address", "add", f"{ADDRESS}/24", "dev", "br0")
        self._link("link", "set", "br0", "up")
        self._start_router()
        self._start_broker(users)

    def plug_in(self) -> Path:
        """A cable for a new board; returns the network that the board is to have."""
        name, plug = f"{self._name}-{len(self._boards)}", f"port{len(self._boards)}"
        _call("ip", "netns", "add", name)
        self._boards.append(name)
        # Process 1 does that on a machine, and not in a container that is handed its network.
        _call("ip", "-n", name, "link", "set", "lo", "up")
        self._link("link", "add", plug, "type", "veth", "peer", "name", "eth0", "netns", name)
        self._link("link", "set", plug, "master", "br0", "up")
        return Path("/run/netns") / name

    def open_mirror(self, folder: Path) -> None:
        """From now on there is an apt repository in the network."""
        arguments = ["-m", "http.server", "--bind", ADDRESS, "--directory", str(folder), "80"]
        self._web = self._start("python3", *arguments)

    def close_mirror(self) -> None:
        """There is none any more."""
        assert self._web
        self._web.terminate()
        self._web.wait(30)

    def address_of(self, host: str) -> str | None:
        """Which address the router has given to a board of that name."""
        leases = self.folder / "leases"
        lines = leases.read_text().splitlines() if leases.exists() else []
        return next((line.split()[2] for line in lines if line.split()[3] == host), None)

    def command(self, *command: str) -> list[str]:
        """A command as it is started on the hub."""
        return ["ip", "netns", "exec", self._name, *command]

    def heard(self, ending: str = "") -> list[Heard]:
        """What came at the broker on topics that end so, in order."""
        lines = (self.folder / "heard").read_text(encoding="utf-8").splitlines()
        cells = [line.split("\t", 2) for line in lines]
        return [Heard(float(at), topic, text) for at, topic, text in cells if topic.endswith(ending)]

    def remove(self) -> None:
        """End all that runs in it, and the network."""
        for program in self._programs:
            program.send_signal(signal.SIGTERM)
            program.wait(30)
        for name in (*self._boards, self._name):
            with contextlib.suppress(AssertionError):
                _call("ip", "netns", "delete", name)
        shutil.rmtree(self.folder)

    def _start_router(self) -> None:
        (self.folder / "leases").touch()
        names = [f"--address=/{name}/{ADDRESS}" for name in (HUB, f"archive.{HUB}")]
        served = ["--dhcp-range=192.0.2.10,192.0.2.99", f"--dhcp-leasefile={self.folder}/leases", "--user=root"]
        files = ["--conf-file=/dev/null", "--no-hosts", "--no-resolv", f"--pid-file={self.folder}/dnsmasq.pid"]
        self._start("dnsmasq", "--keep-in-foreground", "--interface=br0", "--bind-interfaces", *served, *names, *files)

    def _start_broker(self, users: tuple[str, ...]) -> None:
        passwords = self.folder / "passwords"
        passwords.touch(mode=0o600)
        for user in (*users, _LISTENER):
            _call("mosquitto_passwd", "-b", str(passwords), user, SECRET)
        lines = ["user root", "allow_anonymous false", f"password_file {passwords}", f"listener 1883 {ADDRESS}"]
        (self.folder / "mosquitto.conf").write_text("\n".join(lines) + "\n")
        self._start(find_mosquitto(), "-c", str(self.folder / "mosquitto.conf"))
        who = ["-h", ADDRESS, "-u", _LISTENER, "-P", SECRET]
        heard = functools.partial(self._start, "stdbuf", "-oL", "mosquitto_sub", *who, "-t", "affectd/#")
        reached = self.command("mosquitto_pub", *who, "-t", "affectd/heard", "-n")
        wait_until(lambda: subprocess.run(reached, check=False, capture_output=True).returncode == 0, "the broker")
        with (self.folder / "heard").open("wb") as file:
            heard("-F", "%U\t%t\t%p", stdout=file)

    def _start(self, *command: str, stdout: Any = subprocess.DEVNULL) -> "subprocess.Popen[bytes]":
        path = f"{os.environ['PATH']}:/usr/sbin:/sbin"
        program = subprocess.Popen(
            self.command(*command), env=os.environ | {"PATH": path}, stdout=stdout, stderr=subprocess.DEVNULL
        )
        self._programs.append(program)
        return program

    def _link(self, *arguments: str) -> None:
        _call("ip", "-n", self._name, *arguments)


def _call(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command}: {done.stderr}"
    return done.stdout
