"""Three sensors as booted systems in a house with a broker and a repository, and Ansible on the hub."""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.brokers import wait_until
from tests.card.house import SECRET, House
from tests.package.network import ADDRESS
from tests.package.roots import REPOSITORY, Root, cut_power
from tests.package.test_repository import keys, make

__all__ = ["keys"]

NAMES = ("hall", "shop", "tower")
_FOLDER = REPOSITORY / "build" / "ansible"
_PLAYBOOK = REPOSITORY / "systemd" / "ansible" / "fleet.yaml"
_ENTER = Path(__file__).with_name("enter.sh")


class Sensors:
    """Three systems with nothing of affectd but a password for the broker."""

    def __init__(self, folder: Path) -> None:
        self.house = House(users=NAMES)
        self.folder = folder
        self._roots: list[Root] = []
        self._machines: list[subprocess.Popen[bytes]] = []
        (folder / "machines").mkdir()

    def start(self) -> None:
        """Boot all."""
        for number, name in enumerate(NAMES):
            self._start(name, f"192.0.2.{20 + number}")

    def play(self, **variables: Any) -> "subprocess.CompletedProcess[str]":
        """Run the playbook that we give, on the hub."""
        inventory = {"sensors": {"hosts": {name: {} for name in NAMES}, "vars": variables | self._ways()}}
        (self.folder / "inventory.json").write_text(json.dumps({"all": {"children": inventory}}))
        program = str(_FOLDER / "venv" / "bin" / "ansible-playbook")
        command = self.house.command(program, "-i", str(self.folder / "inventory.json"), str(_PLAYBOOK))
        environment = {"AFFECTD_MACHINES": str(self.folder / "machines"), "ANSIBLE_NOCOLOR": "1"}
        # ansible-core refuses to start where the language is not UTF-8.
        environment |= {"LC_ALL": "C.UTF-8", "ANSIBLE_HOME": str(self.folder / "ansible")}
        return subprocess.run(
            command, env=os.environ | environment, capture_output=True, text=True, check=False, timeout=900
        )

    def info(self, name: str) -> dict[str, Any]:
        """What a sensor has said last of what it is."""
        said: dict[str, Any] = self.house.heard(f"/{name}/info")[-1].message
        return said

    def configuration(self, name: str) -> str:
        """A sensor's file, as it lies there."""
        return (self._roots[NAMES.index(name)].path / "etc/affectd/config.yaml").read_text()

    def remove(self) -> None:
        for machine in self._machines:
            cut_power(machine)
        for root in self._roots:
            root.remove()
        self.house.remove()

    def _ways(self) -> dict[str, Any]:
        return {
            "ansible_ssh_executable": str(_ENTER),
            "ansible_ssh_transfer_method": "piped",
            "ansible_ssh_args": "",
            "ansible_become": False,
            "ansible_python_interpreter": "/usr/bin/python3",
            "affectd_listen": ["-h", ADDRESS, "-u", "listener", "-P", SECRET],
        }

    def _start(self, name: str, address: str) -> None:
        root = Root("deb13")
        self._roots.append(root)
        packages = [str(path) for path in (_FOLDER / "packages").glob("*.deb")]
        for path in packages:
            (root.path / "root" / Path(path).name).write_bytes(Path(path).read_bytes())
        root.run("/bin/sh", "-c", "dpkg -i /root/*.deb")
        (root.path / "etc/apt/sources.list").unlink(missing_ok=True)
        (root.path / "etc/hostname").write_text(f"{name}\n")
        credential = root.path / "etc/credstore/mqtt-password"
        credential.parent.mkdir(mode=0o700, exist_ok=True)
        credential.write_text(SECRET)
        credential.chmod(0o600)
        network = self.house.plug_in(address)
        machine = root.start("--resolv-conf=off", network=f"--network-namespace-path={network}")
        self._machines.append(machine)
        wait_until(lambda: self._has_booted(name, machine), f"{name} to boot")

    def _has_booted(self, name: str, machine: "subprocess.Popen[bytes]") -> bool:
        # systemd-nspawn's first children prepare the system, and end; process 1 inside comes after them.
        children = Path(f"/proc/{machine.pid}/task/{machine.pid}/children").read_text().split()
        (self.folder / "machines" / name).write_text(children[-1] if children else "")
        command = [str(_ENTER), name, "systemctl is-system-running"]
        environment = os.environ | {"AFFECTD_MACHINES": str(self.folder / "machines")}
        said = subprocess.run(command, env=environment, capture_output=True, text=True, check=False).stdout.strip()
        return said in {"running", "degraded"}


@pytest.fixture(scope="module")
def sensors(tmp_path_factory) -> Iterator[Sensors]:
    if not (_FOLDER / "venv" / "bin" / "ansible-playbook").exists():
        pytest.skip("needs Ansible: sudo make test-ansible")
    sensors = Sensors(tmp_path_factory.mktemp("sensors"))
    try:
        sensors.start()
        yield sensors
    finally:
        sensors.remove()


@pytest.fixture(scope="module")
def repository(sensors, keys, tmp_path_factory) -> Path:
    """The packages in a repository that we have signed, served in the house; its key's file."""
    folder = tmp_path_factory.mktemp("repository")
    packages = folder / "packages"
    packages.mkdir()
    for package in (REPOSITORY / "build" / "deb").glob("affectd_*~deb13_*.deb"):
        (packages / package.name).symlink_to(package)
    made = make(packages, folder / "served", keys, url=f"http://{ADDRESS}")
    assert made.returncode == 0, made.stderr
    sensors.house.open_mirror(folder / "served")
    return folder / "served" / "affectd-archive-keyring.gpg"
