"""A card made by `affectd flash`, in a board that has nothing but what Raspberry Pi OS Lite has."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from numpy.typing import NDArray

from tests.brokers import wait_until
from tests.card.house import SECRET, SOURCE, House
from tests.package.roots import Root, cut_power, processor, require_package
from tests.picamera2.camera import plug_in_virtual_camera

FOLDER = Path(__file__).parents[2] / "build" / "card"
LITE, REPOSITORY = FOLDER / "lite", FOLDER / "repository"
FIRMWARE = ("cmdline.txt", "config.txt", "user-data", "meta-data", "network-config")
"""What the image itself has on its boot partition, of what is looked at or written over."""
SECRETS = {"MQTT_PASSWORD": SECRET, "WIFI_PASSPHRASE": "correct horse battery", "LOGIN_PASSWORD": SECRET}

_TRY_S = 600.0


def require_card() -> None:
    """Without what `install.sh` makes, the test is skipped."""
    if not (FOLDER / ".repository").exists():
        pytest.skip("needs a system like Raspberry Pi OS Lite in build/card: sudo make test-card")


def flash(out: Path, *arguments: str, **secrets: str) -> None:
    """`affectd flash --out OUT`, with the package that was made for this machine's processor."""
    environment = {f"AFFECTD_FLASH_{name}": secret for name, secret in (SECRETS | secrets).items()}
    given = [] if "--package" in arguments else ["--package", str(require_package("deb13"))]
    if "--processor" not in arguments:
        given += ["--processor", processor()]
    command = [sys.executable, "-m", "device", "flash", "--out", str(out), *given, *arguments]
    done = subprocess.run(command, env=os.environ | environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


class Board:
    """A board with a cable to the house, and a card in it.

    Args:
        house: where it stands.
        files: what `affectd flash` wrote for it; they go onto the card's boot partition.
        folder: for that partition.
        camera: what the camera at its connector shows, BGR pictures of one size; None for no camera.
    """

    def __init__(self, house: House, files: Path, folder: Path, camera: list[NDArray[Any]] | None = None) -> None:
        self.house = house
        self.firmware = folder
        folder.mkdir()
        for name in FIRMWARE:
            (folder / name).write_text("\n")
        shutil.copytree(files, folder, dirs_exist_ok=True)
        self.root = Root("deb13", base=LITE)
        (self.root.path / "etc/apt/sources.list").write_text(SOURCE)
        if camera:
            plug_in_virtual_camera(self.root.path, Path("/srv/camera"), camera)
        self._network = house.plug_in()
        self.on_at_s = 0.0
        self.machine: subprocess.Popen[bytes] | None = None

    def power_on(self) -> "subprocess.Popen[bytes]":
        """Start it."""
        # systemd-nspawn lets a container administer the network only where it has made that itself.
        options = (f"--bind={self.firmware}:/boot/firmware", "--resolv-conf=off", "--capability=CAP_NET_ADMIN")
        self.on_at_s = time.time()
        self.machine = self.root.start(*options, network=f"--network-namespace-path={self._network}")
        return self.machine

    def wait_for_status(self, part: str) -> str:
        """Until the card's status.txt says this; returns all that it says then."""
        clue = lambda: f"; it says: {self.status}"  # noqa: E731
        wait_until(lambda: part in self.status or self._is_off(), f"the card to say {part!r}", _TRY_S, clue)
        assert part in self.status, f"the board has gone off{clue()}"
        return self.status

    def wait_for_event(self, device: str) -> float:
        """Seconds from power on until its first event is at the broker."""
        clue = lambda: f"; its card says: {self.status}"  # noqa: E731
        return self.wait_for(lambda: self.house.heard(f"affectd/{device}/events"), f"an event of {device}", clue)

    def wait_for(self, heard: Callable[[], Any], what: str, clue: Callable[[], str] = str) -> float:
        """Seconds from power on until this was heard."""
        wait_until(lambda: heard() or self._is_off(), what, _TRY_S, clue)
        assert not self._is_off(), f"the board has gone off{clue()}"
        return float(heard()[0].at_s) - self.on_at_s

    @property
    def status(self) -> str:
        """The card's status.txt, as a maker reads it."""
        file = self.firmware / "affectd/status.txt"
        return file.read_text() if file.exists() else ""

    def file(self, path: str) -> Path:
        """A file of its system, seen from outside."""
        return self.root.path / path.lstrip("/")

    def packages(self) -> set[str]:
        """What is installed on it, whole."""
        listed = [
            "dpkg-query",
            f"--admindir={self.root.path}/var/lib/dpkg",
            "-W",
            "-f",
            "${db:Status-Status} ${Package}\n",
        ]
        told = subprocess.run(listed, capture_output=True, text=True, check=True).stdout
        return {line.split()[1] for line in told.splitlines() if line.startswith("installed ")}

    def ssh(
        self, user: str, command: str, *, key: Path | None = None, password: str = ""
    ) -> "subprocess.CompletedProcess[str]":
        """A command over SSH from the hub, with a key or with a password that is typed."""
        address = self.house.address_of(user_host := self.file("/etc/hostname").read_text().strip())
        assert address, f"the router has given {user_host} no address"
        known = [
            "-o",
            "StrictHostKeyChecking=no",
            "-o",
            f"UserKnownHostsFile={self.firmware.parent}/known",
            "-o",
            "LogLevel=ERROR",
        ]
        how = ["-i", str(key), "-o", "BatchMode=yes"] if key else ["-o", "PubkeyAuthentication=no"]
        typed = self.firmware.parent / "typed"
        typed.write_text("#!/bin/sh\nprintf '%s\\n' \"$TYPED\"\n")
        typed.chmod(0o700)
        environment = os.environ | {"TYPED": password, "SSH_ASKPASS": str(typed), "SSH_ASKPASS_REQUIRE": "force"}
        return subprocess.run(
            self.house.command("ssh", *known, *how, "-o", "NumberOfPasswordPrompts=1", f"{user}@{address}", command),
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    def remove(self) -> None:
        """Switch it off, and forget all that was written."""
        if self.machine:
            cut_power(self.machine)
        self.root.remove()

    def _is_off(self) -> bool:
        return self.machine is not None and self.machine.poll() is not None
