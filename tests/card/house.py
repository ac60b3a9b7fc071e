"""A network of the test's own, as a house has one: a router with DHCP and DNS, a broker, and a mirror of packages.

Each board has a cable to it. Nothing beyond is reached.
"""

import functools
import json
import os
import shutil
import signal
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.brokers import find_mosquitto, wait_until
from tests.package.network import ADDRESS, Network, call

HUB = "hub.house.test"
"""The name of the machine that is router, broker and mirror."""
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


class House(Network):
    """The network and its hub.

    Args:
        users: of the broker; the password of each is `SECRET`.
    """

    def __init__(self, users: tuple[str, ...] = ("hall",)) -> None:
        for program in ("dnsmasq", "mosquitto_sub", "ssh"):
            if shutil.which(program, path=f"{os.environ['PATH']}:/usr/sbin") is None:
                pytest.skip(f"needs {program}: make deps SLOW=1")
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="affectd-house-"))
        self._programs: list[subprocess.Popen[bytes]] = []
        self._web: subprocess.Popen[bytes] | None = None
        self._start_router()
        self._start_broker(users)

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
        super().remove()
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
            call("mosquitto_passwd", "-b", str(passwords), user, SECRET)
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
