"""Three nodes of a broker from Debian, each a process in a namespace of its own."""

import os
import re
import shutil
import signal
import subprocess
import uuid
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import pytest

from tests.brokers import wait_until
from tests.cluster.network import NODES, Network, back, front, inside

FOLDER = Path(__file__).parents[2] / "build" / "cluster"
ROOT = FOLDER / "root"
PATIENCE_S = 180.0
_ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8"}


def require_root() -> None:
    """Skip the test without the programs that `install.sh` has unpacked, or without the right to make networks."""
    if not (FOLDER / ".unpacked").exists():
        pytest.skip("needs RabbitMQ and NATS, 300 MB: sudo make test-cluster")
    if os.geteuid() != 0:
        pytest.skip("makes networks, which root alone can: sudo make test-cluster")
    if shutil.which("ip", path=f"{os.environ['PATH']}:/usr/sbin") is None:
        pytest.skip("needs ip: make deps SLOW=1")


class Cluster(ABC):
    """Three nodes.

    Args:
        network: where they run.
        name: of the folder in Debian's root that they write to.
    """

    kind = ""

    def __init__(self, network: Network, name: str) -> None:
        self.network = network
        self.folder = Path("/run") / name
        """As the nodes see it."""
        self._processes: dict[int, subprocess.Popen[bytes]] = {}
        self.outside.mkdir(parents=True)

    @property
    def outside(self) -> Path:
        """The same folder as the test sees it."""
        return ROOT / self.folder.relative_to("/")

    def start_all(self) -> None:
        """Start every node, and wait until all are of use."""
        for number in range(1, NODES + 1):
            self.start(number)
        for number in range(1, NODES + 1):
            self.wait_until_ready(number)

    def heal(self) -> None:
        """Start what a test that has failed has left dead or cut off."""
        for number in range(1, NODES + 1):
            self.network.mend(number)
            if number not in self._processes:
                self.start(number)
                self.wait_until_ready(number)

    def start(self, number: int) -> None:
        """Start a node; returns at once."""
        home = self.outside / str(number)
        home.mkdir(exist_ok=True)
        with (home / "output").open("ab") as output:
            command = ["chroot", str(ROOT), *self._command(number)]
            self._processes[number] = subprocess.Popen(
                inside(self.network.node(number), *command),
                env=_ENVIRONMENT | self._environment(number),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    def wait_until_ready(self, number: int) -> None:
        """Until the node lets devices in."""
        wait_until(
            lambda: self._lets_in(number), f"node {number} of {self.kind}", PATIENCE_S, lambda: self._told(number)
        )

    def wait_until_whole(self, number: int) -> None:
        """Until the node has what the others have, so that another may go."""
        self.wait_until_ready(number)

    def kill(self, number: int) -> None:
        """End a node as a power cut would."""
        process = self._processes.pop(number)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(30)

    def stop(self, number: int) -> None:
        """End a node as an upgrade would."""
        process = self._processes.pop(number)
        self._ask_to_end(number, process)
        process.wait(PATIENCE_S)

    def memory_mb(self, number: int) -> float:
        """What the node has in memory."""
        pages = Path(f"/proc/{self._processes[number].pid}/statm").read_text().split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE") / 1e6

    def remove(self) -> None:
        """End all nodes and forget what they wrote."""
        for number in list(self._processes):
            self.kill(number)
        shutil.rmtree(self.outside, ignore_errors=True)

    @abstractmethod
    def _command(self, number: int) -> list[str]:
        """What starts a node."""

    def _environment(self, number: int) -> dict[str, str]:
        return {"HOME": str(self.folder / str(number))}

    def _ask_to_end(self, _number: int, process: subprocess.Popen[bytes]) -> None:
        process.terminate()

    def _lets_in(self, number: int) -> bool:
        probe = f"import socket; socket.create_connection(('{front(number)}', 1883), 2)"
        command = inside(self.network.clients, "python3", "-c", probe)
        return subprocess.run(command, capture_output=True, check=False).returncode == 0

    def _told(self, number: int) -> str:
        return "; it said: " + (self.outside / str(number) / "output").read_text(errors="replace")[-2000:]


AnyCluster = TypeVar("AnyCluster", bound=Cluster)


class Nats(Cluster):
    """NATS with JetStream and its MQTT side.

    Attributes:
        program: what a node is started with from now on.
    """

    kind = "NATS"
    NEWER = "/newer/usr/sbin/nats-server"
    """Of the Debian after that one."""

    program = "nats-server"

    def version(self, program: str) -> str:
        """What a program says of itself, as in 2.10.27."""
        told = subprocess.run(["chroot", str(ROOT), program, "--version"], capture_output=True, text=True, check=True)
        return told.stdout.split()[-1].lstrip("v")

    def wait_until_whole(self, number: int) -> None:
        super().wait_until_whole(number)
        probe = f"import urllib.request; urllib.request.urlopen('http://{front(number)}:8222/healthz', timeout=5)"
        command = inside(self.network.clients, "python3", "-c", probe)
        whole = lambda: subprocess.run(command, capture_output=True, check=False).returncode == 0  # noqa: E731
        wait_until(whole, f"node {number} to catch up", PATIENCE_S, lambda: self._told(number))

    def runs(self, number: int) -> str:
        """The version that the node has said at its last start."""
        return re.findall(r"Version: +([\d.]+)", (self.outside / str(number) / "output").read_text())[-1]

    def _command(self, number: int) -> list[str]:
        home = self.folder / str(number)
        routes = ", ".join(f"nats-route://{back(other)}:6222" for other in range(1, NODES + 1))
        (self.outside / str(number) / "nats.conf").write_text(f"""
            server_name: node{number}
            listen: {front(number)}:4222
            http: {front(number)}:8222
            jetstream {{ store_dir: "{home}" }}
            cluster {{ name: affectd, listen: {back(number)}:6222, routes: [{routes}] }}
            mqtt {{ listen: {front(number)}:1883, stream_replicas: 3, max_ack_pending: 1000 }}
        """)
        return [self.program, "-c", str(home / "nats.conf")]


class RabbitMq(Cluster):
    """RabbitMQ with its MQTT plugin, sessions in quorum queues."""

    kind = "RabbitMQ"
    _PROGRAMS = "/usr/lib/rabbitmq/bin"

    def _command(self, number: int) -> list[str]:
        home = self.outside / str(number)
        cookie = home / ".erlang.cookie"
        if not cookie.exists():
            cookie.write_text("affectd")
            cookie.chmod(0o400)
        nodes = "\n".join(
            f"cluster_formation.classic_config.nodes.{other} = rabbit@{back(other)}" for other in range(1, NODES + 1)
        )
        (home / "rabbitmq.conf").write_text(f"""
listeners.tcp = none
mqtt.listeners.tcp.1 = {front(number)}:1883
loopback_users = none
cluster_formation.peer_discovery_backend = classic_config
{nodes}
cluster_partition_handling = pause_minority
log.console = true
log.console.level = info
""")
        (home / "advanced.config").write_text("[{rabbitmq_mqtt, [{durable_queue_type, quorum}]}].\n")
        (home / "enabled_plugins").write_text("[rabbitmq_mqtt].\n")
        return [f"{self._PROGRAMS}/rabbitmq-server"]

    def _environment(self, number: int) -> dict[str, str]:
        home = self.folder / str(number)
        return {
            "HOME": str(home),
            "RABBITMQ_NODENAME": f"rabbit@{back(number)}",
            "RABBITMQ_USE_LONGNAME": "true",
            "RABBITMQ_MNESIA_BASE": str(home / "data"),
            "RABBITMQ_LOG_BASE": str(home / "log"),
            "RABBITMQ_LOGS": "-",
            "RABBITMQ_CONFIG_FILE": str(home / "rabbitmq.conf"),
            "RABBITMQ_ADVANCED_CONFIG_FILE": str(home / "advanced.config"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(home / "enabled_plugins"),
            # Schedulers that wait for work by turning would take the two cores from each other.
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "+sbwt none +sbwtdcpu none +sbwtdio none",
        }


@contextmanager
def running(kind: type[AnyCluster]) -> Iterator[AnyCluster]:
    """Three nodes that run, in networks of their own."""
    require_root()
    network = Network()
    nodes = kind(network, f"affectd-{uuid.uuid4().hex[:6]}")
    try:
        nodes.start_all()
        yield nodes
    finally:
        nodes.remove()
        network.remove()
